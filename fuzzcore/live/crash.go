package live

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"reflect"
	"slices"
	"time"

	"github.com/fuzzls/fuzzls/fuzzcore/crash"
	"github.com/fuzzls/fuzzls/fuzzcore/store"
	"github.com/fuzzls/fuzzls/fuzzcore/supervisor"
)

// This file defines Crash: what is known of a crash.

// CrashStatus is what became of a crash.
type CrashStatus int

// The statuses of a crash.
const (
	Open      CrashStatus = iota // it crashes, as far as is known
	Fixed                        // its reproducer no longer crashes
	Dismissed                    // the user does not want to see it
)

// Crash is one crash signature of one fuzz test.
type Crash struct {
	Test TestID
	crash.Report
	// Location is file:line of the top frame as it was seen, relative to the root.
	Location string
	// Reproducer is the file that holds the input, absolute; Replay the command that
	// runs it under plain `go test`, to be typed in the root.
	Reproducer string
	Replay     string
	Status     CrashStatus
	Count      int
	First      time.Time
	Last       time.Time
	// Checked is when its reproducer was last seen crashing, or no longer crashing.
	Checked time.Time
	// Edited: source that was built into the crashing executable has changed since then.
	Edited bool
}

// crashKey identifies a crash: fuzz tests that fail in the same function share a
// signature.
type crashKey struct {
	test      TestID
	signature string
}

// Crashes returns the crashes that are Open, sorted by file, line and signature.
func (w *Workspace) Crashes() []Crash {
	return slices.DeleteFunc(w.AllCrashes(), func(c Crash) bool { return c.Status != Open })
}

// AllCrashes returns the crashes of the known fuzz tests, whatever their status, sorted as
// by Crashes.
func (w *Workspace) AllCrashes() []Crash {
	w.mu.Lock()
	defer w.mu.Unlock()
	all := make([]Crash, 0, len(w.crashes))
	for _, c := range w.crashes {
		all = append(all, *c)
	}
	sortCrashes(all)
	return all
}

func sortCrashes(crashes []Crash) {
	slices.SortFunc(crashes, func(a, b Crash) int {
		return cmp.Or(cmp.Compare(a.Top.File, b.Top.File), cmp.Compare(a.Top.Line, b.Top.Line), cmp.Compare(a.Signature, b.Signature),
			cmp.Compare(a.Test.String(), b.Test.String()))
	})
}

// Crash returns the crash with a signature, whatever its status. If several fuzz tests
// have it, it is that of the first by name. A reproducer that a campaign has just
// replaced by a smaller one is not returned any more.
func (w *Workspace) Crash(signature string) (Crash, bool) {
	all := w.crashesWith(signature)
	if len(all) == 0 {
		return Crash{}, false
	}
	if _, err := os.Stat(all[0].Reproducer); errors.Is(err, fs.ErrNotExist) {
		w.refreshCrashes([]TestID{all[0].Test})
		if all = w.crashesWith(signature); len(all) == 0 {
			return Crash{}, false
		}
	}
	return all[0], true
}

// crashesWith returns the crashes with a signature, sorted.
func (w *Workspace) crashesWith(signature string) []Crash {
	w.mu.Lock()
	defer w.mu.Unlock()
	var all []Crash
	for key, c := range w.crashes {
		if key.signature == signature {
			all = append(all, *c)
		}
	}
	sortCrashes(all)
	return all
}

// refreshCrashes reads the crashes of fuzz tests from the state and tells the observer
// what is new. Those that are there when a fuzz test is first looked at are known.
func (w *Workspace) refreshCrashes(tests []TestID) {
	var fresh []Crash
	changed := false
	w.readingCrashes.Lock()
	for _, id := range tests {
		freshOfTest, changedOfTest := w.refreshCrashesOf(id)
		fresh = append(fresh, freshOfTest...)
		changed = changed || changedOfTest
	}
	w.readingCrashes.Unlock()
	if changed {
		sortCrashes(fresh)
		w.observer.CrashesChanged(w, fresh)
	}
}

// refreshCrashesOf reads the crashes of one fuzz test. The caller holds
// w.readingCrashes.
func (w *Workspace) refreshCrashesOf(id TestID) (fresh []Crash, changed bool) {
	state := w.existingState()
	var crashes []Crash
	var err error
	if state != nil {
		if crashes, err = w.readCrashes(state, id); err != nil {
			w.log.Warn("reading crashes", "test", id.String(), "error", err)
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	entry := w.tests[id]
	if entry == nil {
		return nil, false
	}
	first := !entry.crashesRead
	entry.crashesRead = true
	there := map[crashKey]bool{}
	for _, c := range crashes {
		key := crashKey{id, c.Signature}
		there[key] = true
		before := w.crashes[key]
		c.Edited = c.editedSince(entry)
		if before != nil && reflect.DeepEqual(*before, c) {
			continue
		}
		changed = true
		w.crashes[key] = &c
		if before == nil && !first && c.Status == Open {
			fresh = append(fresh, c)
		}
	}
	for key := range w.crashes {
		if key.test == id && !there[key] && err == nil {
			changed = true
			delete(w.crashes, key) // somebody has deleted its folder
		}
	}
	if changed && entry.campaign == nil {
		entry.Figures.Crashes = w.countOpen(id)
	}
	return fresh, changed
}

// countOpen returns the number of open crashes of a fuzz test. The caller holds w.mu.
func (w *Workspace) countOpen(id TestID) (n int) {
	for key, c := range w.crashes {
		if key.test == id && c.Status == Open {
			n++
		}
	}
	return n
}

func (w *Workspace) readCrashes(state *store.State, id TestID) ([]Crash, error) {
	saved, err := state.FuzzTest(id.Package, id.Func).Crashes().List()
	var crashes []Crash
	for _, s := range saved {
		var meta supervisor.CrashMeta
		if metaErr := json.Unmarshal(s.Meta, &meta); metaErr != nil {
			err = errors.Join(err, fmt.Errorf("crash %s: %w: delete the folder to be rid of it", s.Dir, metaErr))
			continue
		}
		crashes = append(crashes, Crash{
			Test: id, Report: meta.Report, Location: meta.Location, Reproducer: absolute(state.Root(), meta.Reproducer), Replay: meta.Replay,
			Status: statusOf(s.Status), Count: s.Count, First: s.First, Last: s.Last, Checked: checked(s),
		})
	}
	return crashes, err
}

func statusOf(s store.CrashStatus) CrashStatus {
	switch {
	case s.Dismissed:
		return Dismissed
	case s.Fixed:
		return Fixed
	}
	return Open
}

// checked is when the reproducer ran last: it crashed when the crash was found.
func checked(s *store.Crash) time.Time {
	if s.Status.Checked.IsZero() {
		return s.Last
	}
	return s.Status.Checked
}

// editedSince reports whether source of the fuzz test has changed since the crash was
// last seen.
func (c *Crash) editedSince(t *testEntry) bool { return t.edited.After(c.Checked) }

// noteSources finds out when the source of each fuzz test was last changed.
func (w *Workspace) noteSources() {
	w.mu.Lock()
	loaded := w.loaded
	w.mu.Unlock()
	if loaded == nil {
		return
	}
	edited := map[string]time.Time{}
	for _, pkg := range loaded.Packages() {
		edited[pkg] = newestOf(loaded.Files(pkg))
		if built := newestOf(w.coverage.ownFiles(pkg)); built.After(edited[pkg]) {
			edited[pkg] = built
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, t := range loaded.Tests {
		if entry := w.tests[TestID{t.Package, t.Name}]; entry != nil {
			entry.edited = edited[t.Package]
		}
	}
}

// newestOf returns when the last of files was changed. A file that is gone does not
// count.
func newestOf(files []string) (newest time.Time) {
	for _, path := range files {
		if info, err := os.Stat(path); err == nil && info.ModTime().After(newest) {
			newest = info.ModTime()
		}
	}
	return newest
}

// Dismiss hides a crash, also when it is found again. Its files stay.
func (w *Workspace) Dismiss(signature string) error {
	crashes := w.crashesWith(signature)
	if len(crashes) == 0 {
		return unknownCrash(signature)
	}
	state := w.existingState()
	for _, c := range crashes {
		if err := state.FuzzTest(c.Test.Package, c.Test.Func).Crashes().Dismiss(signature); err != nil {
			return err
		}
		w.refreshCrashes([]TestID{c.Test})
	}
	return nil
}

func unknownCrash(signature string) error {
	return fmt.Errorf("there is no crash %q: `fuzzls crashes --all` lists those that are known", signature)
}
