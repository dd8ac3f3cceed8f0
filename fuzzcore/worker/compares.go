package worker

import (
	"errors"
	"time"

	"github.com/fuzzls/fuzzls/fuzzcore/frontier"
	"github.com/fuzzls/fuzzls/fuzzcore/store"
)

// This file defines compares: what the runs of one fuzz test compared.

// compares collects the comparisons of runs in the main instance and saves them from
// time to time. The other instances' finds come here as inputs of peers.
type compares struct {
	test  *fuzzTest
	table *frontier.Table // nil in other instances
	saved time.Time       // when save was last called
}

// comparesEvery is the least time between two saves: the file is written whole, and what
// is nearest changes often at first.
const comparesEvery = 2 * time.Second

// open loads what earlier campaigns saw. A file that makes no sense is named and
// replaced.
func (c *compares) open(t *fuzzTest) error {
	c.test = t
	if !t.worker.main() {
		return nil
	}
	c.table = frontier.NewTable(t.exe.points)
	err := c.table.Load(c.kept(), t.def.CoverageID)
	if errors.Is(err, store.ErrDamaged) {
		return t.worker.notice(t.index, "%v", err)
	}
	return err
}

func (c *compares) kept() *store.FuzzTest {
	return c.test.worker.state.FuzzTest(c.test.def.Package, c.test.def.Func)
}

// observe takes the comparisons of the last run, if it recorded them.
func (c *compares) observe() {
	if c.table != nil && len(c.test.run.Compares) > 0 {
		c.table.Observe(c.test.run.Compares)
	}
}

// save saves what is new.
func (c *compares) save() error {
	if c.table == nil || !c.table.Dirty() {
		return nil
	}
	c.saved = time.Now()
	return c.table.Save(c.kept(), c.test.def.CoverageID)
}

// saveInTime saves what is new if that was not done for a while.
func (c *compares) saveInTime() error {
	if c.table == nil || !c.table.Dirty() || time.Since(c.saved) < comparesEvery {
		return nil
	}
	return c.save()
}
