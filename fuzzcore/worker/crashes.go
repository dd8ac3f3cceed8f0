package worker

import (
	"bytes"
	"hash/fnv"
	"time"

	"github.com/fuzzls/fuzzls/fuzzcore/abi"
	"github.com/fuzzls/fuzzls/fuzzcore/crash"
	"github.com/fuzzls/fuzzls/fuzzcore/executor"
)

// This file defines crashFilter: a fuzz test that fails on every second input must
// not drown the supervisor.

// crashFilter decides which crashes of a fuzz test the supervisor is told of whole:
// the first input of a signature, and any that is smaller. Others are counted.
type crashFilter struct {
	// native: the fuzz test is C, C++ or Rust. Its owner sets it before the first crash.
	native bool
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
	key := textKey(how, text, f.native)
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

// textKey identifies what was printed of a crash, but for what differs from run to run.
func textKey(how executor.How, text string, native bool) uint64 {
	if native {
		return crash.TextKey(text) + uint64(how)
	}
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
	message := abi.Crash{
		Test: t.index, How: uint32(c.How), ExitCode: int32(c.ExitCode), Signal: uint32(c.Signal),
		Run: t.judged, Nanos: uint64(time.Since(t.worker.began)), Input: result.Data, Text: c.Text, Output: c.Output,
	}
	whole := t.crashes.take(c.How, c.Text, result.Data, func() crash.Report {
		return t.worker.analyze(t.def, &message)
	})
	if !whole {
		return nil
	}
	return t.worker.send(abi.TagCrash, message.Append(nil))
}

// countCrashes tells the supervisor of the crashes that were only counted.
func (t *fuzzTest) countCrashes() error {
	for _, seen := range t.crashes.again {
		again := abi.CrashAgain{Test: t.index, Count: seen.more, Signature: seen.signature}
		if err := t.worker.send(abi.TagCrashAgain, again.Append(nil)); err != nil {
			return err
		}
		seen.more = 0
	}
	t.crashes.again, t.crashes.told = t.crashes.again[:0], time.Now()
	return nil
}

// countCrashesInTime calls countCrashes if that was not done for a while.
func (t *fuzzTest) countCrashesInTime() error {
	if len(t.crashes.again) == 0 || time.Since(t.crashes.told) < countsEvery {
		return nil
	}
	return t.countCrashes()
}
