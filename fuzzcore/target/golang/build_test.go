package golang

import (
	"bytes"
	"context"
	"debug/elf"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/fuzzls/fuzzls/fuzzcore/executor/goruntime"
	"golang.org/x/tools/txtar"
)

var update = flag.Bool("update", false, "rewrite the golden files of build errors")

// extract writes the module testdata/build/<name>.txtar to a new directory.
func extract(t *testing.T, name string) string {
	t.Helper()
	archive, err := txtar.ParseFile(filepath.Join("testdata", "build", name+".txtar"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, f := range archive.Files {
		file := filepath.Join(dir, f.Name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, f.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// request is a request for the package importPath in root/dir.
func request(t *testing.T, root, dir, importPath string) BuildRequest {
	return BuildRequest{
		ImportPath: importPath,
		Dir:        filepath.Join(root, dir),
		Root:       root,
		BuildDir:   filepath.Join(t.TempDir(), "builds"),
		Env:        append(os.Environ(), "GOWORK=", "GOFLAGS=-buildvcs=false"),
	}
}

// probeOverlay is an overlay that makes every test executable print "probe" at
// its start if the environment asks for it: it stands for the runtime.
func probeOverlay(goroot, outDir string) (string, error) {
	src := "package testing\n\nimport \"os\"\n\nfunc init() {\n\tif os.Getenv(\"FUZZLS_PROBE\") != \"\" {\n\t\tprintln(\"probe\")\n\t}\n}\n"
	file := filepath.Join(outDir, "probe.go")
	if err := os.WriteFile(file, []byte(src), 0o644); err != nil {
		return "", err
	}
	data, err := json.Marshal(overlayFormat{Replace: map[string]string{
		filepath.Join(goroot, "src", "testing", "zz_fuzzls_probe.go"): file,
	}})
	if err != nil {
		return "", err
	}
	name := filepath.Join(outDir, "overlay.json")
	return name, os.WriteFile(name, data, 0o644)
}

// buildProbe builds req with the probe as its overlay.
func buildProbe(t *testing.T, req BuildRequest) *Target {
	t.Helper()
	b := builder{BuildRequest: req, overlay: probeOverlay}
	target, err := b.build(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return target
}

// checkProbe makes sure that target runs and holds the overlay.
func checkProbe(t *testing.T, target *Target) {
	t.Helper()
	cmd := exec.Command(target.Exe, "-test.run=^$")
	cmd.Dir = target.Dir
	cmd.Env = append(os.Environ(), "FUZZLS_PROBE=1")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", target.Exe, err, out)
	}
	if !bytes.Contains(out, []byte("probe")) {
		t.Errorf("%s does not hold the overlay; it printed %q", target.Exe, out)
	}
	if n := counters(t, target.Exe); n == 0 {
		t.Errorf("%s has no edge counters", target.Exe)
	}
}

// counters returns the number of edge counters in an executable.
func counters(t *testing.T, exe string) int {
	t.Helper()
	f, err := elf.Open(exe)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if s := f.Section(".go.fuzzcntrs"); s != nil {
		return int(s.Size)
	}
	return 0
}

// useToolchain returns the environment for another release of Go. Where it cannot
// be had the test is skipped, and fails under CI.
func useToolchain(t *testing.T, version string) []string {
	t.Helper()
	env := append(os.Environ(), "GOTOOLCHAIN="+version, "GOWORK=", "GOFLAGS=-buildvcs=false")
	cmd := exec.Command("go", "version")
	cmd.Dir = t.TempDir()
	cmd.Env = env
	if out, err := cmd.CombinedOutput(); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("%s is needed for this test and cannot be had: %v\n%s", version, err, out)
		}
		t.Skipf("SKIPPED, NOT TESTED: %s cannot be had: %v\n%s", version, err, out)
	}
	return env
}

func TestBuildKinds(t *testing.T) {
	root := extract(t, "kinds")
	for _, tc := range []struct {
		name   string
		flags  []string
		blocks []string
	}{
		{"plain", nil, []string{"plain", "plain/sub"}},
		{"external", nil, []string{"plain", "plain/sub"}},
		{"testmain", nil, []string{"testmain"}},
		{"withcgo", nil, []string{"withcgo"}},
		{"generic", nil, []string{"generic"}},
		{"command", nil, []string{"command"}},
		{"tagged", []string{"-tags", "special"}, []string{"tagged"}},
		{"plain", []string{"-buildmode=pie"}, []string{"plain", "plain/sub"}},
		{"plain", []string{"-trimpath", "-gcflags=all=-N -l", "-ldflags=-s -w -X=example.com/kinds/plain.x=y"}, []string{"plain", "plain/sub"}},
	} {
		t.Run(strings.Join(append([]string{tc.name}, tc.flags...), " "), func(t *testing.T) {
			req := request(t, root, tc.name, "example.com/kinds/"+tc.name)
			req.Flags = tc.flags
			target := buildProbe(t, req)
			checkProbe(t, target)
			var blocks []string
			for _, p := range target.Packages {
				if p.Blocks {
					blocks = append(blocks, strings.TrimPrefix(p.ImportPath, "example.com/kinds/"))
				}
			}
			if !slices.Equal(blocks, tc.blocks) {
				t.Errorf("packages with cover blocks: %v, want %v", blocks, tc.blocks)
			}
			if strings.Contains(fmt.Sprint(tc.flags), "-s -w") {
				if len(target.Notices) != 1 || !strings.Contains(target.Notices[0], "-s -w left out") {
					t.Errorf("notices %q do not tell that -s -w was left out", target.Notices)
				}
				if f, err := elf.Open(target.Exe); err != nil || f.Section(".symtab") == nil {
					t.Errorf("the executable has no symbols (%v)", err)
				}
			}
		})
	}
}

func TestBuildRace(t *testing.T) {
	root := extract(t, "kinds")
	req := request(t, root, "plain", "example.com/kinds/plain")
	req.Env = append(req.Env, "GOFLAGS=-buildvcs=false -race -covermode=count -count=1")
	target := buildProbe(t, req)
	checkProbe(t, target)
	if !target.Race || target.CoverMode != "atomic" {
		t.Errorf("race %v, cover mode %q; want true, atomic", target.Race, target.CoverMode)
	}
}

func TestBuildVendored(t *testing.T) {
	root := extract(t, "vendored")
	req := request(t, root, ".", "example.com/vendored")
	req.Scope = Scope{Mode: ScopePatterns, Patterns: []string{"example.com/dep/..."}}
	target := buildProbe(t, req)
	checkProbe(t, target)
	if len(target.Packages) != 2 || target.Packages[0].Own || !target.Packages[0].Blocks || !target.Packages[1].Own {
		t.Errorf("packages %+v, want the dependency and the package", target.Packages)
	}
}

func TestBuildWorkspace(t *testing.T) {
	root := extract(t, "workspace")
	target := buildProbe(t, request(t, root, "app", "example.com/app"))
	checkProbe(t, target)
	if len(target.Packages) != 2 || !target.Packages[0].Own || !target.Packages[1].Own {
		t.Errorf("packages %+v, want both modules', own", target.Packages)
	}
}

func TestBuildScopes(t *testing.T) {
	if testing.Short() {
		t.Skip("instruments the standard library")
	}
	root := extract(t, "kinds")
	last := 0
	for _, scope := range []Scope{
		{Mode: ScopeModule},
		{Mode: ScopePatterns, Patterns: []string{"encoding/...", "bufio"}},
		{Mode: ScopeAll},
	} {
		req := request(t, root, "withcgo", "example.com/kinds/withcgo")
		req.Scope = scope
		target, err := Build(t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command(target.Exe, "-test.run=.").CombinedOutput(); err != nil {
			t.Errorf("scope %v: running the seeds: %v\n%s", scope, err, out)
		}
		n := counters(t, target.Exe)
		if n <= last {
			t.Errorf("scope %v: %d counters, the narrower one has %d", scope, n, last)
		}
		last = n
		for _, p := range target.Packages {
			if p.Blocks != (p.ImportPath == "example.com/kinds/withcgo") {
				t.Errorf("scope %v: cover blocks in %s: %v", scope, p.ImportPath, p.Blocks)
			}
		}
	}
}

func TestBuildGoVersions(t *testing.T) {
	root := extract(t, "kinds")
	for _, version := range []string{"go1.22.12", "go1.23.12", "go1.24.13", "go1.25.7"} {
		t.Run(version, func(t *testing.T) {
			req := request(t, root, "plain", "example.com/kinds/plain")
			req.Env = useToolchain(t, version)
			target := buildProbe(t, req)
			checkProbe(t, target)
			if target.GoVersion != version || !strings.Contains(target.GoRoot, version+"-") {
				t.Errorf("built by %s in %s, want %s", target.GoVersion, target.GoRoot, version)
			}
		})
	}
}

// The go command that runs may be another than the one on PATH.
func TestBuildToolchainLine(t *testing.T) {
	env := useToolchain(t, "go1.25.7")
	root := extract(t, "vendored")
	mod := filepath.Join(root, "go.mod")
	text, err := os.ReadFile(mod)
	if err != nil {
		t.Fatal(err)
	}
	text = bytes.Replace(text, []byte("go 1.22\n"), []byte("go 1.22\n\ntoolchain go1.25.7\n"), 1)
	if err := os.WriteFile(mod, text, 0o644); err != nil {
		t.Fatal(err)
	}
	req := request(t, root, ".", "example.com/vendored")
	req.Env = append(env, "GOTOOLCHAIN=go1.24.13+auto")
	target := buildProbe(t, req)
	checkProbe(t, target)
	if target.GoVersion != "go1.25.7" {
		t.Errorf("built by %s, want go1.25.7 as go.mod says", target.GoVersion)
	}
}

func TestBuildStock(t *testing.T) {
	root := extract(t, "kinds")
	b := builder{
		BuildRequest: request(t, root, "plain", "example.com/kinds/plain"),
		overlay: func(goroot, outDir string) (string, error) {
			return "", fmt.Errorf("making the overlay: %w", &goruntime.AnchorError{File: "testing/fuzz.go", Anchor: "fn.Call(args)"})
		},
	}
	target, err := b.build(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !target.Stock || len(target.Notices) != 1 || !strings.Contains(target.Notices[0], "stock protocol") {
		t.Errorf("stock %v, notices %q; want a stock target and why", target.Stock, target.Notices)
	}
	if counters(t, target.Exe) == 0 {
		t.Error("the stock target has no edge counters")
	}
}

// A runtime that can be laid over the standard library but does not compile there
// is left out.
func TestBuildRuntimeDoesNotCompile(t *testing.T) {
	root := extract(t, "kinds")
	b := builder{
		BuildRequest: request(t, root, "plain", "example.com/kinds/plain"),
		overlay: func(goroot, outDir string) (string, error) {
			name, err := probeOverlay(goroot, outDir)
			if err != nil {
				return "", err
			}
			return name, os.WriteFile(filepath.Join(outDir, "probe.go"), []byte("package testing\n\nvar _ = noSuchThing\n"), 0o644)
		},
	}
	target, err := b.build(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !target.Stock || len(target.Notices) != 1 || !strings.Contains(target.Notices[0], "noSuchThing") {
		t.Errorf("stock %v, notices %q; want a stock target and why", target.Stock, target.Notices)
	}
}

// TestBuildRuntime builds with the real runtime and lets it describe a fuzz test.
func TestBuildRuntime(t *testing.T) {
	root := extract(t, "kinds")
	for _, version := range []string{"", "go1.22.12", "go1.24.13", "go1.25.7"} {
		t.Run("go"+version, func(t *testing.T) {
			req := request(t, root, "plain", "example.com/kinds/plain")
			if version != "" {
				req.Env = useToolchain(t, version)
			}
			target, err := Build(t.Context(), req)
			if err != nil {
				t.Fatal(err)
			}
			if target.Stock || len(target.Notices) > 0 {
				t.Errorf("stock %v, notices %q; want neither", target.Stock, target.Notices)
			}
			if out, err := exec.Command(target.Exe, "-test.run=.", "-test.v").CombinedOutput(); err != nil || !bytes.Contains(out, []byte("--- PASS: FuzzParse")) {
				t.Errorf("running the seeds: %v\n%s", err, out)
			}
		})
	}
}

func TestBuildUserOverlay(t *testing.T) {
	root := extract(t, "kinds")
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("other.txt", "package plain\n\nfunc init() { println(\"replaced\") }\n\nfunc Parse(string) int { return 0 }\n")
	write("overlay.json", `{"Replace": {"plain/plain.go": "other.txt"}}`)
	req := request(t, root, "plain", "example.com/kinds/plain")
	req.Flags = []string{"-overlay=overlay.json"}
	target := buildProbe(t, req)
	checkProbe(t, target)
	out, err := exec.Command(target.Exe, "-test.run=^$").CombinedOutput()
	if err != nil || !bytes.Contains(out, []byte("replaced")) {
		t.Errorf("the user's overlay was not used: %v, %s", err, out)
	}
	if len(target.Packages) != 1 || target.Packages[0].Blocks || len(target.Notices) != 1 {
		t.Errorf("packages %+v, notices %q: want the replaced file's imports to count, no blocks, and a notice", target.Packages, target.Notices)
	}

	write("overlay.json", fmt.Sprintf(`{"Replace": {%q: "other.txt"}}`,
		filepath.Join(target.GoRoot, "src", "testing", "zz_fuzzls_probe.go")))
	b := builder{BuildRequest: req, overlay: probeOverlay}
	var refused *FlagError
	if _, err := b.build(t.Context()); !errors.As(err, &refused) {
		t.Errorf("an overlay that replaces the runtime's files: %v, want a FlagError", err)
	}
}

// An unchanged package is not linked again, a changed one is.
func TestBuildUnchanged(t *testing.T) {
	root := extract(t, "kinds")
	req := request(t, root, "plain", "example.com/kinds/plain")
	stat := func() os.FileInfo {
		info, err := os.Stat(buildProbe(t, req).Exe)
		if err != nil {
			t.Fatal(err)
		}
		return info
	}
	first := stat()
	if again := stat(); !os.SameFile(first, again) {
		t.Error("an unchanged package was linked again")
	}
	file := filepath.Join(root, "plain", "sub", "sub.go")
	if err := os.WriteFile(file, []byte("package sub\n\nfunc Weigh(n int) int { return n / 3 }\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if changed := stat(); os.SameFile(first, changed) {
		t.Error("a changed package was not linked again, or into the same file")
	}
	if left, _ := filepath.Glob(filepath.Join(req.BuildDir, "*tmp*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestBuildAtTheSameTime(t *testing.T) {
	root := extract(t, "kinds")
	dir := filepath.Join(t.TempDir(), "builds")
	var wg sync.WaitGroup
	for _, name := range []string{"plain", "plain", "generic"} {
		wg.Go(func() {
			req := request(t, root, name, "example.com/kinds/"+name)
			req.BuildDir = dir
			b := builder{BuildRequest: req, overlay: probeOverlay}
			target, err := b.build(t.Context())
			if err != nil {
				t.Error(err)
				return
			}
			checkProbe(t, target)
		})
	}
	wg.Wait()
	if overlays, _ := filepath.Glob(filepath.Join(dir, "overlay-*")); len(overlays) != 1 {
		t.Errorf("overlays %v, want one", overlays)
	}
}

func TestBuildAll(t *testing.T) {
	root := extract(t, "kinds")
	var reqs []BuildRequest
	var lines []string
	for _, name := range []string{"plain", "untested", "generic"} {
		req := request(t, root, name, "example.com/kinds/"+name)
		req.Progress = func(line string) { lines = append(lines, line) }
		reqs = append(reqs, req)
	}
	results := BuildAll(t.Context(), reqs, 2)
	if results[0].Err != nil || results[2].Err != nil || !errors.Is(results[1].Err, ErrNoFuzzTest) {
		t.Errorf("results %+v, want a target, ErrNoFuzzTest, a target", results)
	}
	if all := strings.Join(lines, "\n"); !strings.Contains(all, "generic: built in") {
		t.Errorf("progress was:\n%s", all)
	}
}

func TestBuildErrors(t *testing.T) {
	broken, kinds := extract(t, "broken"), extract(t, "kinds")
	for _, tc := range []struct {
		name string
		req  BuildRequest
	}{
		{"undefined", request(t, broken, "undefined", "example.com/broken/undefined")},
		{"syntax", request(t, broken, "syntax", "example.com/broken/syntax")},
		{"intest", request(t, broken, "intest", "example.com/broken/intest")},
		{"dependency", request(t, broken, "dependency", "example.com/broken/dependency")},
		{"noimport", request(t, broken, "noimport", "example.com/broken/noimport")},
		{"untested", request(t, kinds, "untested", "example.com/kinds/untested")},
		{"nofuzz", request(t, kinds, "nofuzz", "example.com/kinds/nofuzz")},
		{"tagged", request(t, kinds, "tagged", "example.com/kinds/tagged")},
		{"moved", request(t, kinds, "plain", "example.com/kinds/old")},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := builder{BuildRequest: tc.req, overlay: probeOverlay}
			_, err := b.build(t.Context())
			if err == nil {
				t.Fatal("no error")
			}
			got := err.Error() + "\n"
			golden := filepath.Join("testdata", "build", "errors", tc.name+".txt")
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("got:\n%s\nwant (%s):\n%s", got, golden, want)
			}
		})
	}
}

func TestBuildCompileErrorIsTyped(t *testing.T) {
	root := extract(t, "broken")
	b := builder{BuildRequest: request(t, root, "undefined", "example.com/broken/undefined"), overlay: probeOverlay}
	_, err := b.build(t.Context())
	var compile *CompileError
	if !errors.As(err, &compile) || len(compile.Diagnostics) != 2 {
		t.Fatalf("%v, want a CompileError with two diagnostics", err)
	}
	want := Diagnostic{File: "undefined/undefined.go", Line: 4, Col: 9, Message: "undefined: lenght"}
	if compile.Diagnostics[0] != want {
		t.Errorf("diagnostic %+v, want %+v", compile.Diagnostics[0], want)
	}
}

// TestBuildCompileErrorColumn has an error behind a block, where the cover tool puts
// something in front of it.
func TestBuildCompileErrorColumn(t *testing.T) {
	root := extract(t, "broken")
	source := "package undefined\n\nfunc Parse(s string) int {\n\tif s != \"\" {\n\t\treturn 1\n\t}\n\treturn lenght(s)\n}\n"
	if err := os.WriteFile(filepath.Join(root, "undefined", "undefined.go"), []byte(source), 0o666); err != nil {
		t.Fatal(err)
	}
	b := builder{BuildRequest: request(t, root, "undefined", "example.com/broken/undefined"), overlay: probeOverlay}
	_, err := b.build(t.Context())
	var compile *CompileError
	want := Diagnostic{File: "undefined/undefined.go", Line: 7, Col: 9, Message: "undefined: lenght"}
	if !errors.As(err, &compile) || len(compile.Diagnostics) != 1 || compile.Diagnostics[0] != want {
		t.Errorf("%v, want %v", err, want)
	}
}

func TestBuildWithoutGo(t *testing.T) {
	root := extract(t, "kinds")
	req := request(t, root, "plain", "example.com/kinds/plain")
	for _, name := range []string{"no-such-go", filepath.Join(root, "no-such-go")} {
		req.Go = name
		if _, err := Build(t.Context(), req); !errors.Is(err, ErrNoGo) {
			t.Errorf("%s: %v, want ErrNoGo", name, err)
		}
	}
	req = request(t, root, "gone", "example.com/kinds/gone")
	if _, err := Build(t.Context(), req); err == nil || !strings.Contains(err.Error(), "no directory") {
		t.Errorf("%v, want an error about the missing directory", err)
	}
}

func TestOldGo(t *testing.T) {
	env := goEnv{GOVERSION: "go1.21.13", GOROOT: "/go", GOARCH: "amd64"}
	if err := env.check(); !errors.Is(err, ErrOldGo) {
		t.Errorf("%v, want ErrOldGo", err)
	}
	for _, v := range []string{"go1.22rc1 X:rangefunc", "go1.22", "devel go1.27-abcdef", "go1.27-devel_abcdef"} {
		env.GOVERSION = v
		if err := env.check(); v != "go1.22rc1 X:rangefunc" && err != nil {
			t.Errorf("%s: %v", v, err)
		}
	}
}

// A cancelled build leaves no process behind.
func TestBuildCancel(t *testing.T) {
	root := extract(t, "kinds")
	pidFile := filepath.Join(t.TempDir(), "pids")
	started := filepath.Join(t.TempDir(), "started")
	if out, err := exec.Command("mkfifo", started).CombinedOutput(); err != nil {
		t.Fatalf("mkfifo: %v %s", err, out)
	}
	// A go command that hands "go env" on and then, with a child, never ends.
	fake := filepath.Join(t.TempDir(), "go")
	script := fmt.Sprintf("#!/bin/sh\n[ \"$1\" = env ] && exec go \"$@\"\nsleep 1000 &\necho $! > %s\necho x > %s\nwait\n", pidFile, started)
	if err := os.WriteFile(fake, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	req := request(t, root, "plain", "example.com/kinds/plain")
	req.Go = fake
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	done := make(chan error, 1)
	go func() {
		_, err := Build(ctx, req)
		done <- err
	}()
	if _, err := os.ReadFile(started); err != nil { // returns once the child runs
		t.Fatal(err)
	}
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want context.Canceled", err)
	}
	pid, err := os.ReadFile(pidFile)
	if err != nil {
		t.Fatal(err)
	}
	// The child is dead: gone, or waiting for init to take notice.
	stat, err := os.ReadFile("/proc/" + strings.TrimSpace(string(pid)) + "/stat")
	if err == nil && !strings.Contains(string(stat), ") Z ") && !strings.Contains(string(stat), ") X ") {
		t.Errorf("the go command's child still runs: %s", stat)
	}
}

// BenchmarkBuildUnchanged prints what a build costs when nothing has changed.
func BenchmarkBuildUnchanged(b *testing.B) {
	dir := b.TempDir()
	for name, text := range map[string]string{
		"go.mod":    "module example.com/m\n\ngo 1.22\n",
		"m_test.go": "package m\n\nimport \"testing\"\n\nfunc FuzzM(f *testing.F) { f.Fuzz(func(t *testing.T, s string) {}) }\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			b.Fatal(err)
		}
	}
	bld := builder{BuildRequest: BuildRequest{ImportPath: "example.com/m", Dir: dir, BuildDir: filepath.Join(b.TempDir(), "builds")}, overlay: probeOverlay}
	for range 2 {
		if _, err := bld.build(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
	b.ResetTimer()
	for range b.N {
		if _, err := bld.build(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(b.N), "ms/build")
}
