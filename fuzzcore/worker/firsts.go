package worker

import (
	"math/bits"
	"os"
	"path/filepath"
	"time"

	"github.com/fuzzls/fuzzls/fuzzcore/engine"
	"github.com/fuzzls/fuzzls/fuzzcore/provenance"
)

// This file defines firsts: which inputs of one fuzz test reached points first.

// firsts remembers the inputs with which this worker turned on points, and writes them
// to disk from time to time.
type firsts struct {
	test   *fuzzTest
	writer *provenance.Writer
	// seedFiles are the files of the seeds that have one, by the seed's encoding.
	seedFiles map[string]string
	waiting   []provenance.Find
	written   time.Time // when write was last called
}

// firstsEvery is how long a find waits for its record: an editor that asks which input
// reached a line is then about as fresh as what it shows.
const firstsEvery = time.Second

func (f *firsts) open(t *fuzzTest) {
	f.test = t
	f.writer = provenance.NewWriter(t.worker.state.FuzzTest(t.def.Package, t.def.Func), t.def.CoverageID)
	f.seedFiles = map[string]string{}
}

// noteSeed notes that a seed comes from a file, unless the path is "".
func (f *firsts) noteSeed(seed []byte, path string) {
	if path != "" {
		f.seedFiles[string(seed)] = path
	}
}

// start notes what was covered before the first input.
func (f *firsts) start(claimed []uint64) {
	f.add(provenance.Find{Time: time.Now(), Origin: provenance.Start}, claimed)
}

// note notes the points that a kept input claimed.
func (f *firsts) note(event *engine.Event, claimed []uint64) {
	find := provenance.Find{Time: time.Now(), Origin: origins[event.Origin]}
	switch event.Origin {
	case engine.Seed:
		find.File = f.seedFiles[string(event.Data)]
	case engine.Corpus:
		find.Time = f.test.corpus.found(event.Data, find.Time)
	}
	def := f.test.def
	find.Data = func() ([]byte, error) { return def.MarshalInput(event.Data) }
	f.add(find, claimed)
}

// origins translates the engine's word for where an input came from.
var origins = map[engine.Origin]provenance.Origin{
	engine.Mutant: provenance.Mutant, engine.Seed: provenance.Seed, engine.Corpus: provenance.Corpus, engine.Peer: provenance.Peer,
}

func (f *firsts) add(find provenance.Find, claimed []uint64) {
	for i, w := range claimed {
		for ; w != 0; w &= w - 1 {
			find.Points = append(find.Points, uint32(64*i+bits.TrailingZeros64(w)))
		}
	}
	f.waiting = append(f.waiting, find)
}

// write writes what waits.
func (f *firsts) write() error {
	if len(f.waiting) == 0 {
		return nil
	}
	f.written = time.Now()
	err := f.writer.Write(f.waiting)
	clear(f.waiting)
	f.waiting = f.waiting[:0]
	return err
}

// writeInTime writes what waits if that was not done for a while.
func (f *firsts) writeInTime() error {
	if len(f.waiting) == 0 || time.Since(f.written) < firstsEvery {
		return nil
	}
	return f.write()
}

// found returns when an entry of an earlier campaign was found: the time of its file.
// It is now if the file is gone.
func (c *corpus) found(stream []byte, now time.Time) time.Time {
	name, ok := c.loaded[string(stream)]
	if !ok {
		return now
	}
	info, err := os.Stat(filepath.Join(c.disk.Dir(), name))
	if err != nil {
		return now
	}
	return info.ModTime()
}
