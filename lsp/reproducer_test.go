package lsp

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/fuzzls/fuzzls/fuzzcore/target/golang/gocorpus"
)

// This file tests the values of reproducers.

func FuzzBytesOf(f *testing.F) {
	f.Add("größe\x00\xff`\"\\")
	f.Fuzz(func(t *testing.T, content string) {
		values, err := gocorpus.Expressions(fmt.Appendf(nil, "go test fuzz v1\n[]byte(%q)\nstring(%q)\nint(5)\n", content, content))
		if err != nil {
			t.Fatal(err)
		}
		if string(bytesOf(values[0])) != content || string(bytesOf(values[1])) != content || bytesOf(values[2]) != nil {
			t.Errorf("%q became %q, %q and %q", content, bytesOf(values[0]), bytesOf(values[1]), bytesOf(values[2]))
		}
	})
}

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
