package frontier

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/fuzzls/fuzzls/fuzzcore/abi"
	"github.com/fuzzls/fuzzls/fuzzcore/store"
)

// This file defines how a table is stored: JSON, one object with the list of Sites.

type content struct {
	Sites []Site `json:"sites"`
}

// Save stores the table for the build with this coverage id.
func (t *Table) Save(test *store.FuzzTest, id uint64) error {
	data, err := json.Marshal(content{t.Sites()})
	if err != nil {
		return fmt.Errorf("saving what was compared: %w", err)
	}
	if err := test.SaveCompares(id, append(data, '\n')); err != nil {
		return err
	}
	t.dirty = false
	return nil
}

// Load takes over what was saved by earlier campaigns; nothing is no error. It is to be
// called before Observe. If what was saved is damaged, the table stays empty.
func (t *Table) Load(test *store.FuzzTest, id uint64) error {
	sites, err := LoadCompares(test, id)
	if err != nil {
		return err
	}
	t.restore(sites)
	return nil
}

// LoadCompares returns what is known of the comparisons of a fuzz test and build, sorted
// by site; nil if nothing is. The error is store.ErrDamaged if the file makes no sense.
func LoadCompares(test *store.FuzzTest, id uint64) ([]Site, error) {
	data, err := test.Compares(id)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	sites, err := decode(data)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %s: delete it to lose only this", store.ErrDamaged, test.ComparesPath(id), err)
	}
	return sites, nil
}

func decode(data []byte) ([]Site, error) {
	var c content
	if err := json.Unmarshal(data, &c); err != nil {
		return nil, errors.New(strings.TrimPrefix(err.Error(), "json: "))
	}
	for i := range c.Sites {
		if err := c.Sites[i].check(); err != nil {
			return nil, err
		}
		if i > 0 && c.Sites[i].Site <= c.Sites[i-1].Site {
			return nil, fmt.Errorf("site %d comes after %d", c.Sites[i].Site, c.Sites[i-1].Site)
		}
	}
	return c.Sites, nil
}

// check returns an error if a site cannot be one.
func (s *Site) check() error {
	if !slices.Contains([]int{0, 8, 16, 32, 64}, s.Bits) {
		return fmt.Errorf("site %d compares integers of %d bits", s.Site, s.Bits)
	}
	if s.Bits > 0 && s.Fold || s.Bits == 0 && s.Const {
		return fmt.Errorf("site %d compares integers and strings", s.Site)
	}
	if s.Nearest != nil && max(len(s.Nearest.TextA), len(s.Nearest.TextB)) > abi.CompareText {
		return fmt.Errorf("site %d has a text of more than %d bytes", s.Site, abi.CompareText)
	}
	return nil
}
