package golang

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/fuzzls/fuzzls/debuginfo"
	"github.com/fuzzls/fuzzls/fuzzcore/coverage"
)

// pointsModule is a sample module's path; its source is in testdata/points.
const pointsModule = "example.com/points"

// sample is one build of the sample module and what a run of its tests left.
type sample struct {
	dir     string
	points  *coverage.Points
	hit     []uint64
	profile []byte
}

// buildSample builds the sample's tests with the given toolchain ("" for the
// one running) and environment, and returns the executable.
func buildSample(t testing.TB, toolchain string, env []string, flags ...string) (dir, exe string) {
	t.Helper()
	dir = t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("testdata/points")); err != nil {
		t.Fatal(err)
	}
	if toolchain != "" {
		env = append(env, "GOTOOLCHAIN="+toolchain)
	}
	cmd := exec.Command("go", "version")
	cmd.Env = append(os.Environ(), env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("toolchain %s: %v\n%s", toolchain, err, out)
		}
		t.Skipf("TOOLCHAIN %s IS NOT AVAILABLE: %v\n%s", toolchain, err, out)
	}
	exe = filepath.Join(dir, "sample.test")
	args := append([]string{"test", "-c", "-vet=off", "-cover", "-coverpkg=./...", "-gcflags=" + pointsModule + "/...=-d=libfuzzer", "-o", exe}, flags...)
	cmd = exec.Command("go", append(args, ".")...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", cmd.Args, err, out)
	}
	return dir, exe
}

func samplePoints(t *testing.T, dir, exe string) *coverage.Points {
	t.Helper()
	p, err := ReadPoints(context.Background(), exe, PointsConfig{Modules: []SourceModule{{Path: pointsModule, Dir: dir, Own: true}}})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// runSample runs the sample's tests; its TestMain writes counters and cells.
func runSample(t *testing.T, dir, exe string) *sample {
	t.Helper()
	s := &sample{dir: dir, points: samplePoints(t, dir, exe)}
	e, err := openExecutable(exe, func(name string) bool { return wantedSymbols[name] })
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	main := slices.IndexFunc(e.funcs, func(f debuginfo.Function) bool { return f.Name == pointsModule+".TestMain" })
	counters, cells := e.region("internal/fuzz._counters", "internal/fuzz._ecounters"), e.region("runtime.covctrs", "runtime.ecovctrs")
	cmd := exec.Command(exe, "-test.coverprofile=cover.out")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), fmt.Sprintf("DUMP=%d,%d,%d,counters,%d,%d,cells", e.funcs[main].Lo, counters.lo, counters.size(), cells.lo, cells.size()))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", cmd.Args, err, out)
	}
	read := func(name string) []byte {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	s.profile = read("cover.out")
	s.hit = hitPoints(s.points, read("counters"), read("cells"))
	return s
}

// hitPoints turns memory into a bit set of points.
func hitPoints(p *coverage.Points, counters, cells []byte) []uint64 {
	hit := make([]uint64, (p.Len()+63)/64)
	for i := range p.Edges {
		if counters[i] != 0 {
			hit[i/64] |= 1 << (i % 64)
		}
	}
	for k, c := range p.Cells {
		if binary.LittleEndian.Uint32(cells[4*c:]) != 0 {
			i := p.Edges + k
			hit[i/64] |= 1 << (i % 64)
		}
	}
	return hit
}

// TestReadPoints builds the sample in many ways and compares with what Go's own
// cover tool says of the same run, and with the states the source asks for.
func TestReadPoints(t *testing.T) {
	for name, c := range map[string]struct {
		toolchain string
		flags     []string
	}{
		"set":         {"", nil},
		"atomic":      {"", []string{"-covermode=atomic"}},
		"race":        {"", []string{"-race", "-covermode=atomic"}},
		"trimpath":    {"", []string{"-trimpath"}},
		"pie":         {"", []string{"-buildmode=pie"}},
		"go1.22":      {"go1.22.12", nil},
		"go1.22 race": {"go1.22.12", []string{"-race", "-covermode=atomic"}},
		"go1.24":      {"go1.24.13", nil},
		"no inlining": {"", []string{"-gcflags=" + pointsModule + "/...=-d=libfuzzer -l"}},
		"unoptimized": {"", []string{"-gcflags=" + pointsModule + "/...=-d=libfuzzer -N -l"}},
	} {
		t.Run(name, func(t *testing.T) {
			if testing.Short() && name != "set" && name != "go1.22" {
				t.Skip("one of many builds")
			}
			dir, exe := buildSample(t, c.toolchain, nil, c.flags...)
			s := runSample(t, dir, exe)
			tr := coverage.States(s.points, s.hit)
			checkComplete(t, s.points)
			checkResolved(t, exe, s.points)
			checkProfile(t, s, tr)
			if name != "unoptimized" {
				// -N puts instructions between counters and jumps, so less is known.
				checkStates(t, s, tr)
			}
			checkFuzzFunction(t, s, tr)
		})
	}
}

// checkComplete: every counter and cell has a place.
func checkComplete(t *testing.T, p *coverage.Points) {
	t.Helper()
	if len(p.Notes) > 0 {
		t.Errorf("notes: %v", p.Notes)
	}
	if p.Edges == 0 || len(p.Cells) == 0 {
		t.Errorf("%d edges, %d blocks", p.Edges, len(p.Cells))
	}
	if i := slices.Index(p.PCs, 0); i >= 0 {
		t.Errorf("point %d has no address", i)
	}
	if !slices.IsSorted(p.Cells) {
		t.Error("cells are not ascending")
	}
	if !slices.IsSortedFunc(p.Spans, coverage.CompareSpans) {
		t.Error("spans are not sorted")
	}
	var out bytes.Buffer
	if err := p.Encode(&out); err != nil {
		t.Fatal(err)
	}
	if _, err := coverage.DecodePoints(&out); err != nil {
		t.Error(err)
	}
}

// checkProfile compares with Go's own profile, byte by byte.
func checkProfile(t *testing.T, s *sample, tr *coverage.Tracker) {
	t.Helper()
	var got bytes.Buffer
	if err := coverage.WriteGoProfile(&got, tr); err != nil {
		t.Fatal(err)
	}
	// Modes other than set count; the states are what matters.
	want := regexp.MustCompile(`(?m) [1-9][0-9]*$`).ReplaceAll(s.profile, []byte(" 1"))
	want = regexp.MustCompile(`^mode: \w+`).ReplaceAll(want, []byte("mode: set"))
	if !bytes.Equal(got.Bytes(), want) {
		t.Errorf("profile\n%s\nGo's own\n%s", got.Bytes(), want)
	}
}

var wantState = regexp.MustCompile(`// want ([a-z ]+)$`)

// checkStates compares with the "want" comments in the source.
func checkStates(t *testing.T, s *sample, tr *coverage.Tracker) {
	t.Helper()
	seen := 0
	for i, f := range s.points.Files {
		if filepath.Dir(f.Path) == "." || !strings.HasPrefix(f.Path, s.dir) {
			continue
		}
		text, err := os.ReadFile(f.Path)
		if err != nil {
			t.Error(err)
			continue
		}
		lines := tr.Lines(i)
		for n, line := range strings.Split(string(text), "\n") {
			m := wantState.FindStringSubmatch(line)
			if m == nil {
				continue
			}
			seen++
			got := coverage.NotInstrumented
			if n < len(lines) {
				got = lines[n].State
			}
			if !slices.Contains(strings.Split(m[1], " or "), got.String()) && !unknownInTest(f, m[1], got) {
				t.Errorf("%s:%d is %v, want %s: %s", filepath.Base(f.Path), n+1, got, m[1], strings.TrimSpace(line))
			}
		}
	}
	if seen < 50 {
		t.Errorf("only %d lines with a wanted state were found", seen)
	}
}

// unknownInTest: in a file without blocks, what never ran may also be unknown.
func unknownInTest(f coverage.File, want string, got coverage.State) bool {
	return !f.Exact && want == coverage.NotCovered.String() && got == coverage.NotInstrumented
}

// checkFuzzFunction: the entry point of a fuzz test is found by its address.
func checkFuzzFunction(t *testing.T, s *sample, tr *coverage.Tracker) {
	t.Helper()
	for _, f := range s.points.Funcs {
		if f.Name != pointsModule+".FuzzRun.func1" {
			continue
		}
		if at, ok := s.points.FuncAt(f.Entry); !ok || at.First == coverage.NoPoint || !tr.Hit(at.First) || at.Line != 15 {
			t.Errorf("entry %#x: %+v, %v", f.Entry, at, ok)
		}
		return
	}
	t.Error("the fuzz function is not among the functions")
}

// TestReadPointsARM64 checks completeness for a machine that cannot run here.
func TestReadPointsARM64(t *testing.T) {
	amd, exe := buildSample(t, "", []string{"CGO_ENABLED=0", "GOARCH=amd64"})
	want := samplePoints(t, amd, exe)
	for _, flags := range [][]string{nil, {"-covermode=atomic"}} {
		dir, exe := buildSample(t, "", []string{"CGO_ENABLED=0", "GOARCH=arm64"}, flags...)
		got := samplePoints(t, dir, exe)
		checkComplete(t, got)
		if got.Edges != want.Edges || !slices.Equal(blockPlaces(got), blockPlaces(want)) {
			t.Errorf("%v: %d edges and %d blocks, amd64 has %d and %d", flags, got.Edges, len(got.Cells), want.Edges, len(want.Cells))
		}
	}
}

// blockPlaces lists the blocks that have points.
func blockPlaces(p *coverage.Points) []string {
	var out []string
	for _, s := range p.Spans {
		if s.StartCol > 0 && s.Point != coverage.NoPoint {
			out = append(out, fmt.Sprintf("%s:%d.%d", p.Files[s.File].Profile, s.StartLine, s.StartCol))
		}
	}
	slices.Sort(out)
	return out
}

// TestReadPointsFindsSourceAlone: without a configuration, files are found
// through the debug information.
func TestReadPointsFindsSourceAlone(t *testing.T) {
	dir, exe := buildSample(t, "", nil)
	p, err := ReadPoints(context.Background(), exe, PointsConfig{})
	if err != nil {
		t.Fatal(err)
	}
	checkComplete(t, p)
	for _, f := range p.Files {
		if f.Exact && (!strings.HasPrefix(f.Path, dir) || f.SHA256 == "" || f.Own) {
			t.Errorf("file %+v", f)
		}
	}
}

func TestReadPointsErrors(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
		return path
	}
	_, stripped := buildSample(t, "", []string{"CGO_ENABLED=0"}, "-ldflags=-s")
	_, bare := buildSample(t, "", []string{"CGO_ENABLED=0"}, "-ldflags=-w")
	plain := filepath.Join(dir, "plain.test")
	cmd := exec.Command("go", "test", "-c", "-vet=off", "-o", plain, ".")
	cmd.Dir = filepath.Dir(bare)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", cmd.Args, err, out)
	}
	for name, c := range map[string]struct{ exe, want string }{
		"missing":          {filepath.Join(dir, "none"), "no such file"},
		"not ELF":          {write("text", "hello"), "not an executable"},
		"no symbols":       {stripped, "no symbol table: build without -ldflags=-s"},
		"no line table":    {bare, "build without -ldflags=-w"},
		"not instrumented": {plain, "is not instrumented: build with -gcflags=-d=libfuzzer or -cover"},
	} {
		_, err := ReadPoints(context.Background(), c.exe, PointsConfig{})
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), c.exe) {
			t.Errorf("%s: error %v, want %s", name, err, c.want)
		}
	}
}

func TestReadPointsStopsWhenCancelled(t *testing.T) {
	_, exe := buildSample(t, "", nil)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := ReadPoints(ctx, exe, PointsConfig{}); err == nil {
		t.Error("a cancelled context was ignored")
	}
}

// BenchmarkReadPoints measures the sample, whose executable is mostly the
// runtime and testing: what any small target costs.
func BenchmarkReadPoints(b *testing.B) {
	dir, exe := buildSample(b, "", nil)
	config := PointsConfig{Modules: []SourceModule{{Path: pointsModule, Dir: dir, Own: true}}}
	for b.Loop() {
		if _, err := ReadPoints(context.Background(), exe, config); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(b.N), "ms/executable")
}
