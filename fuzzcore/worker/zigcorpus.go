package worker

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
	"time"

	"github.com/fuzzls/fuzzls/fuzzcore/store"
)

// This file defines zigCorpus: the inputs of a fuzz test of Zig on disk, while a process
// of Zig's fuzzer works on them.

// zigCorpus mirrors the folder in which instance 0 of Zig's fuzzer keeps inputs into the
// state's corpus. Zig numbers its files and moves the last to a place that becomes free,
// so that a name says nothing; a file is known again by its inode.
type zigCorpus struct {
	test *zigTest
	disk *store.Corpus
	// kept are the corpus entries of the files that were there at the last look.
	kept map[zigFile]string
	// gone are entries whose files were missing at the last look. A file that is being
	// moved can be missing once.
	gone map[string]bool
	// changed: the process has found an input since the last look. modified is when the
	// folder was modified before it.
	changed  bool
	modified time.Time
	synced   time.Time // when sync was last called
}

// zigFile identifies a file and its content: Zig writes each once.
type zigFile struct {
	inode    uint64
	modified time.Time
	size     int64
}

func (c *zigCorpus) open(t *zigTest) error {
	c.test = t
	c.disk = t.worker.state.FuzzTest(t.def.Package, t.def.Func).Corpus()
	c.kept, c.gone = map[zigFile]string{}, map[string]bool{}
	if err := t.cache.Create(); err != nil { // the supervisor has, as a rule
		return fmt.Errorf("making the inputs' folder of %s: %w", t.def.Name, err)
	}
	return t.resumeCounting()
}

// mirrors reports whether this worker's instance writes the inputs.
func (c *zigCorpus) mirrors() bool { return c.test.instance() == 0 }

// syncInTime syncs if that was not done for a while.
func (c *zigCorpus) syncInTime() error {
	if !c.mirrors() || time.Since(c.synced) < syncEvery {
		return nil
	}
	c.synced = time.Now()
	info, err := os.Stat(c.test.cache.InputsDir())
	if err == nil && info.ModTime().Equal(c.modified) && !c.changed && len(c.gone) == 0 {
		return nil
	}
	if err == nil {
		c.modified, c.changed = info.ModTime(), false
		err = c.sync(false)
	}
	if err != nil {
		return fmt.Errorf("keeping the inputs of %s: %w", c.test.def.Name, err)
	}
	return nil
}

// sync writes the inputs that are new and removes those that Zig has removed: at once if
// the process has ended (last), otherwise those that are missing twice.
func (c *zigCorpus) sync(last bool) error {
	numbers, err := c.test.cache.Numbers()
	if err != nil {
		return err
	}
	kept, names := make(map[zigFile]string, len(numbers)), make(map[string]bool, len(numbers))
	for _, n := range numbers {
		file, name, err := c.take(c.test.cache.InputPath(n))
		if errors.Is(err, fs.ErrNotExist) {
			continue // moved or removed this instant
		}
		if err != nil {
			return err
		}
		kept[file], names[name] = name, true
	}
	gone := map[string]bool{}
	for _, name := range c.kept {
		if !names[name] {
			gone[name] = true
		}
	}
	for name := range c.gone {
		if !names[name] {
			gone[name] = true
		}
	}
	for name := range gone {
		if !last && !c.gone[name] {
			continue
		}
		if err := c.disk.Remove(name); err != nil {
			return err
		}
		delete(gone, name)
	}
	c.kept, c.gone = kept, gone
	return nil
}

// take returns the corpus entry of a file, which it writes if the file is new.
func (c *zigCorpus) take(path string) (zigFile, string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return zigFile{}, "", err
	}
	file := zigFile{info.Sys().(*syscall.Stat_t).Ino, info.ModTime(), info.Size()}
	if name, ok := c.kept[file]; ok {
		return file, name, nil
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return file, "", err
	}
	name, _, err := c.disk.Add(data)
	return file, name, err
}

// forget removes an input that crashes from what a process runs at first: the next would
// end there, too. It reports whether it was there. The process must have ended.
func (c *zigCorpus) forget(data []byte) (was bool, err error) {
	if !c.mirrors() {
		return false, nil
	}
	if was, err = c.test.cache.Remove(data); !was || err != nil {
		return was, err
	}
	return true, c.disk.Remove(store.EntryName(data))
}

// close brings the corpus up to date when the process has ended for good.
func (c *zigCorpus) close() error {
	if !c.mirrors() {
		return nil
	}
	err := c.sync(true)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // the campaign's end has come before
	}
	return err
}
