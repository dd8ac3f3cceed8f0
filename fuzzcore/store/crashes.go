package store

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"
)

// This file defines the crashes of a fuzz test.

// recordName is the file in a crash's folder that holds its crashRecord.
const recordName = "crash.json"

// Crashes are the crashes of one fuzz test: one folder for each signature.
type Crashes struct {
	state *State
	dir   string
}

// Crash is a crash that is kept.
type Crash struct {
	// Signature is what makes crashes the same.
	Signature string
	// Dir is the folder of its files, absolute.
	Dir string
	// Files are the names of its files, sorted.
	Files []string
	// Count is how often the crash was saved, First and Last when.
	Count       int
	First, Last time.Time
	// Meta is what was given to Save the first time, as JSON.
	Meta json.RawMessage
	// Status is what became of it.
	Status CrashStatus
}

// crashRecord is the layout of crash.json.
type crashRecord struct {
	Signature string          `json:"signature"`
	Count     int             `json:"count"`
	First     time.Time       `json:"first"`
	Last      time.Time       `json:"last"`
	Meta      json.RawMessage `json:"meta,omitempty"`
}

// Save keeps a crash: its files by name, and meta as JSON, at once or not at
// all. A crash whose signature is known already is only counted: its Count is
// then more than 1 and its files stay those of the first.
func (c *Crashes) Save(signature string, files map[string][]byte, meta any) (*Crash, error) {
	for name := range files {
		if err := checkCrashFile(name); err != nil {
			return nil, fmt.Errorf("saving crash %s: %w", signature, err)
		}
	}
	encoded, err := json.Marshal(meta)
	if err != nil {
		return nil, fmt.Errorf("saving crash %s: %w", signature, err)
	}
	now := time.Now().UTC()
	record := crashRecord{Signature: signature, Count: 1, First: now, Last: now, Meta: encoded}
	dir := c.crashDir(signature)
	if !dirExists(dir) {
		err := c.create(dir, files, record)
		if err == nil {
			return crashOf(dir, record, append(slices.Sorted(maps.Keys(files)), recordName)), nil
		}
		if !isTaken(err) {
			return nil, err
		}
	}
	return c.count(dir, record)
}

// Put adds a file to a known crash or replaces it, such as a smaller reproducer.
func (c *Crashes) Put(signature, name string, data []byte) error {
	if err := checkCrashFile(name); err != nil {
		return fmt.Errorf("adding to crash %s: %w", signature, err)
	}
	dir := c.crashDir(signature)
	if !dirExists(dir) {
		return explain("adding to crash", dir, fs.ErrNotExist)
	}
	return c.state.write(filepath.Join(dir, name), data, durable)
}

// SetMeta replaces what is stored about a known crash, such as when its reproducer
// has changed.
func (c *Crashes) SetMeta(signature string, meta any) error {
	dir := c.crashDir(signature)
	encoded, err := json.Marshal(meta)
	if err != nil {
		return fmt.Errorf("saving crash %s: %w", signature, err)
	}
	crash, err := readCrash(dir, signature)
	if err != nil {
		return err
	}
	record := crashRecord{Signature: signature, Count: crash.Count, First: crash.First, Last: crash.Last, Meta: encoded}
	content, err := record.encode()
	if err != nil {
		return err
	}
	return c.state.write(filepath.Join(dir, recordName), content, durable)
}

// List returns all crashes, sorted by signature. If some cannot be read, it
// returns the others and an error that names them.
func (c *Crashes) List() ([]*Crash, error) {
	found, err := namesIn(c.dir, "")
	if err != nil {
		return nil, err
	}
	var crashes []*Crash
	var problems []error
	for _, f := range found {
		crash, err := readCrash(f.path, f.name)
		if err != nil {
			problems = append(problems, err)
			continue
		}
		crashes = append(crashes, crash)
	}
	return crashes, errors.Join(problems...)
}

// Dir returns the folder of a crash's files, whether it is kept or not. Absolute.
func (c *Crashes) Dir(signature string) string { return c.crashDir(signature) }

func (c *Crashes) crashDir(signature string) string {
	return filepath.Join(c.dir, escape(signature))
}

func (c *Crashes) create(dir string, files map[string][]byte, record crashRecord) error {
	content, err := record.encode()
	if err != nil {
		return err
	}
	all := maps.Clone(files)
	if all == nil {
		all = map[string][]byte{}
	}
	all[recordName] = content
	return c.state.writeDir(dir, all, durable)
}

// count adds one to the count of a crash that exists. A record that was lost
// is made anew: the crash itself is more important.
func (c *Crashes) count(dir string, latest crashRecord) (*Crash, error) {
	locked, err := os.Open(dir)
	if err != nil {
		return nil, explain("counting crash", dir, err)
	}
	defer locked.Close() // gives up the lock
	if err := lockFile(locked, syscall.LOCK_EX); err != nil {
		return nil, explain("locking", dir, err)
	}
	record, err := readRecord(dir, latest.Signature)
	if errors.Is(err, ErrDamaged) || isMissing(err) {
		record, err = latest, nil
		record.Count = 0
	}
	if err != nil {
		return nil, err
	}
	record.Count++
	record.Last = latest.Last
	content, err := record.encode()
	if err != nil {
		return nil, err
	}
	if err := c.state.write(filepath.Join(dir, recordName), content, volatile); err != nil {
		return nil, err
	}
	return readCrash(dir, record.Signature)
}

func readCrash(dir, signature string) (*Crash, error) {
	record, err := readRecord(dir, signature)
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, explain("reading crash", dir, err)
	}
	var files []string
	for _, entry := range entries {
		if !entry.IsDir() && checkFileName(entry.Name()) == nil {
			files = append(files, entry.Name())
		}
	}
	crash := crashOf(dir, record, files)
	crash.Status, err = readStatus(dir)
	return crash, err
}

// crashOf makes a Crash; files include crash.json.
func crashOf(dir string, record crashRecord, files []string) *Crash {
	files = slices.DeleteFunc(files, func(name string) bool { return name == recordName || name == statusName })
	return &Crash{
		Signature: record.Signature, Dir: dir, Files: files, Count: record.Count,
		First: record.First, Last: record.Last, Meta: record.Meta,
	}
}

func (r crashRecord) encode() ([]byte, error) {
	content, err := json.MarshalIndent(r, "", "\t")
	return append(content, '\n'), err
}

func readRecord(dir, signature string) (crashRecord, error) {
	path := filepath.Join(dir, recordName)
	content, err := os.ReadFile(path)
	if err != nil {
		return crashRecord{}, explain("reading crash", path, err)
	}
	var record crashRecord
	if err := json.Unmarshal(content, &record); err != nil {
		return crashRecord{}, damagedRecord(path, err)
	}
	if record.Signature != signature || record.Count < 1 || record.Count == math.MaxInt {
		return crashRecord{}, damagedRecord(path, fmt.Errorf("signature %q, count %d", record.Signature, record.Count))
	}
	if record.Meta == nil {
		return record, nil
	}
	// The file is indented for people; callers get meta as it was given.
	var meta bytes.Buffer
	if err := json.Compact(&meta, record.Meta); err != nil {
		return crashRecord{}, damagedRecord(path, err)
	}
	record.Meta = meta.Bytes()
	return record, nil
}

func damagedRecord(path string, err error) error {
	return fmt.Errorf("%w: %s: %w: delete it, the next such crash makes it anew", ErrDamaged, path, err)
}

// checkCrashFile refuses names that a crash's own files cannot have.
func checkCrashFile(name string) error {
	if name == recordName || name == statusName {
		return fmt.Errorf("the name %q is taken", name)
	}
	return checkFileName(name)
}

// isTaken reports whether somebody else created the folder first.
func isTaken(err error) bool {
	return errors.Is(err, fs.ErrExist) || errors.Is(err, syscall.ENOTEMPTY)
}
