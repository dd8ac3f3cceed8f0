package store

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// This file defines the corpus of a fuzz test.

// reasonExtension ends the name of the file that says why an entry was set aside.
const reasonExtension = ".reason"

// Corpus is the corpus of one fuzz test: entries, each a file of its own.
type Corpus struct {
	state      *State
	dir, aside string
}

// EntryName returns the name of a corpus entry with this content: the first 16
// hexadecimal digits of its SHA-256, as `go test` names what it finds.
func EntryName(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:8])
}

// contentName matches the names that EntryName makes.
var contentName = regexp.MustCompile(`^[0-9a-f]{16}$`)

// Dir returns the folder of the entries, absolute. It need not exist.
func (c *Corpus) Dir() string { return c.dir }

// Add keeps an entry and returns its name, and whether it was not there before.
func (c *Corpus) Add(data []byte) (name string, added bool, err error) {
	name = EntryName(data)
	path := filepath.Join(c.dir, name)
	// After a power failure an entry may be there but empty.
	info, err := os.Stat(path)
	if err == nil && info.Size() == int64(len(data)) {
		return name, false, nil
	}
	if err := c.state.write(path, data, volatile); err != nil {
		return "", false, err
	}
	return name, true, nil
}

// Remove removes an entry. It is no error if there is none.
func (c *Corpus) Remove(name string) error {
	path, err := entryPath(c.dir, name)
	if err != nil {
		return err
	}
	return ignoreMissing(explain("removing corpus entry", path, os.Remove(path)))
}

// List returns the names of all entries, sorted.
func (c *Corpus) List() ([]string, error) {
	entries, err := os.ReadDir(c.dir)
	if err != nil {
		return nil, ignoreMissing(explain("reading corpus", c.dir, err))
	}
	names := make([]string, 0, len(entries))
	for _, entry := range entries {
		if !entry.IsDir() && checkFileName(entry.Name()) == nil {
			names = append(names, entry.Name())
		}
	}
	return names, nil
}

// Read returns the content of an entry. The error is ErrDamaged if the entry is
// named by its content but has other content.
func (c *Corpus) Read(name string) ([]byte, error) {
	path, err := entryPath(c.dir, name)
	if err != nil {
		return nil, err
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, explain("reading corpus entry", path, err)
	}
	if contentName.MatchString(name) && EntryName(data) != name {
		return nil, fmt.Errorf("%w: the content of corpus entry %s does not match its name", ErrDamaged, path)
	}
	return data, nil
}

// SetAside takes an entry that cannot be used out of the corpus and keeps it in
// the folder aside, with the reason in a file beside it.
func (c *Corpus) SetAside(name, reason string) error {
	from, err := entryPath(c.dir, name)
	if err != nil {
		return err
	}
	if _, err := os.Lstat(from); err != nil {
		return explain("setting aside corpus entry", from, err)
	}
	to := filepath.Join(c.aside, name)
	// The reason first: an entry set aside without one would puzzle.
	if err := c.state.write(to+reasonExtension, []byte(reason+"\n"), volatile); err != nil {
		return err
	}
	return explain("setting aside corpus entry", from, os.Rename(from, to))
}

func entryPath(dir, name string) (string, error) {
	if err := checkFileName(name); err != nil {
		return "", fmt.Errorf("corpus entry: %w", err)
	}
	return filepath.Join(dir, name), nil
}

// checkFileName refuses what is not the name of a file, or is hidden.
func checkFileName(name string) error {
	if name == "" || strings.HasPrefix(name, ".") || strings.ContainsAny(name, "/\\\x00") {
		return fmt.Errorf("%q is not a file name", name)
	}
	return nil
}
