package store

import (
	"bytes"
	"io/fs"
	"os"
	"strings"
	"testing"
)

// This file tests the kept source texts.

func TestSources(t *testing.T) {
	s := open(t, t.TempDir())
	texts := [][]byte{nil, []byte("package m\n"), bytes.Repeat([]byte("// a line\n"), 10_000)}
	for _, text := range texts {
		digest := SourceDigest(text)
		_, err := s.Source(digest)
		checkError(t, err, fs.ErrNotExist, digest)
		if s.HasSource(digest) {
			t.Errorf("a text of %d bytes is kept before it is saved", len(text))
		}
		for range 2 {
			if err := s.SaveSource(digest, text); err != nil {
				t.Fatal(err)
			}
		}
		got, err := s.Source(digest)
		if err != nil || !bytes.Equal(got, text) || !s.HasSource(digest) {
			t.Errorf("a text of %d bytes comes back as %d bytes, %v", len(text), len(got), err)
		}
	}
}

func TestSourceIsWrittenOnce(t *testing.T) {
	s := open(t, t.TempDir())
	text := []byte("package m\n")
	digest := SourceDigest(text)
	if err := s.SaveSource(digest, text); err != nil {
		t.Fatal(err)
	}
	before, err := os.Stat(s.sourcePath(digest))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.SaveSource(digest, text); err != nil {
		t.Fatal(err)
	}
	after, err := os.Stat(s.sourcePath(digest))
	if err != nil || !os.SameFile(before, after) {
		t.Errorf("the file was written again: %v", err)
	}
}

func TestSourceDigestIsChecked(t *testing.T) {
	s := open(t, t.TempDir())
	text := []byte("package m\n")
	other := SourceDigest([]byte("package other\n"))
	checkError(t, s.SaveSource(other, text), nil, "its SHA-256 is "+SourceDigest(text))
	if s.HasSource(other) {
		t.Error("the wrong text is kept")
	}
	for _, name := range []string{"", "..", "../../x", "ABC", strings.Repeat("F", 64), strings.Repeat("0", 65)} {
		_, err := s.Source(name)
		checkError(t, err, nil, "is not a SHA-256")
		if s.HasSource(name) {
			t.Errorf("%q is kept", name)
		}
	}
}

func TestDamagedSource(t *testing.T) {
	s := open(t, t.TempDir())
	text := []byte("package m\n")
	digest := SourceDigest(text)
	other := SourceDigest(nil)
	if err := s.SaveSource(other, nil); err != nil {
		t.Fatal(err)
	}
	packed := readFile(t, s.sourcePath(other))
	for _, content := range []string{"", "garbage", packed, packed[:len(packed)/2]} {
		makeFile(t, s.sourcePath(digest), []byte(content))
		_, err := s.Source(digest)
		checkError(t, err, ErrDamaged, s.sourcePath(digest))
		checkError(t, err, nil, "delete it and build the target again")
	}
	makeFile(t, s.sourcePath(digest), nil) // as a power failure leaves it
	if err := s.SaveSource(digest, text); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Source(digest); err != nil || !bytes.Equal(got, text) {
		t.Errorf("saved again it is %q, %v", got, err)
	}
}
