package supervisor

import (
	"strings"
	"testing"
)

func TestParseLimit(t *testing.T) {
	for in, want := range map[string]uint64{
		"1": 1, "10K": 10_000, "2M": 2_000_000, "1G": 1_000_000_000,
		"18446744073709551615": 1<<64 - 1, "007": 7, "18446744073G": 18446744073000000000,
	} {
		if got, err := ParseLimit(in); err != nil || got != want {
			t.Errorf("ParseLimit(%q) = %d, %v; want %d", in, got, err, want)
		}
	}
	for in, want := range map[string]string{
		"":                     "expected a positive number",
		"K":                    "expected a positive number",
		"-1":                   "expected a positive number",
		"+1":                   "expected a positive number",
		"1.5K":                 "expected a positive number",
		"10k":                  "expected a positive number",
		"10KK":                 "expected a positive number",
		" 1":                   "expected a positive number",
		"0x10":                 "expected a positive number",
		"0":                    "at least one run",
		"0G":                   "at least one run",
		"99999999999G":         "more than",
		"18446744073709551616": "more than",
		"18446744074G":         "more than",
	} {
		if _, err := ParseLimit(in); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("ParseLimit(%q): %v; want an error with %q", in, err, want)
		}
	}
}

func FuzzParseLimit(f *testing.F) {
	f.Add("10K")
	f.Add("99999999999G")
	f.Fuzz(func(t *testing.T, s string) {
		n, err := ParseLimit(s)
		if (n == 0) != (err != nil) {
			t.Fatalf("ParseLimit(%q) = %d, %v", s, n, err)
		}
	})
}
