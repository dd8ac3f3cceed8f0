package settings

import (
	"testing"
	"time"
)

const sample = "# demo\nname = \"fuzzls\"\n[cache]\nsize = 64MiB\nkeep = 90m\n"

func TestParse(t *testing.T) {
	file, err := Parse(sample)
	if err != nil {
		t.Fatal(err)
	}
	if file["cache.size"] != Size(64<<20) || file["cache.keep"] != 90*time.Minute {
		t.Fatalf("got %v", file)
	}
}

// FuzzParse looks for texts that Parse cannot take.
func FuzzParse(f *testing.F) {
	f.Add(sample)
	f.Fuzz(func(t *testing.T, text string) {
		Parse(text)
	})
}

// FuzzQuote checks that a formatted string reads back as itself.
func FuzzQuote(f *testing.F) {
	f.Add("plain")
	f.Fuzz(func(t *testing.T, s string) {
		v, err := unquote(quote(s))
		if err != nil {
			t.Fatalf("unquote(%s): %v", quote(s), err)
		}
		if v != s {
			t.Fatalf("%q came back as %q", s, v)
		}
	})
}

// FuzzSize checks sizes, with a number and a unit of their own.
func FuzzSize(f *testing.F) {
	f.Add(int64(64), byte(2))
	f.Fuzz(func(t *testing.T, n int64, unit byte) {
		if n < 0 || unit > 3 {
			t.Skip()
		}
		size := Size(n) << (10 * unit)
		if size < 0 || size>>(10*unit) != Size(n) {
			t.Skip("too large")
		}
		got, err := parseNumber(formatSize(size))
		if err != nil || got != size {
			t.Fatalf("%d is written %s and read %v, %v", size, formatSize(size), got, err)
		}
	})
}
