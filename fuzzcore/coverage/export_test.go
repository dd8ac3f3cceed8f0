package coverage

import (
	"bytes"
	"encoding/xml"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func testTracker() *Tracker {
	tr := States(testPoints(), positive)
	tr.MarkEntry(0x1f0)
	return tr
}

func TestWriteText(t *testing.T) {
	for name, options := range map[string]TextOptions{
		"plain.txt":   {},
		"color.txt":   {Color: true},
		"context.txt": {Context: 1},
	} {
		options.ReadFile = readTestSource
		var out bytes.Buffer
		if err := WriteText(&out, testTracker(), options); err != nil {
			t.Fatal(err)
		}
		golden(t, name, out.Bytes())
	}
}

func TestWriteTextOfNothing(t *testing.T) {
	var out bytes.Buffer
	if err := WriteText(&out, NewTracker(testPoints()), TextOptions{OnlyCovered: true}); err != nil {
		t.Fatal(err)
	}
	if out.String() != "No covered source.\n" {
		t.Errorf("got %q", out.String())
	}
}

func TestWriteTextRefusesChangedSource(t *testing.T) {
	var out bytes.Buffer
	changed := func(string) ([]byte, error) { return []byte("package other\n"), nil }
	if err := WriteText(&out, testTracker(), TextOptions{ReadFile: changed}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "not shown: the file changed since it was built") {
		t.Errorf("got %q", out.String())
	}
}

func TestWriteLCOV(t *testing.T) {
	var out bytes.Buffer
	if err := WriteLCOV(&out, testTracker()); err != nil {
		t.Fatal(err)
	}
	golden(t, "lcov.info", out.Bytes())
}

func TestWriteCobertura(t *testing.T) {
	var out bytes.Buffer
	options := CoberturaOptions{Root: "/src", Time: time.Unix(1700000000, 0)}
	if err := WriteCobertura(&out, testTracker(), options); err != nil {
		t.Fatal(err)
	}
	golden(t, "cobertura.xml", out.Bytes())
	checkCobertura(t, out.Bytes())
}

// coberturaDTD is what coverage-04.dtd asks for: each element's children in
// order ("*": any number) and required attributes.
var coberturaDTD = map[string]struct{ children, attrs string }{
	"coverage": {"sources packages", "line-rate branch-rate lines-covered lines-valid branches-covered branches-valid complexity version timestamp"},
	"sources":  {"source*", ""},
	"source":   {"", ""},
	"packages": {"package*", ""},
	"package":  {"classes", "name line-rate branch-rate complexity"},
	"classes":  {"class*", ""},
	"class":    {"methods lines", "name filename line-rate branch-rate complexity"},
	"methods":  {"method*", ""},
	"lines":    {"line*", ""},
	"line":     {"", "number hits"},
}

func checkCobertura(t *testing.T, report []byte) {
	t.Helper()
	dec := xml.NewDecoder(bytes.NewReader(report))
	var stack []string
	children := [][]string{nil}
	for {
		token, err := dec.Token()
		if err == io.EOF {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		switch e := token.(type) {
		case xml.StartElement:
			name := e.Name.Local
			rule, ok := coberturaDTD[name]
			if !ok {
				t.Fatalf("element <%s> is not in the DTD", name)
			}
			for _, attr := range strings.Fields(rule.attrs) {
				if !hasAttr(e, attr) {
					t.Errorf("<%s> has no %s", name, attr)
				}
			}
			n := len(children) - 1
			children[n] = append(children[n], name)
			stack, children = append(stack, name), append(children, nil)
		case xml.EndElement:
			n := len(stack) - 1
			checkChildren(t, stack[n], children[n+1])
			stack, children = stack[:n], children[:n+1]
		}
	}
}

func hasAttr(e xml.StartElement, name string) bool {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return true
		}
	}
	return false
}

func checkChildren(t *testing.T, parent string, got []string) {
	t.Helper()
	want := coberturaDTD[parent].children
	if many, ok := strings.CutSuffix(want, "*"); ok {
		for _, name := range got {
			if name != many {
				t.Errorf("<%s> holds <%s>", parent, name)
			}
		}
		return
	}
	if strings.Join(got, " ") != want {
		t.Errorf("<%s> holds %v, want %s", parent, got, want)
	}
}

// TestGoToolCover gives our profile to Go's own tool.
func TestGoToolCover(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("go.mod", "module example.com/parse\n\ngo 1.22\n")
	write("parse.go", strings.Split(parseSource, "func FuzzSign")[0])
	var profile bytes.Buffer
	if err := WriteGoProfile(&profile, testTracker()); err != nil {
		t.Fatal(err)
	}
	golden(t, "go.cover", profile.Bytes())
	write("cover.out", profile.String())

	cmd := exec.Command("go", "tool", "cover", "-func=cover.out")
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("go tool cover: %v\n%s", err, out)
	}
	for _, want := range []string{"parse.go:4:\tSign\t60.0%", "parse.go:14:\tunused\t0.0%"} {
		if !strings.Contains(strings.Join(strings.Fields(string(out)), " "), strings.Join(strings.Fields(want), " ")) {
			t.Errorf("go tool cover does not say %q:\n%s", want, out)
		}
	}
}

func TestSelect(t *testing.T) {
	p := testPoints().Select(func(f *File) bool { return f.Exact })
	tr := States(p, positive)
	if len(tr.Lines(1)) != 0 || tr.Summary(0).Ran() != 3 {
		t.Errorf("lines %v, summary %+v", tr.Lines(1), tr.Summary(0))
	}
}
