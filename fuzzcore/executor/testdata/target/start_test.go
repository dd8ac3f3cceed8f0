package target

import (
	"fmt"
	"os"
	"testing"
)

// TestMain is part of what runs before the first input.
func TestMain(m *testing.M) {
	if os.Getenv("TARGET_DIES") != "" {
		fmt.Fprintln(os.Stderr, "no database here")
		os.Exit(4)
	}
	code := m.Run()
	if path := os.Getenv("TARGET_TEARDOWN"); path != "" {
		os.WriteFile(path, []byte("done"), 0o600)
	}
	os.Exit(code)
}

func FuzzNoFuzz(f *testing.F) {
	f.Skip("not today")
}

func FuzzSeeds(f *testing.F) {
	f.Add("added", 1)
	f.Add(2, "wrong way round")
	f.Fuzz(func(t *testing.T, s string, n int) {})
}
