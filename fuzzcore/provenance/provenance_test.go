package provenance

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fuzzls/fuzzls/fuzzcore/store"
)

// This file tests what is written, what is read of it, also meanwhile, and what goes.

const (
	build  = 0x1234
	points = 200
)

var when = time.Date(2026, 11, 21, 15, 25, 44, 123456789, time.UTC)

func newTest(t testing.TB) *store.FuzzTest {
	t.Helper()
	state, err := store.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	test := state.FuzzTest("example.com/m", "FuzzM")
	if err := test.Create(); err != nil {
		t.Fatal(err)
	}
	return test
}

// data returns the Find.Data of an input.
func data(text string) func() ([]byte, error) {
	return func() ([]byte, error) { return []byte(text), nil }
}

func write(t testing.TB, w *Writer, finds ...Find) {
	t.Helper()
	if err := w.Write(finds); err != nil {
		t.Fatal(err)
	}
}

func openLog(t testing.TB, test *store.FuzzTest) *Log {
	t.Helper()
	log, err := Open(test, build, points)
	if err != nil {
		t.Fatal(err)
	}
	return log
}

// checkFirst checks the record of a point; a zero want means that it is unknown.
func checkFirst(t *testing.T, log *Log, point uint32, want Record) {
	t.Helper()
	got, ok := log.First(point)
	if ok != (want != Record{}) || got.Origin != want.Origin || got.Input != want.Input || !got.Time.Equal(want.Time) {
		t.Errorf("point %d: %+v, %v, want %+v", point, got, ok, want)
	}
}

func TestWriteAndRead(t *testing.T) {
	test := newTest(t)
	w := NewWriter(test, build)
	seed := filepath.Join(test.Root(), "testdata", "fuzz", "FuzzM", "by hand")
	write(t, w,
		Find{Time: when, Origin: Start, Points: []uint32{0, 1, 2, 7}},
		Find{Time: when, Origin: Seed, Points: []uint32{3}, File: seed, Data: data("not needed")},
		Find{Time: when, Origin: Seed, Points: []uint32{4}, File: "/elsewhere/seed"},
		Find{Time: when, Origin: Mutant},
	)
	write(t, w, Find{Time: when.Add(1), Origin: Mutant, Points: []uint32{2, 199}, Data: data("mutant")})
	write(t, w)

	log := openLog(t, test)
	checkFirst(t, log, 0, Record{when, Start, ""})
	checkFirst(t, log, 2, Record{when, Start, ""}) // the first one counts
	checkFirst(t, log, 3, Record{when, Seed, seed})
	checkFirst(t, log, 4, Record{when, Seed, "/elsewhere/seed"})
	checkFirst(t, log, 5, Record{})
	checkFirst(t, log, 7, Record{when, Start, ""})
	mutant := filepath.Join(test.FirstDir(), store.EntryName([]byte("mutant")))
	checkFirst(t, log, 199, Record{when.Add(1), Mutant, mutant})
	checkFirst(t, log, points, Record{})
	if text, err := os.ReadFile(mutant); err != nil || string(text) != "mutant" {
		t.Errorf("the input is %q, %v", text, err)
	}
	if entries, err := os.ReadDir(test.FirstDir()); err != nil || len(entries) != 2 {
		t.Errorf("the folder holds %v, %v", entries, err)
	}
}

func TestInputIsLinkedToItsCorpusEntry(t *testing.T) {
	test := newTest(t)
	name, _, err := test.Corpus().Add([]byte("kept"))
	if err != nil {
		t.Fatal(err)
	}
	write(t, NewWriter(test, build), Find{Time: when, Origin: Mutant, Points: []uint32{1}, Data: data("kept")})
	first := filepath.Join(test.FirstDir(), name)
	a, errA := os.Stat(filepath.Join(test.Corpus().Dir(), name))
	b, errB := os.Stat(first)
	if err := errors.Join(errA, errB); err != nil || !os.SameFile(a, b) {
		t.Errorf("the input is no link to its entry: %v", err)
	}
	if err := test.Corpus().Remove(name); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(first); err != nil || string(text) != "kept" {
		t.Errorf("without its entry the input is %q, %v", text, err)
	}
}

func TestDamagedEntryIsNotLinked(t *testing.T) {
	test := newTest(t)
	name, _, err := test.Corpus().Add([]byte("kept"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{filepath.Join(test.Corpus().Dir(), name), filepath.Join(test.FirstDir(), name)} {
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	write(t, NewWriter(test, build), Find{Time: when, Origin: Mutant, Points: []uint32{1}, Data: data("kept")})
	if text, err := os.ReadFile(filepath.Join(test.FirstDir(), name)); err != nil || string(text) != "kept" {
		t.Errorf("the input is %q, %v", text, err)
	}
}

// TestRefresh reads a log that grows by single bytes.
func TestRefresh(t *testing.T) {
	test := newTest(t)
	log := openLog(t, test)
	write(t, NewWriter(test, build),
		Find{Time: when, Origin: Start, Points: []uint32{1}},
		Find{Time: when, Origin: Mutant, Points: []uint32{2}})
	path := test.FirstLogPath(build)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for i := range text {
		if _, err := file.Write(text[i : i+1]); err != nil {
			t.Fatal(err)
		}
		if err := log.Refresh(); err != nil {
			t.Fatal(err)
		}
		known := 0
		for p := range uint32(points) {
			if _, ok := log.First(p); ok {
				known++
			}
		}
		if whole := bytes.Count(text[:i+1], []byte("\n")); known != whole {
			t.Fatalf("after %d bytes %d points are known, want %d", i+1, known, whole)
		}
	}
}

func TestLogIsReplaced(t *testing.T) {
	test := newTest(t)
	w := NewWriter(test, build)
	write(t, w, Find{Time: when, Origin: Start, Points: []uint32{1}})
	log := openLog(t, test)
	if err := os.Remove(test.FirstLogPath(build)); err != nil {
		t.Fatal(err)
	}
	if err := log.Refresh(); err != nil {
		t.Fatal(err)
	}
	write(t, w, Find{Time: when, Origin: Mutant, Points: []uint32{2}})
	if err := log.Refresh(); err != nil {
		t.Fatal(err)
	}
	checkFirst(t, log, 2, Record{when, Mutant, ""})
}

func TestGarbage(t *testing.T) {
	good := `{"time":"2026-11-21T15:25:44Z","origin":"mutant","points":"9"}`
	for says, bad := range map[string]string{
		"invalid character":   "garbage",
		`the origin is ""`:    `{"points":"1"}`,
		`the origin is "god"`: `{"origin":"god","points":"1"}`,
		"point 200 of 200":    `{"origin":"start","points":"1-200"}`,
		"no points":           `{"origin":"start"}`,
		"not ascending":       `{"origin":"start","points":"5,1"}`,
		`"7-6" are no points`: `{"origin":"start","points":"7-6"}`,
		`is called "../x"`:    `{"origin":"start","points":"1","input":"../x"}`,
		"without end":         strings.Repeat("x", maxLine+1),
	} {
		test := newTest(t)
		if err := test.AppendFirstLog(build, []byte(good+"\n"+bad)); err != nil { // cut off
			t.Fatal(err)
		}
		write(t, NewWriter(test, build), Find{Time: when, Origin: Start, Points: []uint32{10}})
		log, err := Open(test, build, points)
		place := fmt.Sprintf("%s at byte %d", test.FirstLogPath(build), len(good)+1)
		if err == nil || !strings.Contains(err.Error(), says) || !strings.Contains(err.Error(), place) || !errors.Is(err, store.ErrDamaged) {
			t.Errorf("%.40s: error %v, want %s at %s", bad, err, says, place)
		}
		for p, known := range map[uint32]bool{1: false, 9: true, 10: true} {
			if _, ok := log.First(p); ok != known {
				t.Errorf("%.40s: point %d is known: %v", bad, p, ok)
			}
		}
		if err := log.Refresh(); err != nil {
			t.Errorf("%.40s: told again: %v", bad, err)
		}
	}
}

// TestManyWriters lets several writers append at the same time while one reads.
func TestManyWriters(t *testing.T) {
	const writers = 4
	test := newTest(t)
	log := openLog(t, test)
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			writer := NewWriter(test, build)
			for p := w; p < points; p += writers {
				find := Find{Time: when, Origin: Mutant, Points: []uint32{uint32(p)}, Data: data(fmt.Sprint(p / 8))}
				if err := writer.Write([]Find{find}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	done := make(chan struct{})
	go func() { all.Wait(); close(done) }()
	for running := true; running; {
		select {
		case <-done:
			running = false
		default:
		}
		if err := log.Refresh(); err != nil {
			t.Fatal(err)
		}
	}
	for p := range uint32(points) {
		r, ok := log.First(p)
		if text, err := os.ReadFile(r.Input); !ok || err != nil || string(text) != fmt.Sprint(p/8) {
			t.Errorf("point %d: %v, input %q, %v", p, ok, text, err)
		}
	}
}

func TestInputsAreBounded(t *testing.T) {
	test := newTest(t)
	w := NewWriter(test, build)
	w.limit = 100
	for p := range uint32(50) {
		write(t, w, Find{Time: when, Origin: Mutant, Points: []uint32{p}, Data: data(fmt.Sprintf("%010d", p))})
	}
	if size := sizeOfInputs(test.FirstDir()); size != 100 {
		t.Errorf("%d bytes of inputs, want 100", size)
	}
	log := openLog(t, test)
	for p, want := range map[uint32]bool{0: true, 9: true, 10: false, 49: false} {
		if r, ok := log.First(p); !ok || (r.Input != "") != want {
			t.Errorf("point %d: %+v, %v", p, r, ok)
		}
	}
	again := NewWriter(test, build)
	again.limit = 100
	write(t, again, Find{Time: when, Origin: Mutant, Points: []uint32{60}, Data: data("one more")})
	if size := sizeOfInputs(test.FirstDir()); size != 100 {
		t.Errorf("another writer made it %d bytes", size)
	}
}

func TestPrune(t *testing.T) {
	test := newTest(t)
	if err := Prune(test, build); err != nil {
		t.Fatal(err)
	}
	const builds = 8
	for id := range uint64(builds) {
		write(t, NewWriter(test, id),
			Find{Time: when, Origin: Mutant, Points: []uint32{1}, Data: data(fmt.Sprint("input ", id))},
			Find{Time: when, Origin: Mutant, Points: []uint32{2}, Data: data("common")})
		at := when.Add(time.Duration(id) * time.Minute)
		if err := os.Chtimes(test.FirstLogPath(id), at, at); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		if err := Prune(test, 2); err != nil {
			t.Fatal(err)
		}
		for id := range uint64(builds) {
			log, err := Open(test, id, points)
			if err != nil {
				t.Fatal(err)
			}
			r, ok := log.First(1)
			if want := slices.Contains([]uint64{2, 5, 6, 7}, id); ok != want {
				t.Errorf("build %d is known: %v, want %v", id, ok, want)
			}
			if _, err := os.Stat(r.Input); ok && err != nil {
				t.Error(err)
			}
		}
		if entries, err := os.ReadDir(test.FirstDir()); err != nil || len(entries) != 4+4+1 {
			t.Errorf("the folder holds %v, %v", entries, err)
		}
	}
}

// FuzzLog: whatever a log holds, reading it in two parts says the same as at once, and
// what is read can be written and read again.
func FuzzLog(f *testing.F) {
	f.Add([]byte(`{"time":"2026-11-21T15:25:44Z","origin":"start","points":"0-3,7"}`+"\n"+`{"origin":"seed","file":"a/b","points":"8"}`+"\n"), 10)
	f.Add([]byte("\n\ngarbage\n{"), 3)
	f.Add([]byte(`{"origin":"mutant","input":"771e938e4458e983","points":"1-199"}`+"\n"), 0)
	state, err := store.Open(f.TempDir())
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text []byte, cut int) {
		test := state.FuzzTest("example.com/m", t.Name())
		path := test.FirstLogPath(build)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		put := func(text []byte) {
			if err := os.WriteFile(path, text, 0o666); err != nil {
				t.Fatal(err)
			}
		}
		put(text)
		whole, wholeErr := Open(test, build, points)
		put(text[:min(max(cut, 0), len(text))])
		parts, errA := Open(test, build, points)
		put(text)
		errB := parts.Refresh()
		if (wholeErr == nil) != (errors.Join(errA, errB) == nil) {
			t.Fatalf("at once: %v, in parts: %v, %v", wholeErr, errA, errB)
		}
		if !slices.Equal(whole.first, parts.first) || !slices.Equal(whole.records, parts.records) {
			t.Fatalf("at once %+v, in parts %+v", whole.records, parts.records)
		}
	})
}

// FuzzRanges: ranges of points are read back.
func FuzzRanges(f *testing.F) {
	f.Add([]byte{0x0f, 0, 0x80}, "3-17,20")
	f.Fuzz(func(t *testing.T, set []byte, text string) {
		var want []uint32
		for i := range 8 * len(set) {
			if set[i/8]>>(i%8)&1 != 0 {
				want = append(want, uint32(i))
			}
		}
		if len(want) > 0 {
			ranges, err := parseRanges(string(appendRanges(nil, want)), 8*len(set))
			if got := expand(ranges); err != nil || !slices.Equal(got, want) {
				t.Errorf("%v becomes %v, %v", want, got, err)
			}
		}
		if ranges, err := parseRanges(text, 1000); err == nil {
			again, err := parseRanges(string(appendRanges(nil, expand(ranges))), 1000)
			if err != nil || !slices.Equal(expand(again), expand(ranges)) {
				t.Errorf("%q becomes %v, then %v, %v", text, ranges, again, err)
			}
		}
	})
}

func expand(ranges [][2]uint32) []uint32 {
	var out []uint32
	for _, r := range ranges {
		for p := r[0]; p <= r[1]; p++ {
			out = append(out, p)
		}
	}
	return out
}

func BenchmarkWrite(b *testing.B) {
	w := NewWriter(newTest(b), build)
	n := 0
	for b.Loop() {
		n++
		write(b, w, Find{Time: when, Origin: Mutant, Points: []uint32{3, 4, 5, 9}, Data: data(fmt.Sprint(n))})
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(n), "µs/record")
}
