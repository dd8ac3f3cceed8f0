package worker

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"time"

	"github.com/fuzzls/fuzzls/fuzzcore/engine"
	"github.com/fuzzls/fuzzls/fuzzcore/store"
)

// This file defines corpus: the inputs of one fuzz test on disk.

// corpus loads the entries that earlier campaigns left and, in the main instance,
// mirrors what the engine keeps and drops.
type corpus struct {
	test *fuzzTest
	disk *store.Corpus
	// loaded are the files of entries that the engine has not judged yet, by content.
	loaded map[string]string
	// names are the files of the engine's entries. Main instance only.
	names map[uint64]string
	// waiting are kept inputs that only shorten what is on disk already, by entry, and
	// dropped the files that they make superfluous. Most are superseded themselves
	// within a second, so that is how long they wait; what is on disk covers the same
	// meanwhile.
	waiting map[uint64][]byte
	dropped []string
	synced  time.Time // when sync last wrote
}

// syncEvery is how long a shorter input waits for its file.
const syncEvery = time.Second

func (c *corpus) open(t *fuzzTest) {
	c.test = t
	c.disk = t.worker.state.FuzzTest(t.def.Package, t.def.Func).Corpus()
	c.names, c.loaded, c.waiting = map[uint64]string{}, map[string]string{}, map[uint64][]byte{}
}

// load gives the engine all entries on disk. One that does not make sense is set
// aside by the main instance and named; the others are loaded all the same.
func (c *corpus) load() error {
	entries, err := c.disk.List()
	if err != nil {
		return err
	}
	for _, name := range entries {
		if err := c.loadEntry(name); err != nil {
			return err
		}
	}
	return nil
}

func (c *corpus) loadEntry(name string) error {
	t := c.test
	data, err := c.disk.Read(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // another instance dropped it meanwhile
	}
	var stream []byte
	if err == nil {
		stream, err = t.def.UnmarshalInput(data)
	}
	if err == nil {
		err = t.engine.AddCorpus(stream)
	}
	if err == nil {
		c.loaded[string(stream)] = name
		return nil
	}
	if !t.worker.main() {
		return nil
	}
	if err := c.disk.SetAside(name, err.Error()); err != nil {
		return err
	}
	return t.worker.notice(t.index, "%s: corpus entry %s is set aside: %v", t.def.Name, name, err)
}

// keep writes an input that the engine keeps.
func (c *corpus) keep(event *engine.Event) error {
	name, ok := c.loaded[string(event.Data)]
	delete(c.loaded, string(event.Data))
	if !c.test.worker.main() || event.Origin == engine.Seed {
		return nil
	}
	if ok {
		c.names[event.ID] = name
		return nil
	}
	if !event.Fresh {
		c.waiting[event.ID] = event.Data
		return nil
	}
	return c.write(event.ID, event.Data)
}

// write writes the file of an entry.
func (c *corpus) write(id uint64, stream []byte) error {
	data, err := c.test.def.MarshalInput(stream)
	if err != nil {
		return fmt.Errorf("keeping an input of %s: %w", c.test.def.Name, err)
	}
	name, _, err := c.disk.Add(data)
	if err != nil {
		return err
	}
	c.names[id] = name
	return nil
}

// sync writes the inputs that wait, oldest first, then removes what they supersede.
func (c *corpus) sync() error {
	c.synced = time.Now()
	for _, id := range slices.Sorted(maps.Keys(c.waiting)) {
		if err := c.write(id, c.waiting[id]); err != nil {
			return err
		}
		delete(c.waiting, id)
	}
	if len(c.dropped) == 0 {
		return nil
	}
	used := map[string]bool{} // the same input may have been kept again
	for _, name := range c.names {
		used[name] = true
	}
	for ; len(c.dropped) > 0; c.dropped = c.dropped[1:] {
		if used[c.dropped[0]] {
			continue
		}
		if err := c.disk.Remove(c.dropped[0]); err != nil {
			return err
		}
	}
	return nil
}

// syncInTime syncs if that was not done for a while.
func (c *corpus) syncInTime() error {
	if len(c.waiting)+len(c.dropped) == 0 || time.Since(c.synced) < syncEvery {
		return nil
	}
	return c.sync()
}

// drop removes an input that others have superseded, or that the engine did not
// take over from an earlier campaign.
func (c *corpus) drop(event *engine.Event) {
	if !c.test.worker.main() {
		delete(c.loaded, string(event.Data))
		return
	}
	if _, ok := c.waiting[event.ID]; ok {
		delete(c.waiting, event.ID)
		return
	}
	name, ok := c.names[event.ID]
	delete(c.names, event.ID)
	if event.Origin == engine.Corpus && !ok {
		name, ok = c.loaded[string(event.Data)]
		delete(c.loaded, string(event.Data))
	}
	if ok {
		c.dropped = append(c.dropped, name)
	}
}
