package linemap

import (
	"slices"
	"strings"
	"testing"
)

// This file tests splices.

func TestSpliceOf(t *testing.T) {
	for _, test := range []struct {
		old, now string
		want     Splice
	}{
		{"a\nb\nc", "a\nb\nc", Splice{3, 0, 0}},
		{"a\nb\nc", "a\nx\nb\nc", Splice{1, 0, 1}},
		{"a\nb\nc", "a\nc", Splice{1, 1, 0}},
		{"a\nb\nc", "a\nB\nC\nc", Splice{1, 1, 2}},
		{"a\na", "a\na\na", Splice{2, 0, 1}},
		{"", "a", Splice{0, 1, 1}},
		{"a ", "a", Splice{0, 1, 1}},
	} {
		if got := SpliceOf(NewBuilt([]byte(test.old)), NewBuilt([]byte(test.now))); got != test.want {
			t.Errorf("%q to %q: got %+v, want %+v", test.old, test.now, got, test.want)
		}
	}
}

func FuzzSpliceOf(f *testing.F) {
	f.Add("a\nb\nc", "a\nx\nb")
	f.Fuzz(func(t *testing.T, old, now string) {
		s := SpliceOf(NewBuilt([]byte(old)), NewBuilt([]byte(now)))
		lines, want := strings.Split(old, "\n"), strings.Split(now, "\n")
		got := slices.Replace(slices.Clone(lines), s.Start, s.Start+s.Remove, want[s.Start:s.Start+s.Insert]...)
		if !slices.Equal(got, want) {
			t.Errorf("%+v makes %q of %q, want %q", s, got, lines, want)
		}
	})
}
