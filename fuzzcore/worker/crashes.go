package worker

import (
	"bytes"
	"hash/fnv"
	"time"

	"github.com/fuzzls/fuzzls/fuzzcore/abi"
	"github.com/fuzzls/fuzzls/fuzzcore/crash"
	"github.com/fuzzls/fuzzls/fuzzcore/executor"
	"github.com/fuzzls/fuzzls/fuzzcore/target"
)

// This file defines crashFilter: a fuzz test that fails on every second input must
// not drown the supervisor.

// crashFilter decides which crashes of a fuzz test the supervisor is told of whole:
// the first input of a signature, and any that is smaller. Others are counted.
type crashFilter struct {
	// key identifies what was printed of a crash, but for what differs from run to run. Its
	// owner sets it before the first crash; nil is that of Go.
	key func(how executor.How, text string) uint64
	// byText finds the signature of a text that was seen before without analyzing it
	// again; the key leaves digits out, which differ from run to run.
	byText map[uint64]*crashSeen
	bySign map[string]*crashSeen
	again  []*crashSeen // those with more to report
	// fatal are inputs that have ended the process, by content. Mutators come back to
	// the same input again and again, and running it costs a new process, or the whole
	// time limit.
	fatal map[string]*fatalInput
	// told is when the supervisor was told of those that are only counted.
	told time.Time
}

// countsEvery is how long crashes that are only counted wait until the supervisor is told:
// a fuzz test may fail thousands of times a second, and each message wakes the
// supervisor. It passes figures on as often.
const countsEvery = 200 * time.Millisecond

// fatalInput is an input that has ended the process.
type fatalInput struct {
	data []byte
	seen *crashSeen
}

type crashSeen struct {
	signature string
	smallest  int    // bytes of the smallest input reported
	more      uint32 // inputs since the last report
}

// textsKept bounds crashFilter.byText: texts that hold parts of the input never
// come again.
const textsKept = 4096

// fatalKept bounds crashFilter.fatal: beyond that so many inputs crash that few come
// twice.
const fatalKept = 4096

// take notes a crash and reports whether the supervisor must be told of it whole.
func (f *crashFilter) take(how executor.How, text string, input []byte, analyze func() crash.Report) bool {
	size := len(input)
	if f.byText == nil || len(f.byText) > textsKept {
		f.byText = map[uint64]*crashSeen{}
	}
	if f.bySign == nil {
		f.bySign = map[string]*crashSeen{}
	}
	if f.key == nil {
		f.key = goTextKey
	}
	key := f.key(how, text)
	seen := f.byText[key]
	if seen == nil {
		signature := analyze().Signature
		if seen = f.bySign[signature]; seen == nil {
			seen = &crashSeen{signature: signature, smallest: size + 1}
			f.bySign[signature] = seen
		}
		f.byText[key] = seen
	}
	if how != executor.Failed {
		f.remember(input, seen)
	}
	if size < seen.smallest {
		seen.smallest = size
		return true
	}
	f.count(seen)
	return false
}

func (f *crashFilter) count(seen *crashSeen) {
	if seen.more == 0 {
		f.again = append(f.again, seen)
	}
	seen.more++
}

func (f *crashFilter) remember(input []byte, seen *crashSeen) {
	if f.fatal == nil || len(f.fatal) >= fatalKept {
		f.fatal = map[string]*fatalInput{}
	}
	f.fatal[string(input)] = &fatalInput{bytes.Clone(input), seen}
}

// fatalInput returns the crash that input has had before if that ended the process,
// or nil.
func (f *crashFilter) fatalInput(input []byte) *fatalInput {
	if len(f.fatal) == 0 {
		return nil
	}
	return f.fatal[string(input)]
}

// repeat counts an input that was not run again.
func (f *crashFilter) repeat(input *fatalInput) { f.count(input.seen) }

// nativeTextKey is the key of what C, C++ and Rust print.
func nativeTextKey(how executor.How, text string) uint64 { return crash.TextKey(text) + uint64(how) }

// goTextKey is the key of what Go prints: all of it but the digits.
func goTextKey(how executor.How, text string) uint64 {
	h := fnv.New64a()
	buf := []byte{byte(how)}
	for i := 0; i < len(text); i++ {
		if c := text[i]; c < '0' || c > '9' {
			buf = append(buf, c)
		}
	}
	h.Write(buf)
	return h.Sum64()
}

// reportCrash tells the supervisor of a crash, or counts it.
func (t *fuzzTest) reportCrash(result *executor.Result) error {
	c := result.Crash
	return t.worker.reportCrash(t.def, &t.crashes, &abi.Crash{
		Test: t.index, How: uint32(c.How), ExitCode: int32(c.ExitCode), Signal: uint32(c.Signal),
		Run: t.judged, Nanos: uint64(time.Since(t.worker.began)), Input: result.Data, Text: c.Text, Output: c.Output,
	}, nil)
}

// reportCrash tells the supervisor of a crash of a fuzz test, or counts it in f. complete,
// if set, adds to the text what is too expensive to do for every crash.
func (w *worker) reportCrash(def *target.Test, f *crashFilter, message *abi.Crash, complete func(string) string) error {
	completed := complete == nil
	completeOnce := func() {
		if !completed {
			message.Text, completed = complete(message.Text), true
		}
	}
	whole := f.take(executor.How(message.How), message.Text, message.Input, func() crash.Report {
		completeOnce()
		return w.analyze(def, message)
	})
	if !whole {
		return nil
	}
	completeOnce()
	return w.send(abi.TagCrash, message.Append(nil))
}

// countCrashes tells the supervisor of the crashes of a fuzz test that were only counted.
func (w *worker) countCrashes(test uint32, f *crashFilter) error {
	for _, seen := range f.again {
		again := abi.CrashAgain{Test: test, Count: seen.more, Signature: seen.signature}
		if err := w.send(abi.TagCrashAgain, again.Append(nil)); err != nil {
			return err
		}
		seen.more = 0
	}
	f.again, f.told = f.again[:0], time.Now()
	return nil
}

// countCrashesInTime calls countCrashes if that was not done for a while.
func (w *worker) countCrashesInTime(test uint32, f *crashFilter) error {
	if len(f.again) == 0 || time.Since(f.told) < countsEvery {
		return nil
	}
	return w.countCrashes(test, f)
}

func (t *fuzzTest) countCrashes() error { return t.worker.countCrashes(t.index, &t.crashes) }

func (t *fuzzTest) countCrashesInTime() error {
	return t.worker.countCrashesInTime(t.index, &t.crashes)
}
