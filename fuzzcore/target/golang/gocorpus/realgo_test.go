package gocorpus

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// This file compares the package with Go itself.

// allTypes are the arguments of the fuzz test in testdata/alltypes.
var allTypes = []string{
	"[]byte", "string", "bool", "byte", "rune", "float32", "float64",
	"int", "int8", "int16", "int64", "uint", "uint16", "uint32", "uint64",
}

// inputs are inputs of the fuzz test in testdata/alltypes.
var inputs = [][]any{
	{[]byte{}, "", false, byte(0), rune(0), float32(0), 0.0, 0, int8(0), int16(0), int64(0), uint(0), uint16(0), uint32(0), uint64(0)},
	{[]byte("\xff\x00\"'`\\\r\n"), "\xc3(\"quoted\" `back` \u2028\u00a0", true, byte('\''), rune('\''),
		math.Float32frombits(0x7fa00001), math.Float64frombits(0xfff0000000000001),
		math.MinInt, int8(-128), int16(-32768), int64(math.MinInt64),
		uint(math.MaxUint), uint16(math.MaxUint16), uint32(math.MaxUint32), uint64(math.MaxUint64)},
	{[]byte("é😀"), "é😀", true, byte(0xff), rune(0xdfff), float32(math.NaN()), math.NaN(),
		-1, int8(-1), int16(-1), int64(-1), uint(1), uint16(1), uint32(1), uint64(1)},
	{[]byte(nil), "\x00", false, byte(0x80), rune(-1), float32(math.Copysign(0, -1)), math.Copysign(0, -1),
		math.MaxInt, int8(127), int16(32767), int64(math.MaxInt64), uint(7), uint16(7), uint32(7), uint64(7)},
	{[]byte{0x80}, "\ufeff\ufffd", false, byte('\n'), rune(0x110000), float32(math.Inf(-1)), math.Inf(1),
		1, int8(1), int16(1), int64(1), uint(1 << 63), uint16(1 << 15), uint32(1 << 31), uint64(1 << 63)},
}

func TestGoTestReadsOurEntries(t *testing.T) {
	dir := t.TempDir()
	copyModule(t, dir, "alltypes")
	corpus := filepath.Join(dir, "testdata", "fuzz", "FuzzX")
	if err := os.MkdirAll(corpus, 0o777); err != nil {
		t.Fatal(err)
	}
	want := make([]string, len(inputs))
	for i, values := range inputs {
		entry, err := Marshal(streamOf(values...), allTypes)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(corpus, Name(entry)), entry, 0o666); err != nil {
			t.Fatal(err)
		}
		want[i] = fmt.Sprintf("FuzzX/%s: %s\n", Name(entry), describe(values...))
	}
	out := runGo(t, dir, nil, "test", "-count=1", "-v", ".")
	for _, line := range want {
		if !bytes.Contains(out, []byte(line)) {
			t.Errorf("missing from the output: %s", line)
		}
	}
	if t.Failed() {
		t.Logf("the output:\n%s", out)
	}
}

// describe has a twin in testdata/alltypes.
func describe(values ...any) string {
	text := ""
	for _, v := range values {
		switch x := v.(type) {
		case float32:
			text += fmt.Sprintf("float32 %x; ", math.Float32bits(x))
		case float64:
			text += fmt.Sprintf("float64 %x; ", math.Float64bits(x))
		case bool:
			text += fmt.Sprintf("bool %t; ", x)
		default:
			text += fmt.Sprintf("%T %x; ", v, v)
		}
	}
	return text
}

// lines are spellings at the edge of what Go takes, on either side of it.
var lines = []string{
	"int(0x10)", "int(-0X_f)", "int(0b101)", "int(0o17)", "int(017)", "int(08)", "int(1_000)", "int(1e3)", "int(+1)",
	"int( 1 )", "  int (1)  ", "int(1,)", "int(1...)", "int(1) // one", "/* one */ int(1)", "int((1))", "(int)(1)",
	"int(1);", "int(1) int(2)", "int(1, 2)", "int()", "int", "1", "int(a)", "int(NaN)", "int(-Inf)", "int(--1)", "int(\"1\")",
	"int('1')", "int(1i)", "int8(128)", "int8(-129)", "uint(-1)", "uint(-0)", "uint64(18446744073709551616)", "uintptr(1)",
	"uint8(65)", "uint8('A')", "uint8(256)", "byte(65)", "byte('A')", "byte('\\377')", "byte('\\u00ff')", "byte('Ā')",
	"byte(256)", "byte(-1)", "byte('')", "byte('ab')", "byte('\\'')", "byte('\"')", "byte(-'a')", "byte(1.0)", "byte(true)",
	"rune(65)", "rune(-65)", "rune('\\U0010FFFF')", "rune('\\ud800')", "rune('\xff')", "rune(\"a\")", "rune(2147483648)",
	"int32(65)", "int32('A')", "int32(-0x80000000)",
	"float32(1)", "float32(0x1p-2)", "float32(0x10)", "float32(1_0.5)", "float32(1e39)", "float32(-1e-60)", "float32(.5)", "float32(5.)",
	"float32(NaN)", "float32(-NaN)", "float32(+NaN)", "float32(Inf)", "float32(+Inf)", "float32(-Inf)", "float32(!Inf)",
	"float32(^Inf)", "float32(*Inf)", "float32(&Inf)", "float32(~Inf)", "float32(<-Inf)", "float32('1')", "float32(\"1\")", "float32(017)", "float32(1i)",
	"float64(-0)", "float64(-0.0)", "float64(1e309)", "float64(0b11)", "float64(1e5)", "float64(nan)", "float64(true)",
	"math.Float32frombits(0x7fc00001)", "math.Float32frombits(2143289345)", "math.Float32frombits(0x1ffffffff)",
	"math.Float32frombits(-1)", "math.Float32frombits(1.0)", "math.Float32frombits(NaN)", "math.Float32frombits('a')",
	"math.Float64frombits(0x7ff8000000000002)", "math.Float64frombits(1.0)", "math.Float64frombits(NaN)", "math.Float64frombits(0)",
	"math.Float64bits(1)", "cmath.Float64frombits(1)", "a.b.Float64frombits(1)", "math . Float64frombits ( 1 )",
	"bool(true)", "bool( false )", "bool(True)", "bool(1)", "bool(!true)", "bool(\"true\")", "bool(NaN)", "true",
	"string(`back\\x00`)", "string(`a\rb`)", "string(\"\\377\\xff\\u1234\")", "string(\"a\" + \"b\")", "string('a')", "string(true)",
	"string(\"a)", "string(\"\xff\")", "string(\"a\x00b\")", "string(-\"a\")", "string(\"\ufeff\")", "String(\"\")",
	"[]byte(`x`)", "[ ] byte(\"x\")", "[]uint8(\"x\")", "[](byte)(\"x\")", "[1]byte(\"x\")", "[...]byte(\"x\")", "[]byte('x')", "[]byte(1)",
	"[]rune(\"x\")", "[]byte{1}", "[]string(\"x\")", "[]byte(\"a\", \"b\")", "[]byte(-\"a\")", "[][]byte(\"x\")", "map[string]byte(\"x\")",
	"complex128(1)", "func() {}(1)", "int[int](1)", "\u00a0int(1)\u2003", "//int(1)", "int(1) }", "package x",
}

// files are whole entries at the edge of what Go takes.
var files = []string{
	"", "\n", version, version + "\n", version + "\r\nint(1)\r\n", version + "\nint(1)", version + "\n\n \t\nint(1)\n\n",
	version + " \nint(1)\n", " " + version + "\nint(1)\n", version + "\r\r\nint(1)\n", version + "\rint(1)\n",
	version + "\nint(1)\nbyte('x')\n", version + "\nstring(`a\nb`)\n", version + "\nint(\n1)\n", "\ufeff" + version + "\nint(1)\n",
}

func TestGoAgrees(t *testing.T) {
	var entries [][]byte
	for _, line := range lines {
		entries = append(entries, []byte(version+"\n"+line+"\n"))
	}
	for _, file := range files {
		entries = append(entries, []byte(file))
	}
	accepted := 0
	for i, v := range askGo(t, entries) {
		if v.Err == "" {
			accepted++
			checkAccepted(t, entries[i], v)
			continue
		}
		for _, typ := range allTypes {
			if stream, err := Unmarshal(entries[i], []string{typ}); err == nil {
				t.Errorf("%q as %s: got %x, but Go says %s", entries[i], typ, stream, v.Err)
			}
		}
	}
	t.Logf("Go takes %d of %d entries", accepted, len(entries))
}

// checkAccepted checks an entry that Go takes.
func checkAccepted(t *testing.T, entry []byte, v verdict) {
	t.Helper()
	stream, err := Unmarshal(entry, v.Types)
	if err != nil {
		t.Errorf("%q: Go takes it as %v: %v", entry, v.Types, err)
		return
	}
	if got, err := Marshal(stream, v.Types); err != nil || !bytes.Equal(got, v.Written) {
		t.Errorf("%q: got %q, %v, but Go writes %q", entry, got, err, v.Written)
	}
	if len(v.Types) > 1 {
		return
	}
	for _, typ := range allTypes {
		if _, err := Unmarshal(entry, []string{typ}); err == nil && goTypes[typ].name != goTypes[v.Types[0]].name {
			t.Errorf("%q: taken as %s, but for Go it has the type %s", entry, typ, v.Types[0])
		}
	}
}

func TestGoWritesTheSameBytes(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	entries := make([][]byte, 500)
	for i := range entries {
		var err error
		if entries[i], err = Marshal(randomStream(random), allTypes); err != nil {
			t.Fatal(err)
		}
	}
	for i, v := range askGo(t, entries) {
		if !bytes.Equal(entries[i], v.Written) {
			t.Errorf("got %q, but Go writes %q %s", entries[i], v.Written, v.Err)
		}
	}
}

// randomStream returns an input of the fuzz test in testdata/alltypes.
func randomStream(r *rand.Rand) []byte {
	text := make([]byte, r.IntN(20))
	for i := range text {
		text[i] = byte(r.Uint32())
	}
	// Widths vary so that small and large numbers are both frequent.
	n := func() uint64 { return r.Uint64() >> r.IntN(64) }
	// Every other float is a NaN or an infinity.
	f32, f64 := uint32(r.Uint64()), r.Uint64()
	if r.IntN(2) == 0 {
		f32, f64 = f32|0x7f800000, f64|0x7ff<<52
	}
	return streamOf(text, string([]rune{rune(n()), rune(n())})+string(text), n()%2 == 0, byte(n()), rune(n()),
		math.Float32frombits(f32), math.Float64frombits(f64),
		int(n()), int8(n()), int16(n()), int64(n()), uint(n()), uint16(n()), uint32(n()), n())
}

// verdict has a twin in testdata/oracle.
type verdict struct {
	Types   []string
	Written []byte
	Err     string
}

// askGo returns what the encoding.go of the Go that runs this test makes of the
// entries.
func askGo(t *testing.T, entries [][]byte) []verdict {
	t.Helper()
	dir := t.TempDir()
	copyModule(t, dir, "oracle")
	root := strings.TrimSpace(string(runGo(t, dir, nil, "env", "GOROOT")))
	source, err := os.ReadFile(filepath.Join(root, "src", "internal", "fuzz", "encoding.go"))
	if err != nil {
		t.Fatal(err)
	}
	source = bytes.Replace(source, []byte("package fuzz\n"), []byte("package main\n"), 1)
	if err := os.WriteFile(filepath.Join(dir, "encoding.go"), source, 0o666); err != nil {
		t.Fatal(err)
	}
	question, err := json.Marshal(entries)
	if err != nil {
		t.Fatal(err)
	}
	var verdicts []verdict
	if err := json.Unmarshal(runGo(t, dir, question, "run", "."), &verdicts); err != nil {
		t.Fatal(err)
	}
	if len(verdicts) != len(entries) {
		t.Fatalf("%d verdicts on %d entries", len(verdicts), len(entries))
	}
	return verdicts
}

// copyModule copies a module of testdata to dir, outside of this module.
func copyModule(t *testing.T, dir, name string) {
	t.Helper()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join("testdata", name))); err != nil {
		t.Fatal(err)
	}
}

// runGo runs the go command in dir and returns its standard output.
func runGo(t *testing.T, dir string, stdin []byte, args ...string) []byte {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=")
	cmd.Stdin = bytes.NewReader(stdin)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go %s: %v\n%s%s", strings.Join(args, " "), err, stderr.Bytes(), out)
	}
	return out
}
