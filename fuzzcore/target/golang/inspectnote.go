package golang

import (
	"fmt"
	"os"
	"strings"

	"github.com/fuzzls/fuzzls/fuzzcore/coverage"
	"github.com/fuzzls/fuzzls/fuzzcore/store"
)

// This file defines inspectNote: what is remembered of an executable whose points
// were read, and the texts of its own source files, which the state keeps.

// inspectNote is the content of the file beside an executable that says what was read
// from it. Its text is a line with the key and the id, then one line for each source:
// the digest, a blank, the path.
type inspectNote struct {
	// key is the executable's fileKey.
	key string
	// id is the coverage id of its points.
	id uint64
	// sources are its own source files.
	sources []builtSource
}

// builtSource is a source file as it was when its points were read.
type builtSource struct {
	// digest is its store.SourceDigest, path where it was, absolute.
	digest, path string
}

// ownSources lists the user's own files of a build whose text was read.
func ownSources(points *coverage.Points) []builtSource {
	var out []builtSource
	for _, f := range points.Files {
		// A path with a line break, which no Go package has, would break the note.
		if f.Own && f.SHA256 != "" && !strings.Contains(f.Path, "\n") {
			out = append(out, builtSource{f.SHA256, f.Path})
		}
	}
	return out
}

func (n *inspectNote) encode() []byte {
	out := fmt.Appendf(nil, "%s %x\n", n.key, n.id)
	for _, s := range n.sources {
		out = fmt.Appendf(out, "%s %s\n", s.digest, s.path)
	}
	return out
}

func readInspectNote(path string) (inspectNote, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return inspectNote{}, err
	}
	return parseInspectNote(string(text))
}

// parseInspectNote reads what encode wrote.
func parseInspectNote(text string) (inspectNote, error) {
	var n inspectNote
	head, rest, whole := strings.Cut(text, "\n")
	if _, err := fmt.Sscanf(head, "%s %x", &n.key, &n.id); err != nil || !whole {
		return inspectNote{}, fmt.Errorf("note of an inspection: its first line is %q", head)
	}
	for line := range strings.Lines(rest) {
		line, whole := strings.CutSuffix(line, "\n")
		digest, path, ok := strings.Cut(line, " ")
		if !ok || !whole || path == "" {
			return inspectNote{}, fmt.Errorf("note of an inspection: %q is no source", line)
		}
		n.sources = append(n.sources, builtSource{digest, path})
	}
	return n, nil
}

// saveSources keeps the texts of source files that the state does not have yet. A file
// that is no longer what it was is left out: its text is lost.
func (p *preparer) saveSources(sources []builtSource) error {
	state := p.config.State
	for _, s := range sources {
		if state.HasSource(s.digest) {
			continue
		}
		text, err := os.ReadFile(s.path)
		if err != nil || store.SourceDigest(text) != s.digest {
			continue
		}
		if err := state.SaveSource(s.digest, text); err != nil {
			return err
		}
	}
	return nil
}
