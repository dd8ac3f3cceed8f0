package store

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
)

// This file defines the kept texts of source files. Coverage belongs to the text that
// was built, and the user goes on editing.

// digestName matches the hexadecimal SHA-256 of a text, as SourceDigest writes it.
var digestName = regexp.MustCompile(`^[0-9a-f]{64}$`)

// SourceDigest returns the name of a source text: the 64 hexadecimal digits of its
// SHA-256, like coverage.File.SHA256.
func SourceDigest(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// SaveSource keeps the text of a source file under its digest, once. It is an error if
// the digest is that of another text.
func (s *State) SaveSource(digest string, text []byte) error {
	if has := SourceDigest(text); has != digest {
		return fmt.Errorf("keeping a source text: its SHA-256 is %s, not %q", has, digest)
	}
	if s.HasSource(digest) {
		return nil
	}
	return s.writePacked(s.sourcePath(digest), text)
}

// HasSource reports whether the text with a digest is kept.
func (s *State) HasSource(digest string) bool {
	if !digestName.MatchString(digest) {
		return false
	}
	info, err := os.Stat(s.sourcePath(digest))
	// After a power failure a file may be there but empty; a packed one never is.
	return err == nil && info.Size() > 0
}

// Source returns the text with a digest. The error is fs.ErrNotExist if it is not kept,
// and ErrDamaged if what is kept is another text.
func (s *State) Source(digest string) ([]byte, error) {
	if !digestName.MatchString(digest) {
		return nil, fmt.Errorf("reading a source text: %q is not a SHA-256 in hexadecimal", digest)
	}
	path := s.sourcePath(digest)
	text, err := readPacked("reading the source text", path)
	if err == nil && SourceDigest(text) != digest {
		err = fmt.Errorf("%w: %s holds another text than its name says", ErrDamaged, path)
	}
	if err != nil {
		return nil, tellToRebuild(err)
	}
	return text, nil
}

func (s *State) sourcePath(digest string) string {
	return filepath.Join(s.dir, sourcesDir, digest+packedExtension)
}
