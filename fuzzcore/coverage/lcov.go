package coverage

import (
	"bufio"
	"fmt"
	"io"
)

// This file writes lcov trace files (the format is described in geninfo(1)).

// WriteLCOV writes the states of all files with instrumented lines. Counts are 0
// or 1: coverage knows whether something ran, not how often.
func WriteLCOV(w io.Writer, t *Tracker) error {
	out := bufio.NewWriter(w)
	for _, f := range t.byPath() {
		fmt.Fprintf(out, "TN:\nSF:%s\n", t.points.Files[f].Path)
		t.lcovFuncs(out, f)
		t.lcovBranches(out, f)
		t.lcovLines(out, f)
		fmt.Fprintln(out, "end_of_record")
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("writing an lcov trace: %w", err)
	}
	return nil
}

func (t *Tracker) lcovFuncs(out io.Writer, file int) {
	funcs := t.functions(file)
	hit := 0
	for _, f := range funcs {
		fmt.Fprintf(out, "FN:%d,%s\n", f.line, f.name)
	}
	for _, f := range funcs {
		fmt.Fprintf(out, "FNDA:%d,%s\n", count(f.hit), f.name)
		hit += count(f.hit)
	}
	fmt.Fprintf(out, "FNF:%d\nFNH:%d\n", len(funcs), hit)
}

func (t *Tracker) lcovBranches(out io.Writer, file int) {
	found, taken := 0, 0
	for i, l := range t.files[file] {
		for n := range l.Branches {
			hit := count(n < l.BranchesHit)
			// "-" means that the condition was never evaluated.
			mark := fmt.Sprint(hit)
			if l.State == NotCovered {
				mark = "-"
			}
			fmt.Fprintf(out, "BRDA:%d,0,%d,%s\n", i+1, n, mark)
			found, taken = found+1, taken+hit
		}
	}
	fmt.Fprintf(out, "BRF:%d\nBRH:%d\n", found, taken)
}

func (t *Tracker) lcovLines(out io.Writer, file int) {
	for i, l := range t.files[file] {
		if l.State != NotInstrumented {
			fmt.Fprintf(out, "DA:%d,%d\n", i+1, count(l.State != NotCovered))
		}
	}
	s := t.Summary(file)
	fmt.Fprintf(out, "LF:%d\nLH:%d\n", s.Instrumented, s.Ran())
}

func count(hit bool) int {
	if hit {
		return 1
	}
	return 0
}
