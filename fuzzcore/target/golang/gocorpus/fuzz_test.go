package gocorpus

import (
	"bytes"
	"testing"
)

// This file fuzzes the package.

// chosenTypes makes every byte of choice an argument.
func chosenTypes(choice []byte) []string {
	types := make([]string, len(choice))
	for i, c := range choice {
		types[i] = allTypes[int(c)%len(allTypes)]
	}
	return types
}

func FuzzMarshal(f *testing.F) {
	all := make([]byte, len(allTypes))
	for i := range all {
		all[i] = byte(i)
	}
	for _, values := range inputs {
		f.Add(streamOf(values...), all)
	}
	f.Add([]byte{3, 0, 0, 0, 'a'}, []byte{0})
	f.Fuzz(func(t *testing.T, stream, choice []byte) {
		types := chosenTypes(choice)
		entry, err := Marshal(stream, types)
		if err != nil {
			return
		}
		checkRoundTrip(t, entry, types)
	})
}

func FuzzUnmarshal(f *testing.F) {
	for _, line := range lines {
		for i := range allTypes {
			f.Add([]byte(version+"\n"+line+"\n"), []byte{byte(i)})
		}
	}
	for _, file := range files {
		f.Add([]byte(file), []byte{7})
	}
	f.Fuzz(func(t *testing.T, entry, choice []byte) {
		types := chosenTypes(choice)
		stream, err := Unmarshal(entry, types)
		if err != nil {
			return
		}
		written, err := Marshal(stream, types)
		if err != nil {
			t.Fatalf("%q became %x: %v", entry, stream, err)
		}
		checkRoundTrip(t, written, types)
	})
}

// checkRoundTrip checks that an entry written by Marshal stays the same.
func checkRoundTrip(t *testing.T, entry []byte, types []string) {
	t.Helper()
	stream, err := Unmarshal(entry, types)
	if err != nil {
		t.Fatalf("%q: %v", entry, err)
	}
	again, err := Marshal(stream, types)
	if err != nil || !bytes.Equal(again, entry) {
		t.Fatalf("%q became %q, %v", entry, again, err)
	}
}
