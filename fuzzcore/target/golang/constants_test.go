package golang

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

// This file tests the reading of constants.

const constantsSource = `package m

import "errors"

const (
	magic      uint32 = 0xCAFEBABE
	shift             = 1 << 20
	small             = 12
	first             = 1000 + iota
	second
	negative   int16 = -300
	huge             = 1 << 70
	maximum    uint64 = 1<<64 - 1
	separator        = 'é'
	byteConst  byte  = '#'
)

type config struct {
	Name string ` + "`json:\"name,omitempty\" toml:\"the_name\" xml:\"-\"`" + `
	pad  [4096]byte
}

var table = map[string]int{"key": 777, "\x00\xff": 2}

var header = []byte{0x89, 'P', 'N', 'G'}

func decide(b []byte, s string, n uint16, m map[string]bool) error {
	switch s {
	case "case", kind:
	}
	if s == "compared" || "left" < s || n == 0x1234 || m["looked up"] {
	}
	if bytes.Equal(b, []byte("equal")) || strings.Contains(s, "contained"+" text") || n != magicOfOther {
		println("printed")
	}
	f(s, "argument", 5000000000, '\n', []byte("converted"))
	if b[0] == '{' || n > first {
	}
	d.saveError(&FormatError{"not a message by its look"})
	s.fatalf("fatal %d", 12345)
	return errors.New("a message")
}

const kind = "kind"

func later() error { return fmt.Errorf("another %d", 99999) }

const long = "` + "0123456789012345678901234567890123456789012345678901234567890123456789" + `"
`

func render2(list []Constant) string {
	var b strings.Builder
	for _, c := range list {
		if c.Bits == 0 {
			fmt.Fprintf(&b, "%q\n", c.Text)
			continue
		}
		fmt.Fprintf(&b, "%d of %d bits\n", int64(c.Int), c.Bits)
	}
	return b.String()
}

func TestConstants(t *testing.T) {
	root := writeTree(t,
		txtar.File{Name: "m.go", Data: []byte(constantsSource)},
		txtar.File{Name: "m_test.go", Data: []byte("package m\n\nvar x = []string{\"seed\", \"key\"}\n")},
		txtar.File{Name: "x_test.go", Data: []byte("package m_test\n\nvar x = \"outer seed\"\n")},
		txtar.File{Name: "other/o.go", Data: []byte("package other\n\nvar x = \"of another package\"\n\nfunc broken( {")},
	)
	p := &Package{ImportPath: "m", Files: []string{filepath.Join(root, "m.go"), filepath.Join(root, "m_test.go"),
		filepath.Join(root, "x_test.go"), filepath.Join(root, "missing.go")}}
	built := &Target{Packages: []InstrumentedPackage{
		{ImportPath: "m", Dir: root, Files: []string{"m.go"}, Own: true},
		{ImportPath: "m/other", Dir: filepath.Join(root, "other"), Files: []string{"o.go"}, Own: true},
		{ImportPath: "dependency", Dir: root, Files: []string{"x_test.go"}},
	}}
	golden(t, "testdata/constants.golden", render2(Constants(p, built)))
}

func TestConstantsAreBounded(t *testing.T) {
	var source strings.Builder
	source.WriteString("package m\n\nvar x = []string{\n")
	for i := range maxConstants + 10 {
		fmt.Fprintf(&source, "\t\"word%d\",\n", i)
	}
	source.WriteString("}\n\nfunc f(s string) bool { return s == \"the one\" }\n")
	root := writeTree(t, txtar.File{Name: "m.go", Data: []byte(source.String())})
	got := readConstants([]string{filepath.Join(root, "m.go")})
	if len(got) != maxConstants || string(got[0].Text) != "the one" {
		t.Errorf("got %d constants, the first is %q", len(got), got[0].Text)
	}
}

func FuzzConstants(f *testing.F) {
	f.Add(constantsSource)
	f.Add("package m\nconst a = a\nvar x = [...]byte{1: 2, 300}\nvar y = map[string]string{{}: {}}[\"k\"]\nconst c rune = -1 << 80")
	f.Fuzz(func(t *testing.T, source string) {
		root := writeTree(t, txtar.File{Name: "m.go", Data: []byte(source)})
		seen := make(map[string]bool)
		for _, c := range readConstants([]string{filepath.Join(root, "m.go")}) {
			if text := len(c.Text); (text == 0) == (c.Bits == 0) || text > maxConstantText {
				t.Errorf("malformed constant %+v", c)
			}
			key := fmt.Sprint(c)
			if seen[key] {
				t.Errorf("%s is there twice", key)
			}
			seen[key] = true
		}
	})
}
