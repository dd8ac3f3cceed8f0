package coverage

import (
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// This file stores Points: JSON, gzipped in files (a tenth of the plain size).

const (
	// maxPointsSize bounds what Decode unpacks: a million points take about 150 MB.
	maxPointsSize = 1 << 30
	// maxLine bounds line numbers, because line tables are allocated up to them. It
	// is the Go compiler's own limit (cmd/internal/src).
	maxLine = 1 << 20
)

// Encode writes p as JSON.
func (p *Points) Encode(w io.Writer) error {
	if err := json.NewEncoder(w).Encode(p); err != nil {
		return fmt.Errorf("writing coverage points: %w", err)
	}
	return nil
}

// DecodePoints reads what Encode wrote and checks it, so that the points can be
// used without further checks.
func DecodePoints(r io.Reader) (*Points, error) {
	limited := &io.LimitedReader{R: r, N: maxPointsSize}
	p := &Points{}
	if err := json.NewDecoder(limited).Decode(p); err != nil {
		if limited.N == 0 {
			return nil, fmt.Errorf("reading coverage points: more than %d bytes", maxPointsSize)
		}
		return nil, fmt.Errorf("reading coverage points: %w", err)
	}
	if err := p.check(); err != nil {
		return nil, fmt.Errorf("reading coverage points: %w", err)
	}
	return p, nil
}

// Save writes p to a gzipped file, whole or not at all.
func (p *Points) Save(path string) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".tmp*")
	if err != nil {
		return fmt.Errorf("saving coverage points: %w", err)
	}
	z := gzip.NewWriter(f)
	err = errors.Join(p.Encode(z), z.Close(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("saving coverage points to %s: %w", path, err), os.Remove(f.Name()))
	}
	return nil
}

// LoadPoints reads a file that Save wrote.
func LoadPoints(path string) (*Points, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("loading coverage points: %w", err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, damaged(path, err)
	}
	p, err := DecodePoints(z)
	if err != nil {
		return nil, damaged(path, err)
	}
	return p, nil
}

func damaged(path string, err error) error {
	return fmt.Errorf("loading %s: %w: delete it and build the target again", path, err)
}

// check returns an error that names the first entry that is out of range.
func (p *Points) check() error {
	if p.Edges < 0 || p.Edges+len(p.Cells) != len(p.PCs) {
		return fmt.Errorf("%d edges and %d blocks, but %d addresses", p.Edges, len(p.Cells), len(p.PCs))
	}
	place := func(what string, i int, file, line uint32) error {
		if int(file) >= len(p.Files) {
			return fmt.Errorf("%s %d is in file %d of %d", what, i, file, len(p.Files))
		}
		if line == 0 || line > maxLine {
			return fmt.Errorf("%s %d is on line %d", what, i, line)
		}
		return nil
	}
	point := func(what string, i int, point uint32) error {
		if point != NoPoint && int(point) >= len(p.PCs) {
			return fmt.Errorf("%s %d has point %d of %d", what, i, point, len(p.PCs))
		}
		return nil
	}
	for i, c := range p.Counted {
		if int(c) >= len(p.PCs) || i > 0 && c <= p.Counted[i-1] {
			return fmt.Errorf("counted point %d is number %d of %d, out of order or range", i, c, len(p.PCs))
		}
	}
	for i, f := range p.Files {
		last := uint32(0)
		for _, r := range f.Code {
			if r.First <= last || r.Last < r.First || r.Last > maxLine {
				return fmt.Errorf("file %d has code on lines %d to %d, after line %d", i, r.First, r.Last, last)
			}
			last = r.Last
		}
	}
	for i, s := range p.Spans {
		if err := errors.Join(place("span", i, s.File, s.EndLine), place("span", i, s.File, s.StartLine), point("span", i, s.Point)); err != nil {
			return err
		}
		if lines := s.lines(); s.StartLine > s.EndLine || lines.First < s.StartLine || lines.Last > s.EndLine || lines.First > lines.Last {
			return fmt.Errorf("span %d goes from line %d to %d, with text on %d to %d", i, s.StartLine, s.EndLine, lines.First, lines.Last)
		}
	}
	for i, b := range p.Branches {
		if err := errors.Join(place("branch", i, b.File, b.Line), point("branch", i, b.Point)); err != nil {
			return err
		}
	}
	for i, c := range p.Compares {
		if err := place("comparison", i, c.File, c.Line); err != nil {
			return err
		}
		if i > 0 && c.Site <= p.Compares[i-1].Site {
			return fmt.Errorf("comparison %d has site %#x after %#x", i, c.Site, p.Compares[i-1].Site)
		}
	}
	for i, f := range p.Funcs {
		if err := errors.Join(place("function", i, f.File, f.Line), point("function", i, f.First)); err != nil {
			return err
		}
	}
	return nil
}
