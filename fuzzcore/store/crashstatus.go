package store

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// This file defines what becomes of a crash after it was found.

// statusName is the file in a crash's folder that holds its CrashStatus. It is apart
// from crash.json because others write it at other times: a person who dismisses the
// crash, a replay. A crash without one is open.
const statusName = "status.json"

// CrashStatus is what became of a crash. The zero value: it was found, nothing since.
type CrashStatus struct {
	// Fixed: its reproducer no longer crashed when it ran last.
	Fixed bool `json:"fixed,omitempty"`
	// Dismissed: a person does not want to see it, also when it is found again.
	Dismissed bool `json:"dismissed,omitempty"`
	// Checked is when its reproducer ran last, or the crash was found again; zero if
	// neither has happened since it was found.
	Checked time.Time `json:"checked,omitzero"`
}

// Listed reports whether people are told of the crash.
func (s CrashStatus) Listed() bool { return !s.Fixed && !s.Dismissed }

// String returns "open", "fixed" or "dismissed".
func (s CrashStatus) String() string {
	switch {
	case s.Dismissed:
		return "dismissed"
	case s.Fixed:
		return "fixed"
	}
	return "open"
}

// Check notes that the crash was tried again just now, and whether it still happens.
func (c *Crashes) Check(signature string, happens bool) error {
	return c.updateStatus(signature, func(s *CrashStatus) {
		s.Fixed, s.Checked = !happens, time.Now().UTC()
	})
}

// Dismiss notes that nobody wants to see the crash.
func (c *Crashes) Dismiss(signature string) error {
	return c.updateStatus(signature, func(s *CrashStatus) { s.Dismissed = true })
}

// updateStatus changes the status of a known crash, locked against other processes.
func (c *Crashes) updateStatus(signature string, change func(*CrashStatus)) error {
	dir := c.crashDir(signature)
	locked, err := os.Open(dir)
	if err != nil {
		return explain("changing the status of crash", dir, err)
	}
	defer locked.Close() // gives up the lock
	if err := lockFile(locked, syscall.LOCK_EX); err != nil {
		return explain("locking", dir, err)
	}
	status, err := readStatus(dir)
	if err != nil {
		status = CrashStatus{} // of no use to anyone: replaced
	}
	change(&status)
	content, err := json.MarshalIndent(status, "", "\t")
	if err != nil {
		return fmt.Errorf("saving the status of crash %s: %w", signature, err)
	}
	return c.state.write(filepath.Join(dir, statusName), append(content, '\n'), volatile)
}

func readStatus(dir string) (CrashStatus, error) {
	path := filepath.Join(dir, statusName)
	content, err := os.ReadFile(path)
	if isMissing(err) {
		return CrashStatus{}, nil
	}
	if err != nil {
		return CrashStatus{}, explain("reading the status of crash", path, err)
	}
	var status CrashStatus
	if err := json.Unmarshal(content, &status); err != nil {
		return CrashStatus{}, fmt.Errorf("%w: %s: %w: delete it, the crash then counts as open", ErrDamaged, path, err)
	}
	return status, nil
}
