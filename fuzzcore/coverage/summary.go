package coverage

import "strings"

// This file counts lines.

// Summary counts the lines of a file, or of several.
type Summary struct {
	// Instrumented lines hold code that is known, or would be if it ran; Covered of them
	// ran wholly and Partly of them in part.
	Instrumented, Covered, Partly int
}

// Ran is the number of lines of which something ran.
func (s Summary) Ran() int { return s.Covered + s.Partly }

// Percent is the share of instrumented lines of which something ran, 0 to 100;
// 0 if there are none.
func (s Summary) Percent() float64 {
	if s.Instrumented == 0 {
		return 0
	}
	return 100 * float64(s.Ran()) / float64(s.Instrumented)
}

// Add adds another summary.
func (s *Summary) Add(o Summary) {
	s.Instrumented += o.Instrumented
	s.Covered += o.Covered
	s.Partly += o.Partly
}

// Summary counts the lines of one file.
func (t *Tracker) Summary(file int) Summary {
	var s Summary
	for i := range t.files[file] {
		switch line := &t.files[file][i]; line.State {
		case NotInstrumented:
			if !line.Unsure {
				continue
			}
		case Covered:
			s.Covered++
		case Partly:
			s.Partly++
		}
		s.Instrumented++
	}
	return s
}

// counted reports whether all lines of a file that have code are known. Of Go, that are
// those of exact files, since test files have spans for what surely ran only; of other
// languages all, since compilers write every line with code into the line table.
func (f *File) counted() bool { return f.Exact || !strings.HasSuffix(f.Path, ".go") }

// Total counts the lines of the files whose lines with code are known: of the user's own
// only, or of all. The others are left out, because nobody knows how many such lines they
// have.
func (t *Tracker) Total(ownOnly bool) Summary {
	var s Summary
	for f := range t.files {
		file := &t.points.Files[f]
		if file.counted() && (file.Own || !ownOnly) {
			s.Add(t.Summary(f))
		}
	}
	return s
}
