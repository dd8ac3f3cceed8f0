package lsp

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// This file tests the values of reproducers.

func TestShortened(t *testing.T) {
	if got := shortened("größe"); got != "größe" {
		t.Errorf("got %q", got)
	}
	for _, first := range []string{"", "x"} { // once, the cut is inside of a character
		got := shortened(first + strings.Repeat("ö", maxValueText))
		if len(got) > maxValueText+len("…") || !strings.HasSuffix(got, "ö…") || !utf8.ValidString(got) {
			t.Errorf("%d bytes, ending with %q", len(got), got[len(got)-8:])
		}
	}
}
