package target

import (
	"bytes"
	"os"
	"sync"

	"github.com/fuzzls/fuzzls/fuzzcore/store"
)

// This file defines Sources: the source as it was when a fuzz test was built. The user
// goes on editing while it runs, and a crash must stay the same crash.

// Sources reads lines of the text that a fuzz test was built from. Its method is safe for
// concurrent use.
type Sources struct {
	state *store.State
	test  *Test

	mu sync.Mutex
	// digests are those of the instrumented files, by path; nil until one is asked for.
	digests map[string]string // guarded by mu
	// texts are the files that were read; nil for what is to be read from the disk.
	texts map[string][]byte // guarded by mu
}

// NewSources returns the sources of a fuzz test that has just been built: the file that
// declares it, which may not be instrumented, is read now, the others when they are asked
// for. state may be nil; then they are what is on the disk.
func NewSources(state *store.State, t *Test) *Sources {
	s := &Sources{state: state, test: t, texts: map[string][]byte{}}
	if text, err := os.ReadFile(t.File); err == nil {
		s.texts[t.File] = text
	}
	return s
}

// Line returns the text of a line of a file, "" if there is none.
func (s *Sources) Line(file string, line int) string {
	text := s.text(file)
	if line < 1 {
		return ""
	}
	for ; line > 1; line-- {
		_, rest, ok := bytes.Cut(text, []byte("\n"))
		if !ok {
			return ""
		}
		text = rest
	}
	found, _, _ := bytes.Cut(text, []byte("\n"))
	return string(found)
}

// text returns the text of a file. What was not kept, such as that of a library, is taken
// from the disk.
func (s *Sources) text(file string) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	digest := s.digest(file)
	if digest != "" && s.texts[file] == nil {
		if text, err := s.state.Source(digest); err == nil {
			s.texts[file] = text
		}
	}
	if text := s.texts[file]; text != nil {
		return text
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil
	}
	return text
}

// digest returns the digest of an instrumented file, "" of others. The caller holds s.mu.
func (s *Sources) digest(file string) string {
	if s.digests == nil {
		s.digests = map[string]string{}
		if s.state == nil {
			return ""
		}
		points, err := Points(s.state, s.test.CoverageID)
		if err != nil {
			return "" // the build is gone; the disk is what there is
		}
		for i := range points.Files {
			s.digests[points.Files[i].Path] = points.Files[i].SHA256
		}
	}
	return s.digests[file]
}
