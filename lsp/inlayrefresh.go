package lsp

import (
	"context"
	"encoding/binary"
	"hash/maphash"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/fuzzls/fuzzls/fuzzcore/live"
)

// This file asks the client to fetch inlay hints again when they changed.

// hintsEvery is the shortest time between two such requests: hints move the text behind
// them, and the client asks for those of all visible documents each time.
const hintsEvery = 2 * time.Second

// hintsCause is why hints may have changed.
type hintsCause int

const (
	hintsReplaced hintsCause = iota // a build, clearing, other workspaces, settings
	hintsRan                        // fuzz tests ran: only if that covered anything
)

// hintsRefresher remembers which hints the client was given, and compares.
type hintsRefresher struct {
	server *server
	sender *coalescer[hintsCause]
	seed   maphash.Seed
	// points is how many points were covered at the last comparison; used by the sender
	// only.
	points uint64

	mu sync.Mutex // guards given
	// given holds, by the path of documents that the client asked about, the hash of the
	// hints that it was given, or was asked to fetch.
	given map[string]uint64
}

func newHintsRefresher(s *server) *hintsRefresher {
	r := &hintsRefresher{server: s, seed: maphash.MakeSeed(), given: map[string]uint64{}}
	r.sender = newCoalescer(s, hintsEvery, r.send)
	return r
}

func (r *hintsRefresher) linesCovered(*live.Workspace, string, []uint32) { r.sender.mark(hintsRan) }
func (r *hintsRefresher) testsChanged(*live.Workspace)                   { r.sender.mark(hintsRan) }
func (r *hintsRefresher) coverageReplaced(*live.Workspace)               { r.sender.mark(hintsReplaced) }
func (r *hintsRefresher) workspacesChanged()                             { r.sender.mark(hintsReplaced) }
func (r *hintsRefresher) settingsChanged()                               { r.sender.mark(hintsReplaced) }
func (r *hintsRefresher) documentOpened(*document)                       {}
func (r *hintsRefresher) documentChanged(*document)                      {}

func (r *hintsRefresher) documentClosed(doc *document) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.given, doc.path)
}

// hints returns the hints of a file, which the client is given.
func (r *hintsRefresher) hints(path string) []live.Hint {
	hints := r.now(path)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.given[path] = r.hash(hints)
	return hints
}

// now returns the hints of a file, for lines of the built text.
func (r *hintsRefresher) now(path string) []live.Hint {
	w := r.server.coveringWorkspace(path)
	if w == nil || !r.server.settings().InlayHints {
		return nil
	}
	return w.Hints(path, 1, math.MaxUint32)
}

func (r *hintsRefresher) hash(hints []live.Hint) uint64 {
	var h maphash.Hash
	h.SetSeed(r.seed)
	for _, hint := range hints {
		var place [8]byte
		binary.LittleEndian.PutUint64(place[:], uint64(hint.Line)<<8|uint64(hint.Kind))
		h.Write(place[:])
		h.WriteString(hint.Text)
		h.WriteByte(0)
	}
	return h.Sum64()
}

func (r *hintsRefresher) send(ctx context.Context, causes []hintsCause) {
	points := r.server.coveredPoints()
	unchanged := points == r.points && !slices.Contains(causes, hintsReplaced)
	r.points = points
	if unchanged || !r.server.caps.inlayHintRefresh || !r.changed() {
		return
	}
	// An error means that the client cannot, or that the connection is gone.
	_ = r.server.client.InlayHintRefresh(ctx)
}

// changed reports whether hints of any document are others than those given, and takes
// them for given.
func (r *hintsRefresher) changed() bool {
	changed := false
	for _, path := range r.asked() {
		hash := r.hash(r.now(path))
		r.mu.Lock()
		if was, ok := r.given[path]; ok && was != hash {
			r.given[path] = hash
			changed = true
		}
		r.mu.Unlock()
	}
	return changed
}

// asked returns the paths of the documents that the client asked about.
func (r *hintsRefresher) asked() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	paths := make([]string, 0, len(r.given))
	for path := range r.given {
		paths = append(paths, path)
	}
	return paths
}

// coveredPoints is the sum of the points that all fuzz tests have covered.
func (s *server) coveredPoints() (points uint64) {
	for _, w := range s.workspaces() {
		for _, t := range w.Tests() {
			points += t.Figures.Points
		}
	}
	return points
}
