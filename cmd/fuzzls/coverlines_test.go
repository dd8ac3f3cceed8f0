package main

import (
	"reflect"
	"testing"
)

func TestParseRanges(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "a.go", "")
	write(t, dir, "odd:7", "")
	t.Chdir(dir)
	paths, ranges, err := parseRanges([]string{"a.go:3-9", "odd:7", "."})
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"a.go", "odd:7", "."}; !reflect.DeepEqual(paths, want) {
		t.Errorf("paths %q, want %q", paths, want)
	}
	if first, last, ok := ranges.of(dir + "/a.go"); !ok || first != 3 || last != 9 {
		t.Errorf("lines %d to %d, %v", first, last, ok)
	}
	if _, _, ok := ranges.of(dir + "/odd:7"); ok {
		t.Error("lines of a file that has a colon in its name")
	}
	if _, ranges, _ = parseRanges([]string{"a.go:5"}); ranges[resolved("a.go")] != (lineRange{5, 5}) {
		t.Errorf("one line: %v", ranges)
	}
}

func TestParseRangesRefuses(t *testing.T) {
	for _, arg := range []string{"a.go:0", "a.go:9-3", "a.go:99999999999999999999"} {
		if _, _, err := parseRanges([]string{arg}); err == nil {
			t.Errorf("%s: no error", arg)
		}
	}
}
