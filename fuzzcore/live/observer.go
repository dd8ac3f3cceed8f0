package live

// This file defines Observer, who is told that something changed.

// Observer is told that something changed; it then asks for what it shows. Its methods
// are called from several goroutines, must return at once, and may call the workspace.
type Observer interface {
	// TestsChanged: the list of fuzz tests, or the state or figures of one of them
	// (figures at most five times a second).
	TestsChanged(*Workspace)
	// LinesCovered: the states of lines changed because of runs; lines are 1-based lines
	// of the built text, sorted. Called only for files that are watched.
	LinesCovered(w *Workspace, path string, lines []uint32)
	// CoverageReplaced: a build, or clearing, made all that is known of lines anew.
	CoverageReplaced(*Workspace)
	// CrashesChanged: the list of crashes, or one of them. fresh are those that this
	// process had not told of before and that are not known from earlier.
	CrashesChanged(w *Workspace, fresh []Crash)
	// ProblemsChanged: what keeps packages from being listed or built.
	ProblemsChanged(*Workspace)
	// Progress tells of something that takes time. Begin and end always come in pairs.
	Progress(w *Workspace, a Activity)
	// Notice is a sentence that the user should read once.
	Notice(w *Workspace, text string)
}
