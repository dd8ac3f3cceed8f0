package main

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/fuzzls/fuzzls/fuzzcore/coverage"
)

// This file compares what fuzzls shows with what llvm-cov counts.

// figures is the result of a comparison.
type figures struct {
	// shown lines are covered or partly covered; wrong are those of them that never ran
	// according to llvm-cov. Lines that llvm-cov knows nothing of are not judged.
	shown int
	wrong []string
	// executed lines ran according to llvm-cov and hold more than brackets and comments;
	// missed are those of them that are not shown.
	executed int
	missed   []string
}

// maxExamples is how many differences of each kind are listed.
const maxExamples = 5

func percent(n, of int) float64 {
	if of == 0 {
		return 0
	}
	return 100 * float64(n) / float64(of)
}

// compare compares the files that both know.
func compare(t *coverage.Tracker, counts lineCounts) *figures {
	f := &figures{}
	seen := map[string]bool{}
	for i, file := range t.Points().Files {
		if lines := counts[file.Path]; lines != nil {
			seen[file.Path] = true
			f.add(file.Path, t.Lines(i), lines)
		}
	}
	for path, lines := range counts {
		if !seen[path] {
			f.add(path, nil, lines)
		}
	}
	slices.Sort(f.wrong)
	slices.Sort(f.missed)
	return f
}

// add compares one file.
func (f *figures) add(path string, shown []coverage.Line, counts map[int]uint64) {
	text, err := os.ReadFile(path)
	if err != nil {
		return // of the system
	}
	lines := strings.Split(string(text), "\n")
	isShown := func(n int) bool { return n <= len(shown) && shown[n-1].State >= coverage.Partly }
	for n, count := range counts {
		if n > len(lines) || !hasCode(lines[n-1]) {
			continue
		}
		place := fmt.Sprintf("%s:%d: %s", path, n, strings.TrimSpace(lines[n-1]))
		if isShown(n) {
			f.shown++
			if count == 0 {
				f.wrong = append(f.wrong, place)
			}
		}
		if count > 0 {
			f.executed++
			if !isShown(n) {
				f.missed = append(f.missed, place)
			}
		}
	}
}

// comment matches comments that begin and end on a line, and those that go on.
var comment = regexp.MustCompile(`/\*.*?(\*/|$)|//.*|^\s*\*.*`)

// directive matches the lines of the preprocessor that hold nothing that runs.
var directive = regexp.MustCompile(`^\s*#\s*(if|ifdef|ifndef|elif|else|endif|undef|pragma|include|error)\b`)

// hasCode reports whether a line holds more than brackets, commas, comments and
// conditions of the preprocessor.
func hasCode(line string) bool {
	if directive.MatchString(line) {
		return false
	}
	return strings.Trim(comment.ReplaceAllString(line, ""), " \t\r\f{}()[],;\\") != ""
}

// print lists differences.
func (f *figures) print(all bool) {
	for _, list := range []struct {
		title  string
		places []string
	}{{"shown, never ran", f.wrong}, {"ran, not shown", f.missed}} {
		for i, place := range list.places {
			if i == maxExamples && !all {
				break
			}
			fmt.Printf("    %s: %s\n", list.title, place)
		}
	}
}
