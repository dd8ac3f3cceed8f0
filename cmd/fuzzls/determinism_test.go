package main

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/fuzzls/fuzzls/fuzzcore/supervisor"
)

// This file tests that a campaign with a limit, a seed and one worker repeats
// itself to the byte.

// repeatable is a module with several fuzz tests that find things, some of them
// crashes of several kinds.
func repeatable(t *testing.T) string {
	return module(t, "m.go", `package m

func Parse(s string) (depth int) {
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '(':
			depth++
		case ')':
			depth--
		case '"':
			for i++; i < len(s) && s[i] != '"'; i++ {
			}
		}
	}
	return depth
}

func Magic(n uint32, b []byte) int {
	switch {
	case n == 0xfeedface:
		return 1
	case len(b) > 8 && string(b[:8]) == "fuzzing!":
		return 2
	case len(b) > 100:
		return 3
	}
	return 0
}
`, "m_test.go", `package m

import (
	"os"
	"testing"
)

func FuzzParse(f *testing.F) {
	f.Add("(a)")
	f.Fuzz(func(t *testing.T, s string) { Parse(s) })
}

func FuzzMagic(f *testing.F) {
	f.Fuzz(func(t *testing.T, n uint32, b []byte) { Magic(n, b) })
}

func FuzzPanics(f *testing.F) {
	f.Fuzz(func(t *testing.T, s string) {
		if Parse(s) > 2 {
			panic("deep")
		}
		if len(s) > 3 && s[0] == 'x' {
			t.Fatal("told to fail")
		}
	})
}

func FuzzExits(f *testing.F) {
	f.Fuzz(func(t *testing.T, n uint32, b []byte) {
		if Magic(n, b) == 1 {
			os.Exit(3)
		}
		if Magic(n, b) == 2 {
			done := make(chan bool)
			go func() { panic("elsewhere") }()
			<-done
		}
	})
}
`)
}

func TestDeterminism(t *testing.T) {
	dir := repeatable(t)
	campaign(t, dir, "--limit=1", "--seed=9") // builds
	fuzz := func(t *testing.T, seed string) string {
		report, o := campaign(t, dir, "-j=1", "--limit=6K", "--seed="+seed)
		if o.status != statusCrashes {
			t.Fatalf("status %d\n%s", o.status, o.stderr)
		}
		for _, name := range []string{"FuzzPanics", "FuzzExits"} {
			if len(testNamed(t, report, name).Crashes) == 0 {
				t.Fatalf("%s has found no crash", name)
			}
		}
		return withoutTimes(t, report)
	}
	before := takeFiles(t, dir)
	clear := func() {
		before.restore(t, dir)
		for _, path := range []string{".fuzzls/v", ".fuzzls/tests", "testdata"} {
			if err := os.RemoveAll(filepath.Join(dir, path)); err != nil {
				t.Fatal(err)
			}
		}
	}
	clear()
	firstReport := fuzz(t, "1")
	first := takeFiles(t, dir)
	clear()
	secondReport := fuzz(t, "1")
	compareCampaigns(t, "from nothing", firstReport, secondReport, first, takeFiles(t, dir))

	// From what the first campaign has left.
	firstReport = fuzz(t, "2")
	second := takeFiles(t, dir)
	first.restore(t, dir)
	secondReport = fuzz(t, "2")
	compareCampaigns(t, "from a corpus", firstReport, secondReport, second, takeFiles(t, dir))
}

// withoutTimes returns the report as text, without what depends on the clock.
func withoutTimes(t *testing.T, report *supervisor.Report) string {
	t.Helper()
	data, err := json.MarshalIndent(report, "", "\t")
	if err != nil {
		t.Fatal(err)
	}
	return regexp.MustCompile(`"(started|elapsed_ns|supervisor_cpu_ns|runs_per_second|first_time_ns)": [^\n]*`).ReplaceAllString(string(data), `"$1"`)
}

// files are the contents of the files that campaigns write, by path.
type files map[string]string

// takeFiles reads the coverage files, the corpora, the reproducers and the crashes
// of the module in dir.
func takeFiles(t *testing.T, dir string) files {
	t.Helper()
	found := files{}
	for _, top := range []string{".fuzzls/v", ".fuzzls/tests", "testdata"} {
		err := filepath.WalkDir(filepath.Join(dir, top), func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			data, err := os.ReadFile(path)
			rel, _ := filepath.Rel(dir, path)
			found[rel] = string(data)
			return err
		})
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
	}
	return found
}

// restore puts the module's files back to what they were.
func (f files) restore(t *testing.T, dir string) {
	t.Helper()
	for path := range takeFiles(t, dir) {
		if err := os.Remove(filepath.Join(dir, path)); err != nil {
			t.Fatal(err)
		}
	}
	for path, data := range f {
		write(t, dir, path, data)
	}
}

// times matches what crash.json, status.json and the logs of first inputs say of the clock.
var times = regexp.MustCompile(`"(first|last|time|checked)": ?"[^"]*"`)

// comparable returns the content of a file without what depends on the clock: the
// records of crashes and of first inputs say when they were seen, a crash's report has
// addresses.
func (f files) comparable(path string) string {
	if filepath.Base(path) == "report.txt" {
		return ""
	}
	return times.ReplaceAllString(f[path], `"$1"`)
}

func compareCampaigns(t *testing.T, what, firstReport, secondReport string, first, second files) {
	t.Helper()
	if firstReport != secondReport {
		t.Errorf("%s: the reports differ:\n%s\n%s", what, firstReport, secondReport)
	}
	corpus := 0
	for path := range first {
		if strings.Contains(path, "/corpus/") {
			corpus++
		}
		if _, ok := second[path]; !ok {
			t.Errorf("%s: the second campaign has no %s", what, path)
		} else if first.comparable(path) != second.comparable(path) {
			t.Errorf("%s: %s differs", what, path)
		}
	}
	for path := range second {
		if _, ok := first[path]; !ok {
			t.Errorf("%s: only the second campaign has %s", what, path)
		}
	}
	if corpus < 5 {
		t.Errorf("%s: %d corpus entries: nothing to compare", what, corpus)
	}
}
