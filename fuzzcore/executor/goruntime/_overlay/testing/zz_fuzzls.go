package testing

import (
	"fmt"
	"internal/race"
	"reflect"
	"runtime"
	"runtime/debug"
	"strings"
	"sync/atomic"
)

// This file runs many inputs of a fuzz test on one T and one goroutine, as long
// as they leave no trace in the T. An input that does (it failed, has clean-up
// functions, started subtests, left a goroutine behind, ...) is handed to the
// stock code, which finishes the T as ever; the next input gets a new T.

// FuzzlsExecutor is where inputs come from and verdicts go.
type FuzzlsExecutor interface {
	// Next takes the next input; false: there will be none, and none is at hand.
	Next() bool
	// Bytes, Text and Arguments return the input at hand, in the form the fuzz
	// function takes it.
	Bytes() []byte
	Text() string
	Arguments(args []reflect.Value) []reflect.Value
	// Begin is called right before the fuzz function is.
	Begin()
	// Finish ends the run at hand, which passed or was skipped.
	Finish(skipped bool)
	// Skip notes that the run at hand, which stock code will finish, was skipped.
	Skip()
}

// FuzzlsRun is the executor, if this process is one; internal/fuzz sets it.
var FuzzlsRun FuzzlsExecutor

// FuzzlsTarget is the function that was given to F.Fuzz.
var FuzzlsTarget reflect.Value

// fuzzlsTouched is set when user code gets hold of something of a T whose use
// leaves no other trace: its context or its output writer.
var fuzzlsTouched atomic.Bool

// fuzzlsLoop runs inputs on one T.
type fuzzlsLoop struct {
	exec FuzzlsExecutor
	t    *T
	fn   reflect.Value
	args []reflect.Value
	// bytes or text is the fuzz function if it takes one []byte or string.
	bytes func(*T, []byte)
	text  func(*T, string)

	goroutines int           // how many there are between clean runs
	returned   bool          // the last input's function returned
	done       chan struct{} // closed when t is for the stock code to finish
}

// fuzzlsSetTarget is called by F.Fuzz with its argument.
func fuzzlsSetTarget(ff any) any {
	FuzzlsTarget = reflect.ValueOf(ff)
	return ff
}

// fuzzlsCall calls the fuzz function on the goroutine that tRunner was started
// on, or has a loop call it on another.
func fuzzlsCall(t *T, ff any, fn reflect.Value, args []reflect.Value) {
	if FuzzlsRun == nil {
		fn.Call(args)
		return
	}
	// The verdict on an input must not depend on the inputs before it.
	for c := t.parent; c != nil; c = c.parent {
		c.mu.Lock()
		c.failed = false
		c.mu.Unlock()
	}
	fuzzlsTouched.Store(false)
	l := &fuzzlsLoop{exec: FuzzlsRun, t: t, fn: fn, args: args, done: make(chan struct{})}
	l.bytes, _ = ff.(func(*T, []byte))
	l.text, _ = ff.(func(*T, string))
	// Messages name the file and line of the caller that is no helper; the search
	// for it ends at the runner.
	t.runner = "testing.(*fuzzlsLoop).call"
	go l.run()
	<-l.done
	if t.Skipped() {
		l.exec.Skip()
	}
}

// run runs the input at hand and those that follow.
func (l *fuzzlsLoop) run() {
	fuzzlsGrowStack()
	l.returned = false
	defer l.ended()
	if l.goroutines == 0 {
		l.goroutines = runtime.NumGoroutine()
	}
	for {
		l.call()
		if !l.clean() {
			break
		}
		l.exec.Finish(false)
		if !l.exec.Next() {
			break
		}
	}
	l.returned = true
}

// fuzzlsGrowStack makes the stack as large as most fuzz functions need, while it is
// cheap to do: this goroutine starts anew for each input that calls Skip.
//
//go:noinline
func fuzzlsGrowStack() byte {
	var frame [6 << 10]byte
	return frame[fuzzlsZero]
}

// fuzzlsZero is 0, which the compiler does not know.
var fuzzlsZero int

// call calls the fuzz function with the input at hand.
func (l *fuzzlsLoop) call() {
	switch {
	case l.bytes != nil:
		b := l.exec.Bytes()
		l.exec.Begin()
		l.bytes(l.t, b)
	case l.text != nil:
		s := l.exec.Text()
		l.exec.Begin()
		l.text(l.t, s)
	default:
		l.args = l.exec.Arguments(l.args)
		l.exec.Begin()
		l.fn.Call(l.args)
	}
}

// clean reports whether the input that has just run left no trace in t, so that
// the next one can have it too.
func (l *fuzzlsLoop) clean() bool {
	t := l.t
	if race.Enabled {
		if int64(race.Errors()) > t.lastRaceErrors.Load() {
			return false
		}
		t.mu.Lock()
		defer t.mu.Unlock()
	}
	if t.failed || t.parent.failed || len(t.cleanups) != 0 || len(t.sub) != 0 || t.hasSub.Load() || fuzzlsTouched.Load() {
		return false
	}
	// A goroutine that was left behind may hold t: it has to find it done.
	n := runtime.NumGoroutine()
	if n > l.goroutines {
		// Or it is about to end.
		runtime.Gosched()
		if n = runtime.NumGoroutine(); n > l.goroutines {
			return false
		}
	}
	l.goroutines = n
	if len(t.output) != 0 {
		// Messages of an input that passes are not for anyone.
		t.output = t.output[:0]
	}
	if t.helperPCs != nil {
		t.helperPCs, t.helperNames = nil, nil
	}
	return true
}

// ended is called, deferred, when the goroutine ends: run has returned, or the
// fuzz function has panicked or called Skip, Fatal or runtime.Goexit.
func (l *fuzzlsLoop) ended() {
	if l.returned {
		close(l.done)
		return
	}
	t := l.t
	if r := recover(); r != nil {
		l.fail("panic: "+fuzzlsPanicText(r), "panic(")
		close(l.done)
		return
	}
	t.mu.Lock()
	finished, skipped := t.finished, t.skipped
	t.mu.Unlock()
	switch {
	case !finished:
		l.fail(errNilPanicOrGoexit.Error(), "runtime.Goexit(")
	case skipped && l.clean():
		t.skipped, t.finished = false, false
		l.exec.Finish(true)
		if l.exec.Next() {
			go l.run()
			return
		}
	}
	close(l.done)
}

// fail makes t fail with a message and the stack of the caller, from the frame
// after the one that begins with end.
func (l *fuzzlsLoop) fail(message, end string) {
	text := message + "\n\n" + fuzzlsTrimStack(string(debug.Stack()), end) + "\n"
	t := l.t
	t.Fail()
	t.mu.Lock()
	defer t.mu.Unlock()
	t.output = append(t.output, text...)
	t.finished = true
}

// fuzzlsPanicText returns a panic's value as the runtime would print it.
func fuzzlsPanicText(r any) string {
	switch r.(type) {
	case error, fmt.Stringer, string, bool,
		int, int8, int16, int32, int64, uint, uint8, uint16, uint32, uint64, uintptr,
		float32, float64, complex64, complex128:
		return fmt.Sprint(r)
	}
	return fmt.Sprintf("(%T) %v", r, r)
}

// fuzzlsTrimStack drops the frames of a stack up to the first whose function
// begins with end, so that it starts where an uncaught panic's stack would.
func fuzzlsTrimStack(stack, end string) string {
	header, frames, _ := strings.Cut(stack, "\n")
	rest := frames
	for rest != "" {
		var function string
		function, rest, _ = strings.Cut(rest, "\n")
		_, rest, _ = strings.Cut(rest, "\n") // file and line
		if strings.HasPrefix(function, end) {
			return header + "\n" + rest
		}
	}
	return stack
}
