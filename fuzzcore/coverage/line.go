package coverage

// This file defines what is known of one source line.

// State is how much of a line ran.
type State uint8

// The states of a line.
const (
	// NotInstrumented: nothing is known of the line; it may hold no code.
	NotInstrumented State = iota
	// NotCovered: the line holds code that never ran.
	NotCovered
	// Partly: some of the line's code ran and some never did, or a condition on it
	// never was true, or never false.
	Partly
	// Covered: all that is known of the line ran.
	Covered
)

// String returns the state as people read it.
func (s State) String() string {
	switch s {
	case NotCovered:
		return "not covered"
	case Partly:
		return "partly covered"
	case Covered:
		return "covered"
	}
	return "not instrumented"
}

// Line is one source line.
type Line struct {
	State State
	// Entry: fuzzing enters here.
	Entry bool
	// Hit of the line's Points pieces of code ran. Pieces that are unsure are among Points
	// never, and among Hit if they ran.
	Hit, Points uint32
	// Unsure: the line has pieces that are unsure.
	Unsure bool
	// BranchesHit of the Branches ways out of the line's conditions were taken.
	BranchesHit, Branches uint32

	// stamp is the number of the Tracker.Add that changed the line last.
	stamp uint32
}

// update sets the state from the numbers. In a file that is not exact, several
// points can stand for the same code, so one of them is enough.
func (l *Line) update(exact bool) {
	ran := l.Hit > 0 || l.BranchesHit > 0
	switch {
	case !ran && l.Points == 0 && l.Branches == 0:
		l.State = NotInstrumented
	case !ran:
		l.State = NotCovered
	case l.BranchesHit < l.Branches, exact && l.Hit < l.Points:
		l.State = Partly
	default:
		l.State = Covered
	}
}
