package golang

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestParseFlags(t *testing.T) {
	for _, tc := range []struct {
		name    string
		goflags string
		flags   []string
		args    []string
		left    string // what stays in GOFLAGS
		race    bool
	}{
		{name: "none"},
		{name: "values in the next word", flags: []string{"-tags", "a,b", "--race", "-mod=vendor"},
			args: []string{"-tags=a,b", "--race", "-mod=vendor"}, race: true},
		{name: "race off", flags: []string{"-race=false"}, args: []string{"-race=false"}},
		{name: "GOFLAGS first", goflags: "-tags=a -count=1 '-ldflags=-X a=b -w' -cover -race", flags: []string{"-tags=b"},
			args: []string{"-tags=a", "-ldflags=-X a=b", "-race", "-tags=b"}, left: "-count=1", race: true},
		{name: "paths", flags: []string{"-modfile=alt.mod", "-pgo=prof/x", "-pgo=auto", "-pkgdir", "/abs"},
			args: []string{"-modfile=/ws/alt.mod", "-pgo=/ws/prof/x", "-pgo=auto", "-pkgdir=/abs"}},
		{name: "patterns", flags: []string{"-gcflags=./...=-N", "-gcflags=./lib=-l", "-gcflags=all=-m", "-gcflags="},
			args: []string{"-gcflags=../...=-N", "-gcflags=../lib=-l", "-gcflags=all=-m", "-gcflags="}},
		{name: "stripping", flags: []string{"-ldflags=std=-s '-X=a b' -w=1"}, args: []string{"-ldflags=std='-X=a b'"}},
		{name: "unknown", flags: []string{"-frobnicate"}, args: []string{"-frobnicate"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f, err := parseFlags(tc.goflags, tc.flags, "/ws", "/ws/app")
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(f.args, tc.args) || strings.TrimSpace(f.goflags) != tc.left || f.race != tc.race {
				t.Errorf("args %q, GOFLAGS %q, race %v; want %q, %q, %v", f.args, f.goflags, f.race, tc.args, tc.left, tc.race)
			}
		})
	}
}

func TestRefusedFlags(t *testing.T) {
	var messages []string
	for _, flags := range [][]string{
		{"-cover"}, {"-covermode=count"}, {"-coverpkg", "./..."}, {"-coverprofile=c.out"}, {"-o=x"}, {"-c"},
		{"-exec", "qemu"}, {"-n"}, {"-C", "dir"}, {"-json"}, {"-vet=off"}, {"-fuzz=."}, {"-compiler=gccgo"},
		{"-tags"}, {"./pkg"}, {"-"}, {"-gcflags=pattern"}, {"-ldflags='-s'=x"},
	} {
		_, err := parseFlags("", flags, "/ws", "/ws")
		var refused *FlagError
		if !errors.As(err, &refused) {
			t.Errorf("%q: %v, want a FlagError", flags, err)
			continue
		}
		messages = append(messages, err.Error())
	}
	if _, err := parseFlags("-exec=qemu", nil, "/ws", "/ws"); err == nil {
		t.Error("-exec in GOFLAGS was not refused")
	} else {
		messages = append(messages, err.Error())
	}
	got := strings.Join(messages, "\n") + "\n"
	golden := filepath.Join("testdata", "build", "refused.txt")
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
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

// The user's own compiler flags stay in force for instrumented packages.
func TestInstrumentationKeepsGCFlags(t *testing.T) {
	f, err := parseFlags("-gcflags=all=-N", []string{"-gcflags=-l", "-gcflags=./lib/...=-m"}, "/ws", "/ws/app")
	if err != nil {
		t.Fatal(err)
	}
	deps := []listedPackage{
		{ImportPath: "w/app", Dir: "/ws/app", GoFiles: []string{"a.go"}},
		{ImportPath: "w/lib", Dir: "/ws/lib", GoFiles: []string{"l.go"}},
		{ImportPath: "w/other", Dir: "/ws/other"},
	}
	packages, err := Scope{}.choose(deps, "w/app", "/ws", nil)
	if err != nil {
		t.Fatal(err)
	}
	target := &Target{Packages: packages, CoverMode: coverMode(packages, false)}
	got := instrumentation(target, deps, f, "w/app")
	want := []string{"-gcflags=w/app=-l -d=libfuzzer", "-gcflags=w/lib=-m -d=libfuzzer", "-gcflags=w/other=-N -d=libfuzzer",
		"-cover", "-covermode=set", "-coverpkg=w/app,w/lib"}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestScopeWithoutMatch(t *testing.T) {
	deps := []listedPackage{{ImportPath: "w/app"}, {ImportPath: "sync", Standard: true}, {ImportPath: "sort", Standard: true}}
	for _, pattern := range []string{"example.com/...", "sync", "w/app"} {
		if _, err := (Scope{Mode: ScopePatterns, Patterns: []string{"sort", pattern}}).choose(deps, "w/app", "/ws", nil); err == nil || !strings.Contains(err.Error(), pattern) {
			t.Errorf("%s: %v, want an error that names it", pattern, err)
		}
	}
}

func TestMatchPackage(t *testing.T) {
	lib := &listedPackage{ImportPath: "w/lib/deep", Dir: "/ws/lib/deep", Module: &listedModule{Path: "w", Main: true}}
	std := &listedPackage{ImportPath: "net/http", Dir: "/go/src/net/http", Standard: true}
	for _, tc := range []struct {
		pattern  string
		lib, std bool
	}{
		{"all", true, true}, {"std", false, true}, {"work", true, false},
		{"w/...", true, false}, {"w/lib/deep", true, false}, {"w/lib/deep/...", true, false}, {"w/lib", false, false},
		{"...", true, true}, {"net/...", false, true}, {"net...", false, true}, {".../http", false, true},
		{"./...", true, false}, {"./lib/...", true, false}, {"./lib/deep", true, false}, {"./lib", false, false}, {"../...", true, true},
	} {
		if got := matchPackage(tc.pattern, "/ws", lib); got != tc.lib {
			t.Errorf("%s matches %s: %v", tc.pattern, lib.ImportPath, got)
		}
		if got := matchPackage(tc.pattern, "/ws", std); got != tc.std {
			t.Errorf("%s matches %s: %v", tc.pattern, std.ImportPath, got)
		}
	}
}

// FuzzParseFlags checks that no flags make it panic, and that what it passes on
// are flags that it takes once more in the same way.
func FuzzParseFlags(f *testing.F) {
	f.Add("-tags=a '-ldflags=-s -w'", "-race\n-gcflags=./...=-N")
	f.Add("\"-x", "-tags")
	f.Fuzz(func(t *testing.T, goflags, lines string) {
		if strings.Contains(goflags+lines, "overlay") {
			return // that one reads a file
		}
		first, err := parseFlags(goflags, strings.Split(lines, "\n"), "/ws", "/ws")
		if err != nil {
			return
		}
		again, err := parseFlags(first.goflags, first.args, "/ws", "/ws")
		if err != nil {
			t.Fatalf("%q was taken, then refused: %v", first.args, err)
		}
		if !slices.Equal(first.args, again.args) {
			t.Errorf("%q became %q", first.args, again.args)
		}
	})
}

// FuzzParseDiagnostics checks that diagnostics read back what they print.
func FuzzParseDiagnostics(f *testing.F) {
	f.Add("# example.com/m\n./a.go:3:7: undefined: x\n\thave int\n/usr/x.go:1: y\nld: cannot find -lz\n")
	f.Fuzz(func(t *testing.T, out string) {
		for _, d := range parseDiagnostics(out, "/ws/app", "/ws") {
			if d.File == "" || d.Line < 0 || d.Col < 0 {
				t.Errorf("diagnostic %+v", d)
			}
		}
	})
}

// FuzzParseList checks that no output makes it panic.
func FuzzParseList(f *testing.F) {
	f.Add([]byte(`{"ImportPath": "p [q.test]", "ForTest": "q", "GoFiles": ["a.go", "a_test.go"]}` + "\n" + `{"ImportPath": "q.test"}`))
	f.Fuzz(func(t *testing.T, out []byte) {
		list, err := parseList(out)
		if err != nil {
			return
		}
		seen := make(map[string]bool)
		for _, p := range list {
			if seen[p.ImportPath] {
				t.Errorf("%s is there twice", p.ImportPath)
			}
			seen[p.ImportPath] = true
		}
	})
}
