package store

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

func TestOpen(t *testing.T) {
	root := t.TempDir()
	_, err := Existing(root)
	checkError(t, err, ErrNoState, "no fuzzls state in "+root+": run `fuzzls fuzz` there first")
	s := open(t, root)
	if s.Root() != root || s.Dir() != filepath.Join(root, ".fuzzls") {
		t.Errorf("root %s, state folder %s", s.Root(), s.Dir())
	}
	if got := readFile(t, filepath.Join(root, ".fuzzls", ".gitignore")); got != "*\n" {
		t.Errorf(".gitignore is %q", got)
	}
	if got := s.CoveragePath(0x4d683265086d6bfe); got != filepath.Join(root, ".fuzzls/v/fe6b6d086532684d") {
		t.Errorf("coverage file is %s", got)
	}
	if !dirExists(filepath.Dir(s.CoveragePath(0))) {
		t.Error("the folder of coverage files does not exist")
	}
	open(t, root)
	if _, err := Existing(root); err != nil {
		t.Error(err)
	}
}

func TestOpenKeepsGitignore(t *testing.T) {
	root := t.TempDir()
	s := open(t, root)
	path := filepath.Join(s.Dir(), ".gitignore")
	makeFile(t, path, []byte("v/\n"))
	open(t, root)
	if got := readFile(t, path); got != "v/\n" {
		t.Errorf("the user's .gitignore became %q", got)
	}
}

func TestOpenRelative(t *testing.T) {
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(root)
	s, err := Open(".")
	if err != nil || s.Root() != root {
		t.Errorf("root %v, %v", s, err)
	}
}

func TestOpenWhereItCannot(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	makeFile(t, file, nil)
	missing := filepath.Join(dir, "missing")
	for _, open := range []func(string) (*State, error){Open, Existing} {
		_, err := open(missing)
		checkError(t, err, fs.ErrNotExist, "opening the workspace "+missing+": no such file")
		_, err = open(file)
		checkError(t, err, syscall.ENOTDIR, "opening the workspace "+file+": not a directory: a file is in the place of a folder")
	}
	makeFile(t, filepath.Join(dir, ".fuzzls"), nil)
	for _, open := range []func(string) (*State, error){Open, Existing} {
		_, err := open(dir)
		checkError(t, err, syscall.ENOTDIR, filepath.Join(dir, ".fuzzls")+": not a directory: a file is in the place of a folder: move it away")
	}
}

// TestOpenInProc opens a state where even root cannot create one.
func TestOpenInProc(t *testing.T) {
	if _, err := os.Stat("/proc/self/status"); err != nil {
		t.Skipf("no /proc: %v", err)
	}
	_, err := Open("/proc/self")
	checkError(t, err, nil, "creating the state folder /proc/self/.fuzzls: ")
}

func TestWriteErrors(t *testing.T) {
	for number, remedy := range map[syscall.Errno]string{
		syscall.ENOSPC: "no space left on device: free some space on that disk",
		syscall.EDQUOT: "free some space within the quota",
		syscall.EROFS:  "read-only file system: work in a copy of the workspace that can be written",
		syscall.EACCES: "permission denied: give this user the right to write there",
		syscall.EIO:    "input/output error",
	} {
		s := open(t, t.TempDir())
		test := s.FuzzTest("example.com/p", "fuzz")
		s.beforeRename = func(temp string) error {
			return &fs.PathError{Op: "write", Path: temp, Err: number}
		}
		_, _, err := test.Corpus().Add([]byte("x"))
		checkError(t, err, number, "writing "+test.Corpus().Dir(), remedy)
		_, err = test.Crashes().Save("sig", map[string][]byte{"input": []byte("x")}, nil)
		checkError(t, err, number, "writing "+test.Dir(), remedy)
		checkError(t, s.SavePoints(1, nil), number, remedy)
		checkError(t, s.SaveTarget(Target{Name: "t"}), number, remedy)
		s.beforeRename = nil
		checkOnly(t, s, ".gitignore")
	}
}

func TestWriteUnderFile(t *testing.T) {
	s := open(t, t.TempDir())
	corpus := s.FuzzTest("example.com/p", "fuzz").Corpus()
	makeDirs(t, filepath.Dir(corpus.Dir()))
	makeFile(t, corpus.Dir(), nil)
	_, _, err := corpus.Add([]byte("x"))
	checkError(t, err, syscall.ENOTDIR, "move it away")
	_, err = corpus.List()
	checkError(t, err, syscall.ENOTDIR, corpus.Dir())
}

// TestWriteAgain takes the temporary file away once, as the cleaning of another
// process can do in an unlucky moment.
func TestWriteAgain(t *testing.T) {
	s := open(t, t.TempDir())
	calls := 0
	s.beforeRename = func(temp string) error {
		if calls++; calls == 1 {
			return os.RemoveAll(temp)
		}
		return nil
	}
	test := s.FuzzTest("example.com/p", "fuzz")
	name, added, err := test.Corpus().Add([]byte("x"))
	if err != nil || !added || calls != 2 {
		t.Errorf("%s, %v, %v after %d attempts", name, added, err, calls)
	}
	calls = 0
	if _, err := test.Crashes().Save("sig", map[string][]byte{"input": nil}, nil); err != nil || calls != 2 {
		t.Errorf("%v after %d attempts", err, calls)
	}
}

func TestPoints(t *testing.T) {
	s := open(t, t.TempDir())
	const id = 0x4d683265086d6bfe
	if s.HasPoints(id) {
		t.Error("there are points in a new state")
	}
	_, err := s.Points(id)
	checkError(t, err, fs.ErrNotExist, "points/fe6b6d086532684d.json.gz")
	want := strings.Repeat(`{"p":1}`, 1000)
	for range 2 {
		if err := s.SavePoints(id, []byte(want)); err != nil {
			t.Fatal(err)
		}
	}
	got, err := s.Points(id)
	if err != nil || string(got) != want || !s.HasPoints(id) {
		t.Errorf("%d bytes of points, %v, want %d", len(got), err, len(want))
	}
	path := s.pointsPath(id)
	packed := readFile(t, path)
	for _, damaged := range []string{"", "{}", packed[:len(packed)-1], packed[:20]} {
		makeFile(t, path, []byte(damaged))
		_, err = s.Points(id)
		checkError(t, err, ErrDamaged, path, "build the target again")
	}
}

func TestTargets(t *testing.T) {
	root := t.TempDir()
	s := open(t, root)
	_, err := s.Target("example.com/B")
	checkError(t, err, fs.ErrNotExist, "targets/example.com+B,0001.json")
	b := Target{
		Name: "example.com/B", Coverage: 0x4d683265086d6bfe, Tests: []string{"FuzzX", "FuzzY"},
		Exe: filepath.Join(s.BuildsDir(), "B", "exe"),
	}
	a := Target{Name: "example.com/a", Exe: "/usr/lib/elsewhere"}
	for _, target := range []Target{{Name: b.Name, Coverage: 1}, b, a} {
		if err := s.SaveTarget(target); err != nil {
			t.Fatal(err)
		}
	}
	want := `{
	"name": "example.com/B",
	"coverage": "fe6b6d086532684d",
	"exe": "builds/B/exe",
	"tests": [
		"FuzzX",
		"FuzzY"
	],
	"built": "0001-01-01T00:00:00Z"
}
`
	if got := readFile(t, s.targetPath(b.Name)); got != want {
		t.Errorf("the record is\n%s, want\n%s", got, want)
	}
	checkTargets(t, s, b, a)

	// A workspace that was moved.
	moved := t.TempDir()
	if err := os.Rename(filepath.Join(root, ".fuzzls"), filepath.Join(moved, ".fuzzls")); err != nil {
		t.Fatal(err)
	}
	s, err = Existing(moved)
	if err != nil {
		t.Fatal(err)
	}
	b.Exe = filepath.Join(s.BuildsDir(), "B", "exe")
	checkTargets(t, s, b, a)

	for _, damaged := range []string{"", "[]", `{"name":"example.com/a","coverage":"1"}`} {
		makeFile(t, s.targetPath(a.Name), []byte(damaged))
		targets, err := s.Targets()
		checkError(t, err, ErrDamaged, s.targetPath(a.Name), "build the target again")
		if len(targets) != 1 || targets[0].Name != b.Name {
			t.Errorf("beside a damaged record: %+v", targets)
		}
	}
}

func checkTargets(t *testing.T, s *State, want ...Target) {
	t.Helper()
	got, err := s.Targets()
	if err != nil {
		t.Fatal(err)
	}
	same := func(a, b Target) bool {
		return a.Name == b.Name && a.Coverage == b.Coverage && a.Exe == b.Exe && slices.Equal(a.Tests, b.Tests) && a.Built.Equal(b.Built)
	}
	if !slices.EqualFunc(got, want, same) {
		t.Errorf("targets %+v, want %+v", got, want)
	}
	for _, target := range want {
		if one, err := s.Target(target.Name); err != nil || !same(one, target) {
			t.Errorf("target %+v, %v, want %+v", one, err, target)
		}
	}
}

// FuzzTarget reads any bytes as the record of a target.
func FuzzTarget(f *testing.F) {
	f.Add([]byte(`{"name":"a","coverage":"fe6b6d086532684d","exe":"builds/a","tests":["FuzzX"],"built":"2024-01-02T03:04:05Z"}`))
	f.Add([]byte(`{"coverage":1}`))
	f.Add([]byte(``))
	dir := f.TempDir()
	s, err := Open(dir)
	if err != nil {
		f.Fatal(err)
	}
	path := s.targetPath("t")
	f.Fuzz(func(t *testing.T, content []byte) {
		makeFile(t, path, content)
		got, err := s.Target("t")
		if err == nil && !filepath.IsAbs(got.Exe) {
			t.Errorf("executable %q", got.Exe)
		}
		if err != nil && !errors.Is(err, ErrDamaged) {
			t.Errorf("error %v", err)
		}
	})
}

func open(t *testing.T, root string) *State {
	t.Helper()
	s, err := Open(root)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// checkError checks that err wraps want, if that is not nil, and has the texts.
func checkError(t *testing.T, err, want error, texts ...string) {
	t.Helper()
	if err == nil || want != nil && !errors.Is(err, want) {
		t.Fatalf("error %v, want %v", err, want)
	}
	for _, text := range texts {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("error %q does not say %q", err, text)
		}
	}
}

// checkOnly checks that the state folder holds these files and no others.
func checkOnly(t *testing.T, s *State, want ...string) {
	t.Helper()
	var got []string
	err := filepath.WalkDir(s.Dir(), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() && !strings.HasPrefix(entry.Name(), tempPrefix) {
			return err
		}
		name, err := filepath.Rel(s.Dir(), path)
		got = append(got, name)
		return err
	})
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("the state folder holds %q, %v, want %q", got, err, want)
	}
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestFind(t *testing.T) {
	root := t.TempDir()
	below := filepath.Join(root, "a", "b")
	if err := os.MkdirAll(below, 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := Find(below); !errors.Is(err, ErrNoState) {
		t.Errorf("without state: %v", err)
	}
	if _, err := Open(root); err != nil {
		t.Fatal(err)
	}
	s, err := Find(below)
	if err != nil || s.Root() != root {
		t.Errorf("found %v, %v; want %s", s, err, root)
	}
}
