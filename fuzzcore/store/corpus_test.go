package store

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestCorpus(t *testing.T) {
	s := open(t, t.TempDir())
	test := s.FuzzTest("github.com/BurntSushi/toml", "FuzzDecode")
	want := filepath.Join(s.Dir(), "tests/github.com+BurntSushi+toml,00801/FuzzDecode,11")
	if test.Dir() != want {
		t.Errorf("folder %s, want %s", test.Dir(), want)
	}
	corpus := test.Corpus()
	checkEntries(t, corpus)
	// The name that go test gives these bytes.
	const entry, name = "go test fuzz v1\nstring(\"0\")\n", "771e938e4458e983"
	for i, wantAdded := range []bool{true, false} {
		got, added, err := corpus.Add([]byte(entry))
		if err != nil || got != name || added != wantAdded {
			t.Errorf("Add, time %d: %s, %v, %v, want %s, %v", i, got, added, err, name, wantAdded)
		}
	}
	if _, _, err := corpus.Add(nil); err != nil {
		t.Error(err)
	}
	// What else can be in the folder.
	makeFile(t, filepath.Join(corpus.Dir(), "by hand"), []byte("0"))
	makeFile(t, filepath.Join(corpus.Dir(), ".tmp-0"), []byte("0"))
	makeDirs(t, filepath.Join(corpus.Dir(), "folder"))
	names, err := corpus.List()
	if err != nil || !slices.Equal(names, []string{name, "by hand", EntryName(nil)}) {
		t.Errorf("List: %q, %v", names, err)
	}
	checkEntries(t, corpus, entry, "", "0")
	for range 2 {
		if err := corpus.Remove(name); err != nil {
			t.Error(err)
		}
	}
	checkEntries(t, corpus, "", "0")
	_, err = corpus.Read(name)
	checkError(t, err, fs.ErrNotExist, corpus.Dir())
}

func TestCorpusNames(t *testing.T) {
	corpus := open(t, t.TempDir()).FuzzTest("p", "f").Corpus()
	for _, name := range []string{"", ".", "..", ".hidden", "../x", "/etc/passwd", "a/b", "a\x00"} {
		_, err := corpus.Read(name)
		checkError(t, err, nil, "is not a file name")
		checkError(t, corpus.Remove(name), nil, "is not a file name")
		checkError(t, corpus.SetAside(name, "because"), nil, "is not a file name")
	}
}

func TestCorpusDamaged(t *testing.T) {
	corpus := open(t, t.TempDir()).FuzzTest("p", "f").Corpus()
	name, _, err := corpus.Add([]byte("content"))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(corpus.Dir(), name)
	makeFile(t, path, nil) // as a power failure leaves it
	_, err = corpus.Read(name)
	checkError(t, err, ErrDamaged, path)
	if _, added, err := corpus.Add([]byte("content")); err != nil || !added {
		t.Errorf("adding it again: %v, %v", added, err)
	}
	checkEntries(t, corpus, "content")
}

func TestCorpusSetAside(t *testing.T) {
	s := open(t, t.TempDir())
	test := s.FuzzTest("p", "f")
	corpus := test.Corpus()
	for range 2 { // it may come back
		name, _, err := corpus.Add([]byte("bad"))
		if err != nil {
			t.Fatal(err)
		}
		if err := corpus.SetAside(name, "argument 2: want int"); err != nil {
			t.Fatal(err)
		}
		checkEntries(t, corpus)
		aside := filepath.Join(test.Dir(), "aside", name)
		if readFile(t, aside) != "bad" || readFile(t, aside+".reason") != "argument 2: want int\n" {
			t.Error("set aside is something else")
		}
		checkError(t, corpus.SetAside(name, "again"), fs.ErrNotExist, corpus.Dir())
	}
}

func TestFuzzTests(t *testing.T) {
	s := open(t, t.TempDir())
	if tests, err := s.FuzzTests(); err != nil || len(tests) != 0 {
		t.Errorf("fuzz tests of a new state: %v, %v", tests, err)
	}
	names := [][2]string{{"a", "FuzzB"}, {"a", "Fuzzb"}, {"example.com/P", "root.test.find magic"}}
	for _, name := range names {
		test := s.FuzzTest(name[0], name[1])
		if err := test.Create(); err != nil {
			t.Fatal(err)
		}
		if !dirExists(filepath.Dir(test.CoveragePath(1))) {
			t.Errorf("no folder for %s", test.CoveragePath(1))
		}
	}
	tests, err := s.FuzzTests()
	if err != nil {
		t.Fatal(err)
	}
	var got [][2]string
	for _, test := range tests {
		got = append(got, [2]string{test.Target, test.Name})
		if test.Dir() != s.FuzzTest(test.Target, test.Name).Dir() {
			t.Errorf("folder of %v is %s", got, test.Dir())
		}
	}
	if !slices.Equal(got, names) {
		t.Errorf("fuzz tests %v, want %v", got, names)
	}
}

const sharedEntries = 200

// addEntries adds entries that other processes add as well, and one of its own.
func addEntries(root string) error {
	s, err := Open(root)
	if err != nil {
		return err
	}
	corpus := s.FuzzTest("p", "f").Corpus()
	reached("ready")
	for i := range sharedEntries {
		if _, _, err := corpus.Add(fmt.Append(nil, i)); err != nil {
			return err
		}
	}
	_, _, err = corpus.Add(fmt.Append(nil, "process ", os.Getpid()))
	return err
}

func TestCorpusOfTwoProcesses(t *testing.T) {
	s := open(t, t.TempDir())
	processes := []*process{start(t, "add", s.Root()), start(t, "add", s.Root())}
	var want []string
	for _, p := range processes {
		p.line()
		want = append(want, fmt.Sprint("process ", p.Process.Pid))
	}
	for _, p := range processes {
		p.in.Close() // both begin
	}
	for _, p := range processes {
		p.finish()
	}
	for i := range sharedEntries {
		want = append(want, fmt.Sprint(i))
	}
	checkEntries(t, s.FuzzTest("p", "f").Corpus(), want...)
	lock, err := s.Lock()
	if err != nil {
		t.Fatal(err)
	}
	lock.Unlock()
}

// checkEntries checks that a corpus has these entries and no others.
func checkEntries(t *testing.T, corpus *Corpus, want ...string) {
	t.Helper()
	names, err := corpus.List()
	if err != nil {
		t.Fatal(err)
	}
	if !slices.IsSorted(names) {
		t.Errorf("entries are not sorted: %q", names)
	}
	var got []string
	for _, name := range names {
		data, err := corpus.Read(name)
		if err != nil {
			t.Error(err)
		}
		got = append(got, string(data))
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("entries %q, want %q", got, want)
	}
}

func BenchmarkCorpusAdd(b *testing.B) {
	s, err := Open(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	corpus := s.FuzzTest("p", "f").Corpus()
	entry := make([]byte, 100)
	for i := 0; b.Loop(); i++ {
		if _, _, err := corpus.Add(fmt.Append(entry, i)); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "entries/s")
}
