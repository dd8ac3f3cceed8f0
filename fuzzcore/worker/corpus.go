package worker

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/fuzzls/fuzzls/fuzzcore/engine"
	"github.com/fuzzls/fuzzls/fuzzcore/store"
	"github.com/fuzzls/fuzzls/fuzzcore/target/golang/gocorpus"
)

// This file defines corpus: the inputs of one fuzz test on disk.

// corpus loads the entries that earlier campaigns left and, in the main instance,
// mirrors what the engine keeps and drops.
type corpus struct {
	test *fuzzTest
	disk *store.Corpus
	// names are the files of the engine's entries, loaded those of entries that it
	// has not judged yet, by content. Main instance only.
	names  map[uint64]string
	loaded map[string]string
}

func (c *corpus) open(t *fuzzTest) {
	c.test = t
	c.disk = t.worker.state.FuzzTest(t.def.Package, t.def.Func).Corpus()
	c.names, c.loaded = map[uint64]string{}, map[string]string{}
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
		stream, err = gocorpus.Unmarshal(data, t.def.Types)
	}
	if err == nil {
		err = t.engine.AddCorpus(stream)
	}
	if !t.worker.main() {
		return nil
	}
	if err == nil {
		c.loaded[string(stream)] = name
		return nil
	}
	if err := c.disk.SetAside(name, err.Error()); err != nil {
		return err
	}
	return t.worker.notice(t.index, "%s: corpus entry %s is set aside: %v", t.def.Name, name, err)
}

// keep writes an input that the engine keeps.
func (c *corpus) keep(event *engine.Event) error {
	t := c.test
	if !t.worker.main() || event.Origin == engine.Seed {
		return nil
	}
	if name, ok := c.loaded[string(event.Data)]; ok {
		c.names[event.ID] = name
		delete(c.loaded, string(event.Data))
		return nil
	}
	data, err := gocorpus.Marshal(event.Data, t.def.Types)
	if err != nil {
		return fmt.Errorf("keeping an input of %s: %w", t.def.Name, err)
	}
	name, _, err := c.disk.Add(data)
	if err != nil {
		return err
	}
	c.names[event.ID] = name
	return nil
}

// drop removes an input that others have superseded, or that the engine did not
// take over from an earlier campaign.
func (c *corpus) drop(event *engine.Event) error {
	name, ok := c.names[event.ID]
	delete(c.names, event.ID)
	if event.Origin == engine.Corpus && !ok {
		name, ok = c.loaded[string(event.Data)]
		delete(c.loaded, string(event.Data))
	}
	if !ok {
		return nil
	}
	return c.disk.Remove(name)
}
