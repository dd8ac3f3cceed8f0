package store

import (
	"io/fs"
	"os"
	"slices"
	"testing"
	"time"
)

// This file tests what is kept of comparisons, and of how many builds.

func TestCompares(t *testing.T) {
	test := open(t, t.TempDir()).FuzzTest("p", "f")
	if err := test.PruneCompares(1); err != nil {
		t.Error(err)
	}
	_, err := test.Compares(1)
	checkError(t, err, fs.ErrNotExist, test.ComparesPath(1))
	const builds = 8
	begin := time.Now().Add(-time.Hour)
	for id := range uint64(builds) {
		if err := test.SaveCompares(id, []byte{byte(id)}); err != nil {
			t.Fatal(err)
		}
		at := begin.Add(time.Duration(id) * time.Minute)
		if err := os.Chtimes(test.ComparesPath(id), at, at); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		if err := test.PruneCompares(2); err != nil {
			t.Fatal(err)
		}
		for id := range uint64(builds) {
			data, err := test.Compares(id)
			kept := err == nil && slices.Equal(data, []byte{byte(id)})
			if want := slices.Contains([]uint64{2, 5, 6, 7}, id); kept != want {
				t.Errorf("build %d is kept: %v, %v, want %v", id, kept, err, want)
			}
		}
	}
}
