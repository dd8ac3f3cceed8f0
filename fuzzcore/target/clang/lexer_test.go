package clang

import (
	"bytes"
	"slices"
	"strings"
	"testing"
)

func words(data string) []string {
	var out []string
	for _, t := range lex([]byte(data)) {
		out = append(out, string(t.text))
	}
	return out
}

func TestLex(t *testing.T) {
	for source, want := range map[string]string{
		"a /* b */ c // d\ne":                   "a c e",
		"a // b \\\n c\nd":                      "a d",
		"\"/* \\\" */\" 'a' '\\'' x":            `"/* \" */" 'a' '\'' x`,
		"R\"x(a)\" )x\" b":                      "R\"x(a)\" )x\" b",
		"u8\"a\" L'b' R c":                      "u8\"a\" L'b' R c",
		"1'000'000 0x1p-3 1e+5+2":               "1'000'000 0x1p-3 1e+5 + 2",
		"#if 0\na\n#if 1\nb\n#endif\n#else\nc":  "# # else c",
		"#if 0 /* no */\na\n#elif X\nb\n#endif": "# # elif X b # endif",
		"#if 01\na\n#endif":                     "# if 01 a # endif",
		"#define F(x) \\\n  x\ny":               "# define F ( x ) x y",
		"\"open\nx":                             "\"open x",
		"/* open":                               "",
		"a\\\r\nb":                              "a b",
	} {
		if got := strings.Join(words(source), " "); got != want {
			t.Errorf("%q: got %s, want %s", source, got, want)
		}
	}
}

func TestLexPositions(t *testing.T) {
	tokens := lex([]byte("a\n  bc /*\n*/ d \"x\\\ny\" e\n"))
	want := []token{{line: 1, col: 1, last: 1}, {line: 2, col: 3, last: 2}, {line: 3, col: 4, last: 3}, {line: 3, col: 6, last: 4}, {line: 4, col: 4, last: 4}}
	for i, tok := range tokens {
		if tok.line != want[i].line || tok.col != want[i].col || tok.last != want[i].last {
			t.Errorf("%s is at %d:%d to %d, want %+v", tok.text, tok.line, tok.col, tok.last, want[i])
		}
	}
}

// FuzzLex: whatever a file holds, tokens come in order, are where they say, and hold no
// line breaks but in texts.
func FuzzLex(f *testing.F) {
	f.Add([]byte("int f(void) { return '\\''; } // x\n#if 0\n#endif"))
	f.Add([]byte("R\"(\n)\"\\\n\"\\"))
	f.Fuzz(func(t *testing.T, data []byte) {
		lines := bytes.Split(data, []byte("\n"))
		var before position
		for _, tok := range lex(data) {
			at := position{tok.line, tok.col}
			if !before.less(at) {
				t.Fatalf("%q at %v comes after %v", tok.text, at, before)
			}
			before = at
			first, _, many := bytes.Cut(tok.text, []byte("\n"))
			if !bytes.HasPrefix(lines[tok.line-1][tok.col-1:], first) {
				t.Fatalf("%q is not at %v", tok.text, at)
			}
			if many && tok.kind != tokenText || int(tok.last) > len(lines) {
				t.Fatalf("%q at %v ends in line %d", tok.text, at, tok.last)
			}
		}
		findHarness(data)
		cmakeTargets(data, "/")
	})
}

func TestFindHarness(t *testing.T) {
	for source, line := range map[string]uint32{
		"int LLVMFuzzerTestOneInput(const uint8_t *d, size_t n) { return 0; }":                                               1,
		"#include <x>\nextern \"C\" int\nLLVMFuzzerTestOneInput(const uint8_t *d, size_t n)\n{\n}":                           3,
		"int LLVMFuzzerTestOneInput(const uint8_t *d, size_t n) __attribute__((visibility(\"default\"))) {}":                 1,
		"int LLVMFuzzerTestOneInput(const uint8_t *d, size_t n) noexcept {}":                                                 1,
		"int LLVMFuzzerTestOneInput(const uint8_t *d, size_t n);":                                                            0,
		"int main() { if (LLVMFuzzerTestOneInput(d, n)) { } LLVMFuzzerTestOneInput(d, n); }":                                 0,
		"// int LLVMFuzzerTestOneInput(const uint8_t *d, size_t n) {}":                                                       0,
		"/*\nint LLVMFuzzerTestOneInput(const uint8_t *d, size_t n) {}\n*/":                                                  0,
		"char *s = \"int LLVMFuzzerTestOneInput(int d) {}\";":                                                                0,
		"#if 0\nint LLVMFuzzerTestOneInput(const uint8_t *d, size_t n) {}\n#endif":                                           0,
		"#define FUZZ int LLVMFuzzerTestOneInput(const uint8_t *d, size_t n) {":                                              0,
		"int LLVMFuzzerTestOneInput(":                                                                                        0,
		"int LLVMFuzzerTestOneInput(const uint8_t *d, size_t n);\nint LLVMFuzzerTestOneInput(const uint8_t *d, size_t n) {}": 2,
	} {
		name, ok := findHarness([]byte(source))
		if ok != (line != 0) || ok && name.line != line {
			t.Errorf("%q: found %v in line %d, want %d", source, ok, name.line, line)
		}
	}
}

func TestCodePositions(t *testing.T) {
	source := "#include <x>\n#define M(x) \\\n\tx\nint f(void)\n{\n\treturn \"a\\\nb\"; // c\n}\n"
	var lines []uint32
	for _, p := range codePositions([]byte(source)) {
		lines = append(lines, p.line)
	}
	if want := []uint32{2, 3, 4, 6, 7}; !slices.Equal(slices.Compact(lines), want) {
		t.Errorf("got lines %v, want %v", lines, want)
	}
}
