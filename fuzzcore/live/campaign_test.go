package live

import (
	"io"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/fuzzls/fuzzls/fuzzcore/coverage"
)

// This file tests campaigns: what is told from Start to Stop.

const parserGo = `package m

// Parse panics for a text that begins with a key word.
func Parse(text string) int {
	if len(text) < 3 {
		return 0
	}
	if text[0] == 'B' {
		if text[1] == 'A' {
			if text[2] == 'D' {
				panic("bad text")
			}
			return 3
		}
		return 2
	}
	return 1
}
`

const parserTest = `package m

import "testing"

func FuzzParse(f *testing.F) {
	f.Add("hello")
	f.Fuzz(func(t *testing.T, text string) {
		Parse(text)
	})
}

func FuzzOther(f *testing.F) {
	f.Fuzz(func(t *testing.T, n int) {
		if n == 12345 {
			t.Log(n)
		}
	})
}
`

var (
	fuzzParse = TestID{"example.com/m", "FuzzParse"}
	fuzzOther = TestID{"example.com/m", "FuzzOther"}
)

func parserModule(t *testing.T) string {
	return module(t, "parser.go", parserGo, "parser_test.go", parserTest)
}

func TestLoad(t *testing.T) {
	w, _ := open(t, parserModule(t))
	var names []string
	for _, test := range w.Tests() {
		names = append(names, test.Name)
		if test.State != Idle || test.HasFigures {
			t.Errorf("%s: state %v, figures %v before anything ran", test.Name, test.State, test.HasFigures)
		}
	}
	if !slices.Equal(names, []string{"FuzzParse", "FuzzOther"}) {
		t.Errorf("fuzz tests %q", names)
	}
	if _, ok := w.File(filepath.Join(w.Dir(), "parser.go")); ok {
		t.Error("coverage without a build")
	}
	if matches, _ := filepath.Glob(filepath.Join(w.Dir(), ".fuzzls")); len(matches) > 0 {
		t.Error("loading has created a state")
	}
}

// TestCampaign fuzzes until the crash is found, and looks at all that is told.
func TestCampaign(t *testing.T) {
	w, r := open(t, parserModule(t))
	path := filepath.Join(w.Dir(), "parser.go")
	w.Watch(path)
	if err := w.Start(fuzzParse); err != nil {
		t.Fatal(err)
	}
	r.wait("the crash", func() bool { return len(w.Crashes()) > 0 })
	deepest := line(t, parserGo, "return 3")
	r.wait("the deepest line", func() bool {
		ok := false
		r.locked(func() { ok = r.lines[path][deepest] })
		return ok
	})
	r.wait("figures", func() bool {
		test, _ := w.Test(fuzzParse)
		return test.Figures.Runs > 0 && test.Figures.Points > 0
	})
	if test, _ := w.Test(fuzzOther); test.State != Idle {
		t.Errorf("the other fuzz test is in state %v", test.State)
	}
	crash := w.Crashes()[0]
	if crash.Top.File != path || crash.Top.Line != int(line(t, parserGo, "panic(")) || crash.Status != Open || crash.Test != fuzzParse {
		t.Errorf("crash %+v", crash)
	}
	r.wait("a fresh crash", func() bool {
		n := 0
		r.locked(func() { n = len(r.fresh) })
		return n == 1
	})
	file, ok := w.File(path)
	if !ok || string(file.Text) != parserGo || !file.Exact {
		t.Fatalf("file %+v", file)
	}
	if l := file.Lines[deepest-1]; l.State != coverage.Covered {
		t.Errorf("the deepest line is %v", l.State)
	}
	if _, line, _, ok := w.Newest(); !ok || line == 0 {
		t.Error("no newest line")
	}
	var report strings.Builder
	if err := w.WriteReport(&report); err != nil || !strings.Contains(report.String(), "FuzzParse") {
		t.Errorf("report: %v\n%s", err, report.String())
	}
	w.Stop()
	r.wait("the end", func() bool { test, _ := w.Test(fuzzParse); return test.State == Idle })
	if len(w.History(fuzzParse)) == 0 {
		t.Error("no history")
	}

	again, _ := open(t, w.Dir())
	if crashes := again.Crashes(); len(crashes) != 1 || crashes[0].Signature != crash.Signature {
		t.Errorf("crashes of an earlier campaign: %+v", crashes)
	}
	if test, _ := again.Test(fuzzParse); !test.HasFigures || test.Figures.Runs == 0 {
		t.Errorf("figures of an earlier campaign: %+v", test.Figures)
	}
	report.Reset()
	if err := again.WriteReport(&report); err != nil || !strings.Contains(report.String(), "FuzzParse\nRuns: ") ||
		!strings.Contains(report.String(), crash.Signature) || !strings.Contains(report.String(), "  at parser.go:") ||
		!strings.Contains(report.String(), "  input: testdata/fuzz/FuzzParse/") || strings.Contains(report.String(), "FuzzOther") {
		t.Errorf("the report of an earlier campaign: %v\n%s", err, report.String())
	}
	if file, ok := again.File(path); !ok || file.Lines[deepest-1].State != coverage.Covered {
		t.Error("no coverage of an earlier campaign")
	}
}

// TestCancel cancels a build, then a campaign, as a person does who clicks the progress
// away. Nothing of it is a failure.
func TestCancel(t *testing.T) {
	w, r := open(t, parserModule(t))
	for _, kind := range []ActivityKind{Building, Fuzzing} {
		if err := w.Start(fuzzOther); err != nil {
			t.Fatal(err)
		}
		r.wait("the activity", func() bool {
			id := uint64(0)
			r.locked(func() {
				for _, a := range r.activities {
					if a.Kind == kind && a.Phase == Begin {
						id = a.ID
					}
				}
			})
			if id > 0 {
				w.Cancel(id)
			}
			return id > 0
		})
		r.waitState(w, fuzzOther, Idle)
		r.wait("its end", func() bool { _, ok := r.ended(kind); return ok })
		if message, _ := r.ended(kind); kind == Building && message != "cancelled" {
			t.Errorf("the build ended with %q", message)
		}
		if test, _ := w.Test(fuzzOther); test.Failure != "" {
			t.Errorf("failure %q", test.Failure)
		}
	}
}

// TestTicker: nothing ticks unless something runs and somebody looks on.
func TestTicker(t *testing.T) {
	w, r := open(t, parserModule(t))
	path := filepath.Join(w.Dir(), "parser.go")
	ticks := func() bool {
		w.mu.Lock()
		defer w.mu.Unlock()
		return w.ticking != nil
	}
	w.Watch(path)
	if ticks() {
		t.Error("it ticks before anything runs")
	}
	if err := w.WriteReport(io.Discard); err == nil {
		t.Error("there is a report before anything ran")
	}
	w.Unwatch(path)
	if err := w.Start(fuzzParse); err != nil {
		t.Fatal(err)
	}
	r.wait("runs", func() bool { test, _ := w.Test(fuzzParse); return test.Figures.NewRuns > 0 && test.Figures.Points > 0 })
	if ticks() {
		t.Error("it ticks though nobody looks on")
	}
	r.locked(func() {
		if len(r.lines) > 0 {
			t.Errorf("lines of files that nobody watches: %v", r.lines)
		}
	})
	w.Watch(path)
	w.Watch(path)
	w.Unwatch(path)
	if !ticks() {
		t.Error("it does not tick")
	}
	w.Stop()
	r.waitState(w, fuzzParse, Idle)
	if ticks() {
		t.Error("it ticks after the end")
	}
}

func TestBuildFailure(t *testing.T) {
	dir := parserModule(t)
	w, r := open(t, dir)
	write(t, dir, "parser.go", strings.Replace(parserGo, "return 2", "return two", 1))
	if err := w.Start(); err != nil {
		t.Fatal(err)
	}
	r.wait("the failure", func() bool { test, _ := w.Test(fuzzParse); return test.Failure != "" && test.State == Idle })
	problems := w.Problems()
	if len(problems) != 1 || problems[0].Path != filepath.Join(dir, "parser.go") || !problems[0].Build ||
		problems[0].Line != int(line(t, parserGo, "return 2")) || problems[0].Col == 0 {
		t.Errorf("problems %+v", problems)
	}
	write(t, dir, "parser.go", parserGo)
	if err := w.Start(fuzzOther); err != nil {
		t.Fatal(err)
	}
	r.wait("running", func() bool { test, _ := w.Test(fuzzOther); return test.State == Running })
	if problems := w.Problems(); len(problems) > 0 {
		t.Errorf("problems after the build %+v", problems)
	}
}
