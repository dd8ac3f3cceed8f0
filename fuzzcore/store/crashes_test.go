package store

import (
	"errors"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"sync"
	"testing"
)

type testMeta struct {
	Top string `json:"top"`
}

func TestCrashes(t *testing.T) {
	s := open(t, t.TempDir())
	test := s.FuzzTest("p", "f")
	crashes := test.Crashes()
	if list, err := crashes.List(); err != nil || len(list) != 0 {
		t.Errorf("crashes of a new fuzz test: %v, %v", list, err)
	}
	files := map[string][]byte{"input": []byte("1"), "output.txt": nil}
	for i := range 3 {
		crash, err := crashes.Save("panic parse.go:12", files, testMeta{"parse.go:12"})
		if err != nil {
			t.Fatal(err)
		}
		if crash.Count != i+1 || crash.Dir != filepath.Join(test.Dir(), "crashes", "panic%20parse.go%3a12") {
			t.Errorf("crash %d is %+v", i, crash)
		}
		if !slices.Equal(crash.Files, []string{"input", "output.txt"}) {
			t.Errorf("files of crash %d: %q", i, crash.Files)
		}
		files = map[string][]byte{"input": []byte("another")}
	}
	if _, err := crashes.Save("another", nil, nil); err != nil {
		t.Fatal(err)
	}
	if err := crashes.Put("another", "minimized", []byte("0")); err != nil {
		t.Error(err)
	}
	list, err := crashes.List()
	if err != nil || len(list) != 2 {
		t.Fatalf("crashes %v, %v", list, err)
	}
	another, panicked := list[0], list[1]
	if another.Signature != "another" || another.Count != 1 || !slices.Equal(another.Files, []string{"minimized"}) {
		t.Errorf("crash %+v", another)
	}
	if panicked.Signature != "panic parse.go:12" || panicked.Count != 3 || panicked.Last.Before(panicked.First) {
		t.Errorf("crash %+v", panicked)
	}
	if got := readFile(t, filepath.Join(panicked.Dir, "input")); got != "1" {
		t.Errorf("the input became %q", got)
	}
	if string(panicked.Meta) != `{"top":"parse.go:12"}` {
		t.Errorf("meta is %s", panicked.Meta)
	}
}

func TestCrashNames(t *testing.T) {
	crashes := open(t, t.TempDir()).FuzzTest("p", "f").Crashes()
	for name, text := range map[string]string{"crash.json": "is taken", "../x": "is not a file name", "": "is not a file name"} {
		_, err := crashes.Save("sig", map[string][]byte{name: nil}, nil)
		checkError(t, err, nil, "crash sig", text)
		checkError(t, crashes.Put("sig", name, nil), nil, "crash sig", text)
	}
	checkError(t, crashes.Put("sig", "input", nil), fs.ErrNotExist, "crashes/sig")
	_, err := crashes.Save("sig", nil, func() {})
	checkError(t, err, nil, "saving crash sig: json: unsupported type")
	if list, err := crashes.List(); err != nil || len(list) != 0 {
		t.Errorf("crashes %v, %v", list, err)
	}
}

func TestCrashRecordLost(t *testing.T) {
	crashes := open(t, t.TempDir()).FuzzTest("p", "f").Crashes()
	for _, signature := range []string{"a", "b"} {
		if _, err := crashes.Save(signature, map[string][]byte{"input": []byte("1")}, nil); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(crashes.dir, "a", recordName)
	makeFile(t, path, []byte("{"))
	list, err := crashes.List()
	checkError(t, err, ErrDamaged, path)
	if len(list) != 1 || list[0].Signature != "b" {
		t.Errorf("beside a damaged record: %v", list)
	}
	crash, err := crashes.Save("a", nil, nil)
	if err != nil || crash.Signature != "a" || crash.Count != 1 || !slices.Equal(crash.Files, []string{"input"}) {
		t.Errorf("saved again: %+v, %v", crash, err)
	}
}

// TestCrashAtOnce lets several goroutines save the same new crashes.
func TestCrashAtOnce(t *testing.T) {
	s := open(t, t.TempDir())
	const goroutines, signatures = 4, 5
	var group sync.WaitGroup
	errs := make(chan error, goroutines*signatures)
	for range goroutines {
		group.Go(func() {
			for i := range signatures {
				_, err := s.FuzzTest("p", "f").Crashes().Save(string(rune('a'+i)), map[string][]byte{"input": nil}, nil)
				errs <- err
			}
		})
	}
	group.Wait()
	close(errs)
	for err := range errs {
		if err != nil {
			t.Error(err)
		}
	}
	checkCounts(t, s, map[string]int{"a": 4, "b": 4, "c": 4, "d": 4, "e": 4})
}

const savesPerProcess = 20

func countCrashes(root string) error {
	s, err := Open(root)
	if err != nil {
		return err
	}
	reached("ready")
	for range savesPerProcess {
		if _, err := s.FuzzTest("p", "f").Crashes().Save("sig", map[string][]byte{"input": nil}, nil); err != nil {
			return err
		}
	}
	return nil
}

func TestCrashesOfTwoProcesses(t *testing.T) {
	s := open(t, t.TempDir())
	processes := []*process{start(t, "count crashes", s.Root()), start(t, "count crashes", s.Root())}
	for _, p := range processes {
		p.line()
	}
	for _, p := range processes {
		p.in.Close()
	}
	for _, p := range processes {
		p.finish()
	}
	checkCounts(t, s, map[string]int{"sig": 2 * savesPerProcess})
}

func checkCounts(t *testing.T, s *State, want map[string]int) {
	t.Helper()
	list, err := s.FuzzTest("p", "f").Crashes().List()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]int{}
	for _, crash := range list {
		got[crash.Signature] = crash.Count
	}
	if !maps.Equal(got, want) {
		t.Errorf("counts %v, want %v", got, want)
	}
}

// FuzzCrashRecord reads any bytes as the record of a crash, and counts it.
func FuzzCrashRecord(f *testing.F) {
	f.Add([]byte(`{"signature":"sig","count":2,"first":"2024-01-02T03:04:05Z","last":"2024-01-02T03:04:05Z","meta":{"a":1}}`))
	f.Add([]byte(`{"count":9223372036854775807}`))
	f.Add([]byte(``))
	s, err := Open(f.TempDir())
	if err != nil {
		f.Fatal(err)
	}
	crashes := s.FuzzTest("p", "f").Crashes()
	crash, err := crashes.Save("sig", nil, nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		makeFile(t, filepath.Join(crash.Dir, recordName), content)
		if _, err := crashes.List(); err != nil && !errors.Is(err, ErrDamaged) {
			t.Errorf("List: %v", err)
		}
		again, err := crashes.Save("sig", nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		if again.Signature != "sig" || again.Count < 1 {
			t.Errorf("after %q it is %+v", content, again)
		}
	})
}
