package crash

import (
	"crypto/sha256"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// This file defines signatures: what two crashes must have in common to count as
// the same bug.

// signatureFrames is how many functions go into a signature, counted from the
// crash. Fewer merge different bugs in one shared helper; more split one bug by
// the ways that lead to it.
const signatureFrames = 3

// lineFrames is the same where the text of the crashing line is known too: the line
// tells bugs of one function apart, its caller those of a shared helper, and the ways
// that lead there no longer matter.
const lineFrames = 2

// hangFrames is the same for runs that were interrupted somewhere on their way,
// counted from the fuzz test: deeper calls differ from one interruption to the
// next, and a bug with many signatures is worse than two bugs with one.
const hangFrames = 1

// digest returns the signature made of parts.
func digest(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\n")))
	return fmt.Sprintf("%x", sum[:8])
}

// signatureOf returns the signature of a crash with a stack: the class of the
// message, for the runtime's own errors, and
//   - for a stack overflow, the functions that recur, whatever their order;
//   - for a hang, the first call that the fuzz test made;
//   - for memory without end, nothing but the fuzz test;
//   - otherwise, the last calls before the crash, and the text of the line that
//     crashed: a function may have several bugs, and the text, unlike the line's
//     number, stays the same when the file is edited elsewhere.
//
// Functions of the standard library do not count, nor does the fuzz test itself,
// if there are others; of recursion, each function counts once. Without any
// stack, the name of the fuzz test stands for it.
func (r *Raw) signatureOf(kind Kind, class string, frames []Frame) string {
	var names []string
	switch kind {
	case StackOverflow:
		names = recurring(frames)
	case OutOfMemory:
		// Where memory runs out differs, and at the limit a process seldom manages to
		// print a whole stack: one signature for each fuzz test.
	case Hang:
		names = r.functions(frames)
		names = names[max(0, len(names)-hangFrames):]
	default:
		names = r.functions(frames)
		names = names[:min(len(names), signatureFrames)]
		if text := r.lineOf(names, frames); text != "" {
			names = append(names[:min(len(names), lineFrames)], text)
		}
	}
	if len(names) == 0 {
		names = []string{r.Package + "." + r.Test}
	}
	return digest(append([]string{string(kind), class}, names...)...)
}

// lineOf returns the source text of the first frame of the first of names, "" if it
// is not known.
func (r *Raw) lineOf(names []string, frames []Frame) string {
	if r.Source == nil || len(names) == 0 {
		return ""
	}
	for i := range frames {
		if frames[i].Func == names[0] {
			return strings.TrimSpace(r.Source(frames[i].File, frames[i].Line))
		}
	}
	return ""
}

// functions returns the names of the functions in frames that count, each once.
func (r *Raw) functions(frames []Frame) []string {
	var names, harness, std []string
	for i := range frames {
		f := &frames[i]
		list := &names
		switch {
		case r.origin(f) == standard:
			list = &std
		case r.isHarness(f):
			list = &harness
		}
		if !slices.Contains(*list, f.Func) {
			*list = append(*list, f.Func)
		}
	}
	for _, list := range [][]string{names, harness, std} {
		if len(list) > 0 {
			return list
		}
	}
	return nil
}

// recurring returns the functions that are in frames more than once, sorted.
func recurring(frames []Frame) []string {
	count := make(map[string]int)
	for _, f := range frames {
		count[f.Func]++
	}
	var names []string
	for name, n := range count {
		if n > 1 {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// class returns what is the same in all messages of one kind of runtime error:
// "index out of range" of "runtime error: index out of range [5] with length 3".
// It is "" for other messages, which may depend on the input.
func class(message string) string {
	text, ok := strings.CutPrefix(message, "runtime error: ")
	if !ok {
		if strings.HasPrefix(message, "interface conversion: ") {
			return "interface conversion"
		}
		return ""
	}
	if i := strings.IndexAny(text, "[:"); i >= 0 {
		text = text[:i]
	}
	return strings.TrimSpace(text)
}

// failureSignature is that of a failed test: the place that reported it, which
// has to stand for the reason, or without a place the fuzz test's name.
func (r *Raw) failureSignature(at Frame) string {
	if at.File == "" {
		return digest(string(Failure), r.Package+"."+r.Test)
	}
	return digest(string(Failure), r.Package, fmt.Sprintf("%s:%d", filepath.Base(at.File), at.Line))
}
