package zig

import (
	"bytes"
	"strconv"
)

// This file finds the fuzz tests in the text of one file: `test` blocks that call
// std.testing.fuzz, by whatever name, or a function of the file that does.

// testBlock is one `test` block.
type testBlock struct {
	// scope is the names of the containers around it, each with a dot behind it; of the
	// file itself "".
	scope string
	// name is what follows the scope in Zig's name of the test, "test.push and pop", "test_0"
	// or "decltest.S".
	name string
	// head is the token that people read as its name: that of the string, or the keyword.
	head *token
	// fuzzLine is the line of the call of std.testing.fuzz in it, 0 if it calls a function
	// that calls it.
	fuzzLine int
}

// sourceFile is what a file's text tells.
type sourceFile struct {
	// tests are its fuzz tests, in order.
	tests []testBlock
	// imports are the paths of the files that it imports, as written ("sub/ring.zig").
	imports []string
}

// readSource reads the text of a file.
func readSource(data []byte) sourceFile {
	p := parser{tokens: lex(data), aliases: map[string]string{}, calls: map[string][]string{}, unnamed: map[string]int{}}
	p.read()
	return p.finish()
}

// mayFuzz reports whether a text can hold a fuzz test: most files need no closer look.
func mayFuzz(data []byte) bool { return bytes.Contains(data, []byte("fuzz")) }

// body is a `test` block or a function while it is read.
type body struct {
	test testBlock // of a function, the zero value
	// function is its name, "" for a test.
	function string
	// called are the names of what it calls, each as a chain ("std.testing.fuzz"), with
	// their lines.
	called []call
}

type call struct {
	chain string
	line  int
}

// block is a pair of braces that is open.
type block struct {
	// container: declarations are in it, and name is what it is called, if anything.
	container bool
	name      string
	// body is the function or test that it is the body of, or nil.
	body *body
	// unnameable: it is a container that only a call of a function makes. Its tests have
	// names that the call's arguments are in.
	unnameable bool
}

// parser reads the tokens of a file.
type parser struct {
	tokens []token
	// aliases are the chains that constants stand for: "testing" for "std.testing".
	aliases map[string]string
	imports []string
	bodies  []*body
	// calls are, for each function, the chains that it calls.
	calls map[string][]string
	open  []block
	// unnamed counts the tests without a name of each scope.
	unnamed map[string]int
	// pending is the function or test whose body the next brace at this depth opens.
	pending *body
}

// read goes through the tokens once.
func (p *parser) read() {
	for i := 0; i < len(p.tokens); i++ {
		t := &p.tokens[i]
		switch {
		case t.is("{"):
			p.openBlock(i)
		case t.is("}"):
			if len(p.open) > 0 {
				p.open = p.open[:len(p.open)-1]
			}
		case t.is("test") && p.inContainer():
			p.startTest(i)
		case t.is("fn") && i+1 < len(p.tokens) && p.tokens[i+1].kind == tokenWord:
			p.pending = &body{function: string(p.tokens[i+1].text)}
		case t.is(";"):
			p.pending = nil // a declaration without a body
		case t.is("const"):
			p.alias(i)
		case t.is("@import"):
			p.importFile(i)
		}
		if t.kind == tokenWord && !p.follows(i, ".") {
			p.noteCall(i)
		}
	}
}

// at returns whether token i is s.
func (p *parser) at(i int, s string) bool { return i >= 0 && i < len(p.tokens) && p.tokens[i].is(s) }

// follows reports whether the token before i is s.
func (p *parser) follows(i int, s string) bool { return p.at(i-1, s) }

// inContainer reports whether declarations are expected.
func (p *parser) inContainer() bool { return len(p.open) == 0 || p.open[len(p.open)-1].container }

// openBlock notes what the brace at i opens.
func (p *parser) openBlock(i int) {
	b := block{}
	switch name, ok := p.containerAt(i); {
	case ok:
		b.container, b.name = true, name
		b.unnameable = name == ""
	case p.pending != nil && !p.at(i-1, "error") && !p.at(i-1, "."): // else it is in the type
		b.body = p.pending
		p.bodies = append(p.bodies, p.pending)
		p.pending = nil
	}
	p.open = append(p.open, b)
}

// maxTag is how many tokens the type of a container's tag may have.
const maxTag = 1000

// containerAt reports whether the brace at i opens a struct or the like, and what constant
// that is.
func (p *parser) containerAt(i int) (name string, ok bool) {
	at := i - 1
	if p.at(at, ")") { // enum(u8), union(enum), packed struct(u32)
		depth := 0
		for first := max(0, at-maxTag); at >= first; at-- {
			if p.tokens[at].is(")") {
				depth++
			} else if p.tokens[at].is("(") {
				if depth--; depth == 0 {
					at--
					break
				}
			}
		}
	}
	if !p.at(at, "struct") && !p.at(at, "union") && !p.at(at, "enum") && !p.at(at, "opaque") {
		return "", false
	}
	at--
	if p.at(at, "packed") || p.at(at, "extern") {
		at--
	}
	if p.at(at, "=") && at >= 2 && p.tokens[at-1].kind == tokenWord && (p.at(at-2, "const") || p.at(at-2, "var")) {
		return string(p.tokens[at-1].text), true
	}
	return "", true
}

// startTest notes the test whose keyword is at i.
func (p *parser) startTest(i int) {
	scope, ok := p.scope()
	t := testBlock{scope: scope, head: &p.tokens[i]}
	next := i + 1
	switch {
	case p.at(next, "{"):
		t.name = "test_" + strconv.Itoa(p.unnamed[scope])
		p.unnamed[scope]++
	case next < len(p.tokens) && p.tokens[next].kind == tokenString:
		t.name, t.head = "test."+unquote(p.tokens[next].text), &p.tokens[next]
	case next < len(p.tokens) && p.tokens[next].kind == tokenWord:
		t.name, t.head = "decltest."+string(p.tokens[next].text), &p.tokens[next]
	default:
		return
	}
	if !ok {
		return
	}
	p.pending = &body{test: t}
}

// scope returns the names of the open containers; false if one has none that the text
// tells, as in a function that returns a type.
func (p *parser) scope() (string, bool) {
	scope := ""
	for i := range p.open {
		if p.open[i].unnameable || !p.open[i].container {
			return "", false
		}
		scope += p.open[i].name + "."
	}
	return scope, true
}

// alias notes `const name = a.b.c;`.
func (p *parser) alias(i int) {
	if i+3 >= len(p.tokens) || p.tokens[i+1].kind != tokenWord || !p.at(i+2, "=") {
		return
	}
	chain, end := p.chain(i + 3)
	if chain != "" && p.at(end, ";") {
		p.aliases[string(p.tokens[i+1].text)] = chain
	}
}

// chain reads a.b.c from i on and returns it and what is behind it. @import("std") at its
// beginning is the name @std, as imports of other files are by their paths.
func (p *parser) chain(i int) (string, int) {
	if i >= len(p.tokens) || p.tokens[i].kind != tokenWord {
		return "", i
	}
	text := string(p.tokens[i].text)
	i++
	if text == "@import" && p.at(i, "(") && i+2 < len(p.tokens) && p.tokens[i+1].kind == tokenString && p.at(i+2, ")") {
		text = "@" + unquote(p.tokens[i+1].text)
		i += 3
	}
	for p.at(i, ".") && i+1 < len(p.tokens) && p.tokens[i+1].kind == tokenWord {
		text += "." + string(p.tokens[i+1].text)
		i += 2
	}
	return text, i
}

// noteCall notes that the function or test at hand calls what the chain at i names.
func (p *parser) noteCall(i int) {
	chain, end := p.chain(i)
	if !p.at(end, "(") || p.follows(i, "fn") {
		return
	}
	for k := len(p.open) - 1; k >= 0; k-- {
		b := p.open[k].body
		if b == nil {
			continue
		}
		b.called = append(b.called, call{chain, int(p.tokens[i].line)})
		if b.function != "" {
			p.calls[b.function] = append(p.calls[b.function], chain)
		}
		return
	}
}

// importFile notes @import("….zig").
func (p *parser) importFile(i int) {
	if p.at(i+1, "(") && i+2 < len(p.tokens) && p.tokens[i+2].kind == tokenString {
		if path := unquote(p.tokens[i+2].text); bytes.HasSuffix([]byte(path), []byte(Extension)) {
			p.imports = append(p.imports, path)
		}
	}
}

// finish returns the tests that fuzz.
func (p *parser) finish() sourceFile {
	out := sourceFile{imports: p.imports}
	fuzzing := p.fuzzingFunctions()
	for _, b := range p.bodies {
		if b.function != "" {
			continue
		}
		for _, c := range b.called {
			if p.isFuzz(c.chain) {
				b.test.fuzzLine = c.line
				out.tests = append(out.tests, b.test)
				break
			}
			if fuzzing[last(c.chain)] {
				out.tests = append(out.tests, b.test)
				break
			}
		}
	}
	return out
}

// fuzzingFunctions returns the functions of the file that call std.testing.fuzz, or
// another one that does.
func (p *parser) fuzzingFunctions() map[string]bool {
	fuzzing := map[string]bool{}
	for changed := true; changed; {
		changed = false
		for name, chains := range p.calls {
			for _, chain := range chains {
				if !fuzzing[name] && (p.isFuzz(chain) || fuzzing[last(chain)]) {
					fuzzing[name], changed = true, true
				}
			}
		}
	}
	return fuzzing
}

// fuzzChain is the function that makes a test a fuzz test.
const fuzzChain = "@std.testing.fuzz"

// maxAliases is how many constants may stand for each other in a row. It ends cycles.
const maxAliases = 8

// isFuzz reports whether a chain names std.testing.fuzz.
func (p *parser) isFuzz(chain string) bool {
	for range maxAliases {
		if chain == fuzzChain {
			return true
		}
		first, rest := split(chain)
		meaning, ok := p.aliases[first]
		if !ok || meaning == first {
			return false
		}
		chain = meaning + rest
	}
	return false
}

// split returns the first name of a chain, and the rest with its dot. The path of an
// import may have dots, too.
func split(chain string) (first, rest string) {
	if len(chain) > 0 && chain[0] == '@' {
		return chain, ""
	}
	for i := range len(chain) {
		if chain[i] == '.' {
			return chain[:i], chain[i:]
		}
	}
	return chain, ""
}

// last returns the last name of a chain.
func last(chain string) string {
	for i := len(chain) - 1; i >= 0; i-- {
		if chain[i] == '.' {
			return chain[i+1:]
		}
	}
	return chain
}
