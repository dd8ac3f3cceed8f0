package crash

import "slices"

// This file defines how a hang is told from a deadlock.

// timedOut reports a run that took too long. Text is the traceback of all
// goroutines, or empty if the process could not print it.
func (r *Raw) timedOut() Report {
	list := parseGoroutines(r.Text)
	if r.isDeadlock(list) {
		return r.deadlock(list)
	}
	g := r.interrupted(list)
	if g.elided > endless {
		return r.overflow(g.frames)
	}
	report := r.stacked(Hang, "", "", g.frames)
	report.Message = "no result within the time limit" + during(report.Top)
	return report
}

// endless is a number of calls in one stack that no recursion with an end has. A
// limit on time or memory may be reached before the runtime's own, which is one
// of bytes.
const endless = 100_000

// deadlock reports goroutines that wait for each other.
func (r *Raw) deadlock(list []goroutine) Report {
	g := r.testGoroutine(list)
	if g == nil {
		return r.stacked(Deadlock, "all goroutines wait", "", nil)
	}
	report := r.stacked(Deadlock, "", "", g.frames)
	report.Message = g.state + during(report.Top) + ": all goroutines wait"
	return report
}

// awake are the states in which a goroutine may go on by itself: because it runs,
// a timer ends, or something outside of the process answers.
var awake = []string{"running", "runnable", "sleep", "syscall", "IO wait", "preempted", "copystack", "waiting"}

// isDeadlock reports whether none of the goroutines with user code can go on. The
// others are the runtime's and the testing package's own, which wait for the test.
func (r *Raw) isDeadlock(list []goroutine) bool {
	found := false
	for i := range list {
		g := &list[i]
		if !r.isUsers(g) {
			continue
		}
		found = true
		if slices.Contains(awake, g.state) {
			return false
		}
	}
	return found
}

// isUsers reports whether g runs the user's code or was started by it; a
// goroutine whose stack the runtime could not print may do so.
func (r *Raw) isUsers(g *goroutine) bool {
	if r.hasUserCode(g) {
		return true
	}
	if len(g.frames) == 0 && g.state == "running" {
		return true
	}
	return g.creator != "" && r.origin(&Frame{Func: g.creator}) != standard
}

// interrupted returns the goroutine in which the run was interrupted: the test's,
// or if that only waits for others, the first of the user's that is awake.
func (r *Raw) interrupted(list []goroutine) *goroutine {
	test := r.testGoroutine(list)
	if test != nil && slices.Contains(awake, test.state) {
		return test
	}
	for i := range list {
		if g := &list[i]; r.hasUserCode(g) && slices.Contains(awake, g.state) {
			return g
		}
	}
	if test != nil {
		return test
	}
	return new(goroutine)
}

// testGoroutine returns the goroutine that runs the fuzz test's body: of several,
// as subtests make them, the last that does not wait for a subtest. nil if there
// is none.
func (r *Raw) testGoroutine(list []goroutine) *goroutine {
	var found *goroutine
	for i := range list {
		g := &list[i]
		if !g.isTest() || !r.hasUserCode(g) {
			continue
		}
		if found == nil || !g.has("testing.(*T).Run") {
			found = g
		}
	}
	return found
}

// isTest reports whether g runs a test's body: package testing has started it, but
// not to call f.Fuzz. In a broken-off trace, the call that shows it may be missing.
func (g *goroutine) isTest() bool {
	return (packageOf(g.creator) == "testing" || g.has("testing.tRunner")) && !g.has("testing.(*F).Fuzz")
}
