package coverage

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"os"
	"path/filepath"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files")

// parseSource is the text that testPoints describes.
const parseSource = `package parse

// Sign tells the sign of n.
func Sign(n int) string {
	if n < 0 {
		return "negative"
	}
	if n > 0 {
		return "positive"
	}
	return "zero"
}

func unused() {}

func FuzzSign(f *testing.F) {
	f.Fuzz(func(t *testing.T, n int) {
		Sign(n)
	})
}
`

// testPoints describes parseSource as an exact file, and a test file of which
// little is known. Points 0 to 5 are edges, 6 to 10 blocks.
func testPoints() *Points {
	digest := sha256.Sum256([]byte(parseSource))
	return &Points{
		PCs:   []uint64{0x100, 0x110, 0x120, 0x130, 0x140, 0x200, 0x101, 0x111, 0x121, 0x131, 0x201},
		Edges: 6,
		Cells: []uint32{3, 4, 5, 6, 10},
		Files: []File{
			{Path: "/src/parse.go", Profile: "example.com/parse/parse.go", Own: true, Exact: true, SHA256: hex.EncodeToString(digest[:]),
				Code: []Lines{{1, 1}, {4, 6}, {8, 9}, {11, 11}, {14, 14}, {16, 18}}},
			{Path: "/src/parse_test.go", Own: true},
		},
		Spans: []Span{
			{Point: 6, File: 0, StartLine: 4, StartCol: 25, EndLine: 5, EndCol: 11, Stmts: 1, First: 5, Last: 5},
			{Point: 7, File: 0, StartLine: 5, StartCol: 11, EndLine: 7, EndCol: 3, Stmts: 1, First: 6, Last: 6},
			{Point: 8, File: 0, StartLine: 8, StartCol: 2, EndLine: 8, EndCol: 11, Stmts: 1, First: 8, Last: 8},
			{Point: 9, File: 0, StartLine: 8, StartCol: 11, EndLine: 10, EndCol: 3, Stmts: 1, First: 9, Last: 9},
			{Point: 10, File: 0, StartLine: 11, StartCol: 2, EndLine: 11, EndCol: 15, Stmts: 1, First: 11, Last: 11},
			{Point: NoPoint, File: 0, StartLine: 14, StartCol: 15, EndLine: 14, EndCol: 17, First: 14, Last: 14},
			{Point: 5, File: 1, StartLine: 3, EndLine: 4},
		},
		Branches: []Branch{{1, 0, 5}, {2, 0, 5}, {3, 0, 8}, {4, 0, 8}},
		Compares: []CompareSite{{0x50, 0, 5}, {0x51, 0, 5}, {0x60, 1, 3}},
		Funcs:    []Func{{Name: "example.com/parse.Sign", File: 0, Line: 4, Entry: 0xf0, First: 0}, {Name: "example.com/parse.FuzzSign.func1", File: 1, Line: 2, Entry: 0x1f0, First: 5}},
	}
}

// bitsOf returns a bit set of points.
func bitsOf(points ...uint32) []uint64 {
	out := newBitset(64)
	for _, p := range points {
		out.set(p)
	}
	return out
}

// positive is what a run of Sign(1) hits.
var positive = bitsOf(0, 2, 3, 5, 6, 8, 9)

func readTestSource(path string) ([]byte, error) {
	if path == "/src/parse.go" {
		return []byte(parseSource), nil
	}
	return nil, os.ErrNotExist
}

// golden compares got with testdata/name.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs from\n%s\ngot\n%s", path, want, got)
	}
}
