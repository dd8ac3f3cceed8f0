package main

import (
	"strings"
	"testing"
)

// This file fuzzes the lines that `fuzzls resolve` reads.

// FuzzResolveRequest checks that every line is understood or refused as a whole.
func FuzzResolveRequest(f *testing.F) {
	for _, line := range []string{"0x1", "CODE \"a b\" 0x1f", "DATA 'x' 12", "a b c+0x10", "FRAME x 1", "CODE \"a", "", "0x"} {
		f.Add(line, "obj")
		f.Add(line, "")
	}
	f.Fuzz(func(t *testing.T, line, obj string) {
		r := parseRequest(line, obj)
		if r.kind == askNothing {
			if r != (request{}) {
				t.Errorf("%q: refused, but %+v", line, r)
			}
			return
		}
		if r.file == "" || (r.kind == askSymbol) != (r.symbol != "") {
			t.Errorf("%q: %+v", line, r)
		}
		if r.file != obj && !strings.Contains(line, r.file) || !strings.Contains(line, r.symbol) {
			t.Errorf("%q: %+v is not in it", line, r)
		}
	})
}
