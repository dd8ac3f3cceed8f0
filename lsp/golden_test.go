package lsp

import (
	"flag"
	"os"
	"testing"
)

// This file compares texts with golden files.

var update = flag.Bool("update", false, "rewrite the golden files")

func compareGolden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v: go test -update makes it", err)
	}
	if got != string(want) {
		t.Errorf("not as in %s, which go test -update rewrites; got\n%s\nwant\n%s", path, got, want)
	}
}
