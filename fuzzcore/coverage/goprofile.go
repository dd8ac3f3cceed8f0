package coverage

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
)

// This file writes Go cover profiles: what `go test -coverprofile` writes and
// `go tool cover` reads. Order and extents are those of Go's own
// (internal/coverage/cformat): by import path, file, start line, end line,
// start column, end column.

// WriteGoProfile writes the exact files as a Go cover profile of mode set.
func WriteGoProfile(w io.Writer, t *Tracker) error {
	p := t.points
	var spans []*Span
	for i := range p.Spans {
		if s := &p.Spans[i]; s.StartCol > 0 && p.Files[s.File].Profile != "" {
			spans = append(spans, s)
		}
	}
	slices.SortStableFunc(spans, func(a, b *Span) int {
		if a.File != b.File {
			x, y := p.Files[a.File].Profile, p.Files[b.File].Profile
			if c := cmp.Or(strings.Compare(path.Dir(x), path.Dir(y)), strings.Compare(x, y)); c != 0 {
				return c
			}
		}
		return compareProfileSpans(a, b)
	})
	out := bufio.NewWriter(w)
	fmt.Fprintln(out, "mode: set")
	for i := 0; i < len(spans); {
		s, count := spans[i], 0
		// One block can have several points when builds or copies were merged.
		for ; i < len(spans) && spans[i].File == s.File && compareProfileSpans(spans[i], s) == 0; i++ {
			if t.Hit(spans[i].Point) {
				count = 1
			}
		}
		fmt.Fprintf(out, "%s:%d.%d,%d.%d %d %d\n", p.Files[s.File].Profile, s.StartLine, s.StartCol, s.EndLine, s.EndCol, s.Stmts, count)
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("writing a Go cover profile: %w", err)
	}
	return nil
}

func compareProfileSpans(a, b *Span) int {
	return cmp.Or(cmp.Compare(a.StartLine, b.StartLine), cmp.Compare(a.EndLine, b.EndLine),
		cmp.Compare(a.StartCol, b.StartCol), cmp.Compare(a.EndCol, b.EndCol), cmp.Compare(a.Stmts, b.Stmts))
}
