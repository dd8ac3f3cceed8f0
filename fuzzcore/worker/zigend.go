package worker

import (
	"bytes"
	"errors"
	"fmt"
	"hash/fnv"
	"regexp"
	"strings"
	"time"

	"github.com/fuzzls/fuzzls/fuzzcore/abi"
	"github.com/fuzzls/fuzzls/fuzzcore/executor"
	"github.com/fuzzls/fuzzls/fuzzcore/target"
	"github.com/fuzzls/fuzzls/fuzzcore/zigtest"
)

// This file defines what becomes of a Zig process's end.

const (
	// stillbornLimit is how many processes in a row may end before they have made a run,
	// because somebody has ended them.
	stillbornLimit = 3
	// stuckLimit is how many processes in a row may crash at the same place in their work:
	// they run what comes before all inputs that the fuzzer makes.
	stuckLimit = 3
	// stuckPeerLimit is that of the instances that do not write inputs: what stops them may
	// be an input that instance 0 is about to remove.
	stuckPeerLimit = 20
	// stuckWait times the number of such crashes is how long the next process waits.
	stuckWait = 50 * time.Millisecond
)

// sameCrash recognizes processes that crash at the same place in their work.
type sameCrash struct {
	input []byte
	runs  uint64 // of the process before its crash
	times int    // in a row
}

// note notes a crash, and reports how many were the same.
func (s *sameCrash) note(input []byte, runs uint64) int {
	if s.times == 0 || runs != s.runs || !bytes.Equal(input, s.input) {
		*s = sameCrash{input: input, runs: runs}
	}
	s.times++
	return s.times
}

// bury takes in the end of the process, which is near. how says how it is to be ended if
// its run has become too long or too large, and is 0 if it ends by itself. It reports
// false if there is to be no other.
func (t *zigTest) bury(how executor.How) (more bool, err error) {
	child := t.child
	for e := range child.Events() { // what it has told before its end
		if err := t.heard(&e); err != nil {
			return false, err
		}
	}
	crash, finished, err := zigtest.CrashOf(child)
	t.count()
	t.child = nil
	if how != 0 {
		code, signal, _ := child.End()
		crash, err = &executor.Crash{How: how, ExitCode: code, Signal: signal, Text: child.Text()}, nil
	}
	if t.counted > t.began {
		t.stillborn = 0
	} else {
		t.stillborn++
	}
	switch {
	case err != nil:
		return false, t.failed(err)
	case finished && t.counted == t.began:
		return t.give("%s ran nothing: does it return error.SkipZigTest?", t.def.Name)
	case finished:
		t.finished = true
		return false, t.tell()
	case crash == nil && t.stillborn >= stillbornLimit:
		return false, t.failed(errors.New("somebody ends its process again and again"))
	case crash == nil: // it was ended, not for what it ran
		if done, err := t.countLimit(); err != nil || done {
			return false, errors.Join(err, t.tell())
		}
		return true, t.tell()
	}
	return t.crashed(crash)
}

// give gives the fuzz test up, and tells why.
func (t *zigTest) give(format string, args ...any) (more bool, err error) {
	t.finished = true
	return false, errors.Join(t.worker.notice(t.index, format, args...), t.tell())
}

// crashed reports a crash and prepares the next process.
func (t *zigTest) crashed(crash *executor.Crash) (more bool, err error) {
	switch {
	case strings.Contains(crash.Text, "missed call to std.testing.fuzz"):
		return t.give("%s does not call std.testing.fuzz when it is run", t.def.Name)
	case t.counted == t.began && !t.limited() && zigtest.Returned(crash.Text):
		return t.give("%s returns error.SkipZigTest: there is nothing to fuzz", t.def.Name)
	}
	current, err := abi.FindCurrentInput(t.cache.CurrentDir(), t.def.CoverageID, t.instance())
	if err != nil {
		return false, t.failed(fmt.Errorf("it crashed before it ran an input: %w\n%s", err, crash.Text))
	}
	if err := t.report(crash, current.Data); err != nil {
		return false, err
	}
	mended, err := t.corpus.forget(current.Data)
	if err != nil {
		return false, t.failed(err)
	}
	if mended {
		t.stuck = sameCrash{}
	} else if times := t.stuck.note(current.Data, t.counted-t.began); times >= t.stuckLimit() {
		return t.give("%s crashes before it runs what the fuzzer makes, in an input of its own options.corpus or outside of the function that it fuzzes: mend that first", t.def.Name)
	}
	if done, err := t.countLimit(); err != nil || done {
		return false, errors.Join(err, t.tell())
	}
	t.startAt = time.Now()
	if t.stuck.times > 1 {
		t.startAt = t.startAt.Add(time.Duration(t.stuck.times) * stuckWait)
	} else if !t.closing {
		err = t.start()
	}
	return true, errors.Join(err, t.tell())
}

// countLimit counts the cycles of a process that has ended before its limit, and reports
// whether nothing is left for another.
func (t *zigTest) countLimit() (done bool, err error) {
	if !t.limited() {
		return false, nil
	}
	done, err = t.limit.end()
	t.finished = t.finished || done
	return done, err
}

func (t *zigTest) stuckLimit() int {
	if t.instance() == 0 {
		return stuckLimit
	}
	return stuckPeerLimit
}

func (t *zigTest) failed(err error) error { return fmt.Errorf("running %s: %w", t.def.Name, err) }

// report tells of a crash.
func (t *zigTest) report(crash *executor.Crash, input []byte) error {
	stream, err := target.RawStream(input)
	if err != nil {
		return t.failed(err)
	}
	t.hop.sinceFind = 0
	message := &abi.Crash{
		Test: t.index, How: uint32(crash.How), ExitCode: int32(crash.ExitCode), Signal: uint32(crash.Signal),
		Run: t.runs + 1, Nanos: uint64(time.Since(t.worker.began)), Input: stream, Text: crash.Text,
	}
	return t.worker.reportCrash(t.def, &t.crashes, message, t.places.Complete)
}

// zigVarying matches what differs between two texts of one crash, but for the addresses
// of calls: ids of threads, addresses of memory, values.
var zigVarying = regexp.MustCompile(`0x[0-9a-f]+|\d+`)

// zigTextKey identifies what a Zig process has printed of a crash.
func zigTextKey(how executor.How, text string) uint64 {
	h := fnv.New64a()
	h.Write([]byte{byte(how)})
	for line := range strings.Lines(text) {
		if !strings.Contains(line, ": 0x") { // not a call
			line = zigVarying.ReplaceAllString(line, "0")
		}
		h.Write([]byte(line))
	}
	return h.Sum64()
}
