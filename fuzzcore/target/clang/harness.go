package clang

import (
	"bytes"
	"path/filepath"
	"slices"
	"strings"
)

// This file finds the harness in a source file.

// harnessName is the function that a harness defines: libFuzzer's interface, which AFL++,
// Honggfuzz and OSS-Fuzz share.
const harnessName = "LLVMFuzzerTestOneInput"

// sourceExtensions are those of files that a compiler is given.
var sourceExtensions = []string{".c", ".cc", ".cpp", ".cxx", ".c++", ".C"}

// isSource reports whether a file is a C or C++ file by its name.
func isSource(path string) bool { return slices.Contains(sourceExtensions, filepath.Ext(path)) }

// isCPlusPlus reports whether a source file is C++ by its name.
func isCPlusPlus(path string) bool { ext := filepath.Ext(path); return ext != ".c" && isSource(path) }

// findHarness returns the token that names the function in the definition of a harness.
// A declaration, a call and the body of a macro are none.
func findHarness(data []byte) (name token, ok bool) {
	if !bytes.Contains(data, []byte(harnessName)) {
		return token{}, false
	}
	tokens := slices.DeleteFunc(lex(data), func(t token) bool { return t.directive })
	for i := range tokens {
		if tokens[i].is(harnessName) && definesFunction(tokens[i+1:]) {
			return tokens[i], true
		}
	}
	return token{}, false
}

// definesFunction reports whether the tokens after a function's name are those of a
// definition: parameters, perhaps words and attributes, a body. What follows a call ends or
// continues an expression.
func definesFunction(after []token) bool {
	if len(after) == 0 || !after[0].is("(") {
		return false
	}
	for i := closing(after, 0) + 1; i > 0 && i < len(after); i++ {
		switch t := &after[i]; {
		case t.is("{"):
			return true
		case t.kind == tokenWord:
		case t.is("("), t.is("["):
			i = closing(after, i)
		default:
			return false
		}
	}
	return false
}

// closing returns the index of the bracket that closes the one at index open. If there is
// none, it returns the last index.
func closing(tokens []token, open int) int {
	depth := 0
	for i := open; i < len(tokens); i++ {
		if tokens[i].kind != tokenPunct {
			continue
		}
		switch tokens[i].text[0] {
		case '(', '[', '{':
			depth++
		case ')', ']', '}':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return len(tokens) - 1
}

// baseName returns a file's name without directory and extension.
func baseName(path string) string {
	base := filepath.Base(path)
	return strings.TrimSuffix(base, filepath.Ext(base))
}
