package golang

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

// This file tests that the sites of comparisons are found on their lines.

// comparesSource has comparisons of all kinds; a comment says how many sites the line
// has at least, and lines without one have none.
const comparesSource = `package points

import "strings"

func Compare(b []byte, n int, s string, small uint8, half uint16, word uint32) int {
	if len(b) == 17 { // 1
		return 1
	}
	if n < 1000 && // 1
		small != 7 { // 1
		return 2
	}
	if s == "secret" { // 1
		return 3
	}
	if half > uint16(n) || word == uint32(n) { // 2
		return 4
	}
	if strings.EqualFold(s, "hello") { // 1
		return 5
	}
	for i := 0; i < n; i++ { // 1
		if inlined(n) {
			return 6
		}
	}
	return n
}

func inlined(n int) bool { return n == 99 } // 1
`

func TestCompareSites(t *testing.T) {
	for _, goarch := range []string{"amd64", "arm64"} {
		dir := writeTree(t,
			txtar.File{Name: "go.mod", Data: []byte("module example.com/points\n\ngo 1.22\n")},
			txtar.File{Name: "points.go", Data: []byte(comparesSource)},
			txtar.File{Name: "points_test.go", Data: []byte("package points\n\nimport \"testing\"\n\nfunc FuzzCompare(f *testing.F) { f.Fuzz(func(t *testing.T, b []byte, n int, s string) { Compare(b, n, s, uint8(n), uint16(n), uint32(n)) }) }\n")},
		)
		exe := filepath.Join(dir, "m.test")
		cmd := exec.Command("go", "test", "-c", "-vet=off", "-cover", "-coverpkg=./...", "-gcflags="+pointsModule+"/...=-d=libfuzzer", "-o", exe, ".")
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GOARCH="+goarch, "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		p := samplePoints(t, dir, exe)
		sites := map[string]int{}
		for _, c := range p.Compares {
			sites[fmt.Sprintf("%s:%d", filepath.Base(p.Files[c.File].Path), c.Line)]++
		}
		if len(p.Compares) == 0 {
			t.Fatalf("%s: no sites", goarch)
		}
		for i, line := range strings.Split(comparesSource, "\n") {
			want := 0
			if _, comment, ok := strings.Cut(line, " // "); ok {
				fmt.Sscan(comment, &want)
			}
			got := sites[fmt.Sprintf("points.go:%d", i+1)]
			if got < want || want == 0 && got > 0 {
				t.Errorf("%s: %d sites on line %d, want %d: %s", goarch, got, i+1, want, line)
			}
		}
		if err := p.Encode(new(bytes.Buffer)); err != nil {
			t.Error(err)
		}
	}
}
