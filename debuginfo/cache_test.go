package debuginfo

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// This file tests that answers from a Cache are those that were stored in it.

// openCached opens file with a cache in dir; its problems are appended to problems.
func openCached(t *testing.T, file, dir string, limit int64, problems *[]error) *File {
	t.Helper()
	f, err := OpenWith(file, OpenOptions{Cache: NewCache(dir, limit, func(err error) { *problems = append(*problems, err) })})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

// chains words the frames of all addresses.
func chains(t *testing.T, f *File, pcs []uint64, o Options) []string {
	t.Helper()
	calls, err := f.ResolveCalls(t.Context(), pcs, make([]Location, len(pcs)), o)
	if err != nil {
		t.Fatal(err)
	}
	var text []string
	var frames []Frame
	for i := range pcs {
		frames = calls.AppendFrames(frames[:0], i)
		var b strings.Builder
		for _, frame := range frames {
			fn := f.Func(frame.Func)
			b.WriteString(fn.Name + " " + fn.Linkage + " " + fn.Source + " " + f.place(fn.Declared) + " at " + f.place(frame.Location) + "\n")
		}
		text = append(text, b.String())
	}
	return text
}

// entries returns the paths of the entries in dir.
func entries(t *testing.T, dir string) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	return paths
}

func TestCache(t *testing.T) {
	file := buildGo(t, goSource, nil)
	pcs := sampleAddresses(t, mustOpen(t, file), minCached)
	plain := mustOpen(t, file)
	dir := filepath.Join(t.TempDir(), "made")
	var problems []error
	for _, o := range []Options{{}, {Literal: true}, {Workers: 2}} { // number of workers does not matter
		want := make([]Location, len(pcs))
		if err := plain.ResolveWith(t.Context(), pcs, want, o); err != nil {
			t.Fatal(err)
		}
		wantChains := chains(t, plain, pcs, o)
		for _, round := range []string{"stored", "read"} {
			f := openCached(t, file, dir, DefaultCacheLimit, &problems)
			got := make([]Location, len(pcs))
			if err := f.ResolveWith(t.Context(), pcs, got, o); err != nil {
				t.Fatal(err)
			}
			for i := range pcs {
				if f.place(got[i]) != plain.place(want[i]) {
					t.Fatalf("%s, %+v: %#x is at %s, want %s", round, o, pcs[i], f.place(got[i]), plain.place(want[i]))
				}
			}
			// Twice: the numbers of functions that were met before differ.
			for range 2 {
				if got := chains(t, f, pcs, o); !slices.Equal(got, wantChains) {
					t.Fatalf("%s, %+v: chains differ", round, o)
				}
			}
			if read := f.lines == nil; read != (round == "read") && o.Workers == 0 {
				t.Errorf("%s: line tables were not read: %v", round, read)
			}
		}
	}
	if len(problems) > 0 {
		t.Error(problems)
	}
	if n := len(entries(t, dir)); n != 4 {
		t.Errorf("%d entries, want lines and calls, each with and without line 0", n)
	}
	few := make([]Location, 1)
	if err := openCached(t, file, dir, DefaultCacheLimit, &problems).Resolve(pcs[:1], few); err != nil || len(entries(t, dir)) != 4 {
		t.Errorf("a small batch was stored (%v)", err)
	}
}

// TestCacheCorrupt damages an entry in each of its parts.
func TestCacheCorrupt(t *testing.T) {
	file := buildGo(t, goSource, nil)
	dir := t.TempDir()
	pcs := sampleAddresses(t, mustOpen(t, file), minCached)
	want := chains(t, mustOpen(t, file), pcs, Options{})
	var problems []error
	chains(t, openCached(t, file, dir, DefaultCacheLimit, &problems), pcs, Options{})
	entry := entries(t, dir)[0]
	sound, err := os.ReadFile(entry)
	if err != nil {
		t.Fatal(err)
	}
	damaged := [][]byte{{}, []byte("x"), sound[:100], sound[:len(sound)-8], append(bytes.Clone(sound), 1, 2, 3, 4, 5, 6, 7, 8)}
	for at := 0; at < len(sound); at += max(1, len(sound)/23) {
		d := bytes.Clone(sound)
		d[at] ^= 0x41
		damaged = append(damaged, d)
	}
	for i, d := range damaged {
		if err := os.WriteFile(entry, d, 0o600); err != nil {
			t.Fatal(err)
		}
		problems = nil
		if got := chains(t, openCached(t, file, dir, DefaultCacheLimit, &problems), pcs, Options{}); !slices.Equal(got, want) {
			t.Errorf("damage %d: wrong answers", i)
		}
		// Other addresses are no damage.
		if len(problems) == 0 && len(d) == len(sound) && bytes.Equal(d[:128], sound[:128]) && !bytes.Equal(d[128+8*len(pcs):], sound[128+8*len(pcs):]) {
			t.Errorf("damage %d: no problem was reported", i)
		}
		for _, problem := range problems {
			if !strings.Contains(problem.Error(), entry) {
				t.Errorf("the problem does not name the entry: %v", problem)
			}
		}
		// Its numbers depend on which goroutine was first.
		if now, err := os.ReadFile(entry); err != nil || len(now) != len(sound) {
			t.Errorf("damage %d: the entry was not made again (%v)", i, err)
		}
	}
}

// TestCacheLimit stores more than fits.
func TestCacheLimit(t *testing.T) {
	file := buildGo(t, goSource, nil)
	dir := t.TempDir()
	pcs := sampleAddresses(t, mustOpen(t, file), 4*minCached)
	const limit = 1 << 20
	var problems []error
	f := openCached(t, file, dir, limit, &problems)
	for i := range 16 {
		if err := f.Resolve(pcs[:minCached+i], make([]Location, minCached+i)); err != nil {
			t.Fatal(err)
		}
	}
	total := int64(0)
	for _, entry := range entries(t, dir) {
		info, err := os.Stat(entry)
		if err != nil {
			t.Fatal(err)
		}
		total += info.Size()
	}
	if total > limit || total < limit/2 {
		t.Errorf("%d bytes in the cache, the limit is %d", total, limit)
	}
	if len(problems) > 0 {
		t.Error(problems)
	}
}

// TestCacheUnwritable uses a cache whose directory cannot be made.
func TestCacheUnwritable(t *testing.T) {
	file := buildGo(t, goSource, nil)
	var problems []error
	f := openCached(t, file, filepath.Join(file, "below a file"), DefaultCacheLimit, &problems)
	pcs := sampleAddresses(t, f, minCached)
	if err := f.Resolve(pcs, make([]Location, len(pcs))); err != nil {
		t.Error(err)
	}
	if len(problems) == 0 {
		t.Error("no problem was reported")
	}
}

// FuzzCachedAnswer reads entries whose checksum is right and whose contents are not.
func FuzzCachedAnswer(f *testing.F) {
	pcs := []uint64{1, 2}
	where := []Location{{1, 2, 3}, {1, 4, 5}}
	p := answerParts{
		pcs: pcs, locations: where, innermost: []int32{0, 1}, nodes: []callNode{{parent: -1, fn: 1}, {parent: 0, fn: 1}},
		dirs: []uint32{2, 3}, files: []cachedFile{{}, {1, 4}}, funcs: []cachedFunc{{source: 1, linkage: 2}}, text: []byte("abcd"),
	}
	p.files[0].end = 3
	f.Add(p.encode())
	p.innermost, p.nodes = nil, nil
	f.Add(p.encode())
	f.Fuzz(func(t *testing.T, data []byte) {
		if size := len(bytesOf([]cacheHeader{{}})); len(data) >= size {
			r := cacheReader{data: bytes.Clone(data)}
			h := take[cacheHeader](&r, 1)[0]
			h.magic = cacheMagic
			if at := 8 * h.addresses; at < uint64(len(r.data)) {
				h.checksum = h.sum(r.data[at:])
			}
			data = append(bytes.Clone(bytesOf([]cacheHeader{h})), data[size:]...)
		}
		for _, withCalls := range []bool{false, true} {
			file := &File{sources: newSources()}
			out := make([]Location, len(pcs))
			calls, err := file.decodeAnswer(data, pcs, out, withCalls)
			if err != nil || !withCalls {
				continue
			}
			for i := range pcs {
				for _, frame := range calls.AppendFrames(nil, i) {
					_ = file.place(frame.Location)
					_ = file.Func(frame.Func)
				}
			}
		}
	})
}
