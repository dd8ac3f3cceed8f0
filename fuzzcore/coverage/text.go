package coverage

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"charm.land/lipgloss/v2"
)

// This file writes annotated source for people. Marks differ by shape, so that
// nothing is lost without colour:
//
//	+ covered   ~ partly   - not covered   > fuzzing enters here

// TextOptions choose what WriteText shows.
type TextOptions struct {
	// Color writes ANSI colours.
	Color bool
	// OnlyCovered leaves out files of which nothing ran.
	OnlyCovered bool
	// Context, if above 0, leaves out runs of lines that neither ran nor are within
	// so many lines of one that did.
	Context int
	// Lines, if not nil, returns the first and last line to show of a file, 1-based;
	// ok is false for all of it.
	Lines func(path string) (first, last int, ok bool)
	// Dir, if not "", is what the names of files below it are relative to.
	Dir string
	// ReadFile reads the source, os.ReadFile if nil.
	ReadFile func(path string) ([]byte, error)
}

// mark is how a line is shown in the gutter.
type mark struct {
	text  string
	style lipgloss.Style
}

// The colours are the terminal's own green, yellow, red and cyan, which its
// user chose to be readable.
var (
	plain = lipgloss.NewStyle()
	marks = [...]mark{
		NotInstrumented: {" ", plain},
		NotCovered:      {"-", plain.Foreground(lipgloss.Red)},
		Partly:          {"~", plain.Foreground(lipgloss.Yellow)},
		Covered:         {"+", plain.Foreground(lipgloss.Green)},
	}
	entryMark = mark{">", plain.Foreground(lipgloss.Cyan).Bold(true)}
	titleLook = plain.Bold(true)
	dimLook   = plain.Faint(true)
)

// WriteText writes the source of all files with instrumented lines, each line
// with its state. A file whose text is not what was built is named, not shown.
func WriteText(w io.Writer, t *Tracker, options TextOptions) error {
	if options.ReadFile == nil {
		options.ReadFile = os.ReadFile
	}
	out := &textWriter{Writer: bufio.NewWriter(w), options: options}
	first := true
	for _, f := range t.byPath() {
		if options.OnlyCovered && t.Summary(f).Ran() == 0 {
			continue
		}
		if !first {
			fmt.Fprintln(out)
		}
		first = false
		out.file(t, f)
	}
	if first {
		fmt.Fprintln(out, "No covered source.")
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("writing annotated source: %w", err)
	}
	return nil
}

// textWriter writes annotated source; its bufio.Writer remembers errors.
type textWriter struct {
	*bufio.Writer
	options TextOptions
}

func (w *textWriter) file(t *Tracker, file int) {
	f := &t.points.Files[file]
	s := t.Summary(file)
	title := fmt.Sprintf("%s: %d of %d lines covered", w.name(f.Path), s.Ran(), s.Instrumented)
	if s.Partly > 0 {
		title += fmt.Sprintf(", %d of them partly", s.Partly)
	}
	if !f.Exact {
		title += " (at least)"
	}
	fmt.Fprintln(w, w.look(titleLook, title))
	text, err := w.options.ReadFile(f.Path)
	if err != nil {
		fmt.Fprintf(w, "  not shown: %v\n", err)
		return
	}
	if digest := sha256.Sum256(text); f.SHA256 != "" && f.SHA256 != hex.EncodeToString(digest[:]) {
		fmt.Fprintln(w, "  not shown: the file changed since it was built")
		return
	}
	lines := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	w.lines(lines, t.files[file], w.shown(f.Path, len(lines), t.files[file]))
}

func (w *textWriter) name(path string) string {
	if w.options.Dir == "" {
		return path
	}
	rel, err := filepath.Rel(w.options.Dir, path)
	if err != nil || !filepath.IsLocal(rel) {
		return path
	}
	return rel
}

// lines writes a file's text: the lines that show tells, all if it is nil. states
// may be shorter than the text.
func (w *textWriter) lines(text []string, states []Line, show []bool) {
	width := len(fmt.Sprint(len(text)))
	skipped := 0
	for i, line := range text {
		if show != nil && !show[i] {
			skipped++
			continue
		}
		w.fold(&skipped, width)
		var l Line
		if i < len(states) {
			l = states[i]
		}
		w.line(i+1, width, l, strings.TrimSuffix(line, "\r"))
	}
	w.fold(&skipped, width)
}

func (w *textWriter) line(number, width int, l Line, text string) {
	entry := " "
	if l.Entry {
		entry = w.look(entryMark.style, entryMark.text)
	}
	m := marks[l.State]
	gutter := fmt.Sprintf("%s %s", m.text, w.counts(l))
	out := fmt.Sprintf("%s%s %s %s", entry, w.look(m.style, gutter), w.look(dimLook, fmt.Sprintf("%*d |", width, number)), expandTabs(text))
	fmt.Fprintln(w, strings.TrimRight(out, " \t"))
}

// tabWidth is how far tabs indent: half of a terminal's own, because the gutter
// takes room that the source was not written for.
const tabWidth = 4

// expandTabs replaces tabs by blanks up to the next multiple of tabWidth.
func expandTabs(text string) string {
	if !strings.Contains(text, "\t") {
		return text
	}
	var b strings.Builder
	column := 0
	for _, r := range text {
		if r != '\t' {
			b.WriteRune(r)
			column++
			continue
		}
		n := tabWidth - column%tabWidth
		b.WriteString(strings.Repeat(" ", n))
		column += n
	}
	return b.String()
}

// counts says how many ways out of a partly covered line's conditions were
// taken, or if all were, how many of its pieces ran: 5 columns.
func (w *textWriter) counts(l Line) string {
	if l.State != Partly {
		return "     "
	}
	n, of := l.BranchesHit, l.Branches
	if n >= of {
		n, of = l.Hit, l.Points
	}
	return fmt.Sprintf("%-5s", fmt.Sprintf("%d/%d", n, of))
}

func (w *textWriter) fold(skipped *int, width int) {
	if *skipped > 0 {
		fmt.Fprintf(w, "%*s %s\n", width+9, "", w.look(dimLook, fmt.Sprintf("... %d lines", *skipped)))
	}
	*skipped = 0
}

// shown tells which lines of a file to show: those asked for, or those within
// Context of one that ran; nil means all.
func (w *textWriter) shown(path string, lines int, states []Line) []bool {
	out := make([]bool, lines)
	if w.options.Lines != nil {
		if first, last, ok := w.options.Lines(path); ok {
			for i := max(first, 1); i <= min(last, lines); i++ {
				out[i-1] = true
			}
			return out
		}
	}
	if w.options.Context <= 0 {
		return nil
	}
	for i := range min(lines, len(states)) {
		if l := states[i]; l.State < Partly && !l.Entry {
			continue
		}
		for k := max(0, i-w.options.Context); k <= min(lines-1, i+w.options.Context); k++ {
			out[k] = true
		}
	}
	return out
}

func (w *textWriter) look(s lipgloss.Style, text string) string {
	if !w.options.Color {
		return text
	}
	return s.Render(text)
}
