package gocorpus

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fuzzls/fuzzls/fuzzcore/engine"
)

// This file tests the package without running Go.

// streamOf encodes Go values as a Smith stream, independently of the package.
// Signed integers are zero-extended.
func streamOf(values ...any) []byte {
	stream := []byte{}
	number := func(n uint64) { stream = binary.LittleEndian.AppendUint64(stream, n) }
	text := func(s string) {
		stream = binary.LittleEndian.AppendUint32(stream, uint32(len(s)))
		stream = append(stream, s...)
	}
	for _, v := range values {
		switch x := v.(type) {
		case []byte:
			text(string(x))
		case string:
			text(x)
		case bool:
			number(map[bool]uint64{true: 1}[x])
		case byte:
			number(uint64(x))
		case rune:
			number(uint64(uint32(x)))
		case float32:
			number(uint64(math.Float32bits(x)))
		case float64:
			number(math.Float64bits(x))
		case int:
			number(uint64(x))
		case int8:
			number(uint64(uint8(x)))
		case int16:
			number(uint64(uint16(x)))
		case int64:
			number(uint64(x))
		case uint:
			number(uint64(x))
		case uint16:
			number(uint64(x))
		case uint32:
			number(uint64(x))
		case uint64:
			number(x)
		default:
			panic(fmt.Sprintf("no fuzz test takes a %T", v))
		}
	}
	return stream
}

// golden has one value each and the line that Go writes for it.
var golden = []struct {
	value any
	typ   string
	line  string
}{
	{[]byte(nil), "[]byte", `[]byte("")`},
	{[]byte("a\x00\xff\"\\\n`é"), "[]uint8", "[]byte(\"a\\x00\\xff\\\"\\\\\\n`é\")"},
	{"", "string", `string("")`},
	{"it's \u2028 \U0001f600 \xc3(", "string", `string("it's \u2028 😀 \xc3(")`},
	{true, "bool", `bool(true)`},
	{false, "bool", `bool(false)`},
	{byte('x'), "byte", `byte('x')`},
	{byte('\''), "uint8", `byte('\'')`},
	{byte(0), "uint8", `byte('\x00')`},
	{byte(0xff), "byte", `byte('ÿ')`},
	{rune('x'), "rune", `rune('x')`},
	{rune('\n'), "int32", `rune('\n')`},
	{rune(0xfffd), "rune", `rune('�')`},
	{rune(0x10ffff), "rune", `rune('\U0010ffff')`},
	{rune(0x110000), "rune", `int32(1114112)`},
	{rune(0xd800), "rune", `int32(55296)`},
	{rune(-1), "int32", `int32(-1)`},
	{rune(math.MinInt32), "int32", `int32(-2147483648)`},
	{float32(0.1), "float32", `float32(0.1)`},
	{float32(math.Copysign(0, -1)), "float32", `float32(-0)`},
	{float32(math.MaxFloat32), "float32", `float32(3.4028235e+38)`},
	{float32(math.Inf(1)), "float32", `float32(+Inf)`},
	{float32(math.NaN()), "float32", `float32(NaN)`},
	{math.Float32frombits(0x7fc00001), "float32", `math.Float32frombits(0x7fc00001)`},
	{math.Float32frombits(0xff800001), "float32", `math.Float32frombits(0xff800001)`},
	{1e6, "float64", `float64(1e+06)`},
	{100000.0, "float64", `float64(100000)`},
	{5e-324, "float64", `float64(5e-324)`},
	{math.Copysign(0, -1), "float64", `float64(-0)`},
	{math.Inf(-1), "float64", `float64(-Inf)`},
	{math.NaN(), "float64", `float64(NaN)`},
	{math.Float64frombits(0x7ff8000000000000), "float64", `math.Float64frombits(0x7ff8000000000000)`},
	{math.MinInt, "int", `int(-9223372036854775808)`},
	{int8(-128), "int8", `int8(-128)`},
	{int16(-2), "int16", `int16(-2)`},
	{int64(math.MaxInt64), "int64", `int64(9223372036854775807)`},
	{uint(math.MaxUint), "uint", `uint(18446744073709551615)`},
	{uint16(65535), "uint16", `uint16(65535)`},
	{uint32(1 << 31), "uint32", `uint32(2147483648)`},
	{uint64(1 << 63), "uint64", `uint64(9223372036854775808)`},
}

func TestGolden(t *testing.T) {
	for _, g := range golden {
		file := version + "\n" + g.line + "\n"
		stream, types := streamOf(g.value), []string{g.typ}
		if got, err := Marshal(stream, types); err != nil || string(got) != file {
			t.Errorf("Marshal of %s: got %q, %v", g.line, got, err)
		}
		if got, err := Unmarshal([]byte(file), types); err != nil || !bytes.Equal(got, stream) {
			t.Errorf("Unmarshal of %s: got %x, %v, want %x", g.line, got, err, stream)
		}
	}
}

func TestMarshalTakesSignExtendedInts(t *testing.T) {
	minusOne := bytes.Repeat([]byte{0xff}, 8)
	for typ, want := range map[string]string{"int8": "int8(-1)", "int16": "int16(-1)", "rune": "int32(-1)"} {
		got, err := Marshal(minusOne, []string{typ})
		if err != nil || string(got) != version+"\n"+want+"\n" {
			t.Errorf("%s: got %q, %v", typ, got, err)
		}
	}
}

func TestMarshalErrors(t *testing.T) {
	tests := []struct {
		stream []byte
		types  []string
		want   string
	}{
		{nil, nil, "the fuzz test takes no values: give the function passed to F.Fuzz an argument after its *testing.T"},
		{nil, []string{"int", "error"}, `argument 2 of the fuzz test has the type "error": use []byte, string, bool, or a predeclared integer or float type`},
		{streamOf(1)[:7], []string{"int"}, "reading argument 1 (int) at byte 0 of the input: 7 bytes left, expected 8"},
		{streamOf(1, "abc")[:9], []string{"int", "string"}, "reading argument 2 (string) at byte 8 of the input: 1 bytes left, expected a length of 4 bytes"},
		{streamOf("abc")[:6], []string{"string"}, "reading argument 1 (string) at byte 0 of the input: 2 bytes left, expected 3"},
		{streamOf(256), []string{"byte"}, "reading argument 1 (byte) at byte 0 of the input: 0x100 does not fit 8 bits"},
		{streamOf(2), []string{"bool"}, "reading argument 1 (bool) at byte 0 of the input: 0x2 does not fit 1 bits"},
		{streamOf(1, 2), []string{"int"}, "8 bytes follow the last of 1 arguments in the input"},
	}
	for _, test := range tests {
		_, err := Marshal(test.stream, test.types)
		checkError(t, err, test.want)
	}
}

func TestUnmarshalErrors(t *testing.T) {
	types := []string{"int", "string"}
	const body = version + "\n"
	tests := []struct{ file, want string }{
		{"", `line 1 is "", expected "go test fuzz v1"`},
		{"go test fuzz v2\nint(1)\n", `line 1 is "go test fuzz v2", expected "go test fuzz v1"`},
		{body, `line 2 is the end, expected a value of type int: the fuzz test takes (int, string)`},
		{body + "int(1)\n", `line 3 is the end, expected a value of type string: the fuzz test takes (int, string)`},
		{body + "int(1)\nstring(\"\")\n\nint(2)\n", `line 5 is "int(2)", expected the end: the fuzz test takes (int, string)`},
		{body + "int64(1)\n", `line 2 is "int64(1)", expected a value of type int: it has the type int64`},
		{body + "int(1)\n[]byte(\"\")\n", `line 3 is "[]byte(\"\")", expected a value of type string: it has the type []byte`},
		{body + "int(1)\nstring(1)\n", `line 3 is "string(1)", expected a value of type string: its literal is no string`},
		{body + "int('1')\n", `line 2 is "int('1')", expected a value of type int: its literal is a character`},
		{body + "int(1\n", `line 2 is "int(1", expected a value of type int: it is not of the form type(literal)`},
		{body + "complex64(1)\n", `line 2 is "complex64(1)", expected a value of type int: its type is none that a fuzz test can take`},
		{body + "int(9223372036854775808)\n", `line 2 is "int(9223372036854775808)", expected a value of type int: its literal cannot be read: value out of range`},
		{body + strings.Repeat("x", 61), `line 2 is "` + strings.Repeat("x", 60) + `"..., expected a value of type int: it is not of the form type(literal)`},
	}
	for _, test := range tests {
		_, err := Unmarshal([]byte(test.file), types)
		checkError(t, err, test.want)
	}
}

func checkError(t *testing.T, err error, want string) {
	t.Helper()
	if err == nil || err.Error() != want {
		t.Errorf("got the error  %v\nwant the error %s", err, want)
	}
}

func TestSchemaOf(t *testing.T) {
	got, err := SchemaOf([]string{"[]uint8", "string", "bool", "int32", "float32", "uint"})
	want := engine.Schema{
		{UID: 0, Kind: engine.Bytes},
		{UID: 1, Kind: engine.Bytes, Text: true},
		{UID: 2, Kind: engine.Int, Bits: 1},
		{UID: 3, Kind: engine.Int, Bits: 32, Signed: true},
		{UID: 4, Kind: engine.Float, Bits: 32},
		{UID: 5, Kind: engine.Int, Bits: 64},
	}
	if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
}

func TestName(t *testing.T) {
	// The SHA-256 of "abc" is the first test vector of FIPS 180-2.
	if got, want := Name([]byte("abc")), "ba7816bf8f01cfea"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestEntries(t *testing.T) {
	dir := CacheDir(t.TempDir(), "example.com/a/b", "FuzzX")
	if entries, err := Entries(dir); entries != nil || err != nil {
		t.Fatalf("no directory: got %v, %v", entries, err)
	}
	if err := os.MkdirAll(filepath.Join(dir, "subdirectory"), 0o777); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"b", "a"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("in "+name), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	entries, err := Entries(dir)
	if got, want := fmt.Sprintf("%s %v", entries, err), "[{a in a} {b in b}] <nil>"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if _, err := Entries(filepath.Join(dir, "a")); err == nil {
		t.Error("a file as the directory: no error")
	}
}
