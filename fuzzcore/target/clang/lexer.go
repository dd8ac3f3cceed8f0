package clang

import "bytes"

// This file defines the lexer: C and C++ source as tokens. It is a lexer of files as they
// are, before the preprocessor: macros are not expanded, and of conditional text only that
// below #if 0 is left out.

// tokenKind tells what a token is.
type tokenKind uint8

const (
	// tokenWord is an identifier or a keyword.
	tokenWord tokenKind = iota
	// tokenNumber is a number.
	tokenNumber
	// tokenText is a string or a character, with its quotes and prefix.
	tokenText
	// tokenPunct is one character of punctuation; "::", "->" and the like are two.
	tokenPunct
)

// token is one token.
type token struct {
	text []byte // shares the file's
	// line and col are where it begins, 1-based, col in bytes; last is the line on which
	// it ends.
	line, col, last uint32
	kind            tokenKind
	// directive: it belongs to a line of the preprocessor.
	directive bool
}

// is reports whether the token is the punctuation or the word s.
func (t *token) is(s string) bool { return t.kind != tokenText && string(t.text) == s }

// lexer reads one file.
type lexer struct {
	data []byte
	at   int
	line uint32
	// start is where the line begins.
	start int
	// fresh: nothing but space has been read of the line.
	fresh     bool
	directive bool
	tokens    []token
}

// lex returns the tokens of a file. What is not closed (a comment, a string) ends with the
// file or its line; nothing is an error.
func lex(data []byte) []token {
	l := lexer{data: data, line: 1, fresh: true}
	for l.at < len(l.data) {
		l.next()
	}
	return l.tokens
}

// next reads a token, or what is between tokens.
func (l *lexer) next() {
	rest := l.data[l.at:]
	switch c := rest[0]; {
	case c == '\n':
		l.newline()
		l.fresh, l.directive = true, false
	case c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v':
		l.at++
	case c == '\\' && l.continues():
	case bytes.HasPrefix(rest, []byte("//")):
		l.lineComment()
	case bytes.HasPrefix(rest, []byte("/*")):
		l.comment()
	case c == '#' && l.fresh:
		l.beginDirective()
	case isLetter(c):
		l.word()
	case c >= '0' && c <= '9':
		l.number()
	case c == '"' || c == '\'':
		l.quoted(0)
	default:
		l.emit(1, tokenPunct)
	}
}

// newline steps over the end of a line.
func (l *lexer) newline() {
	l.at++
	l.line++
	l.start = l.at
}

// continues steps over a backslash at the end of a line; if there is none it emits the
// backslash.
func (l *lexer) continues() bool {
	i := l.at + 1
	if i < len(l.data) && l.data[i] == '\r' {
		i++
	}
	if i < len(l.data) && l.data[i] == '\n' {
		l.at = i
		l.newline()
		return true
	}
	l.emit(1, tokenPunct)
	return true
}

// emit makes the next n bytes, which hold no end of line, a token.
func (l *lexer) emit(n int, kind tokenKind) {
	l.tokens = append(l.tokens, token{
		text: l.data[l.at : l.at+n], line: l.line, last: l.line, col: uint32(l.at-l.start) + 1, kind: kind, directive: l.directive,
	})
	l.at += n
	l.fresh = false
}

func (l *lexer) lineComment() {
	for l.at < len(l.data) && l.data[l.at] != '\n' {
		if l.data[l.at] == '\\' && l.at+1 < len(l.data) && l.data[l.at+1] == '\n' {
			l.at++
			l.newline()
			continue
		}
		l.at++
	}
}

func (l *lexer) comment() {
	end := len(l.data)
	if i := bytes.Index(l.data[l.at+2:], []byte("*/")); i >= 0 {
		end = l.at + 2 + i + 2
	}
	l.skipTo(end)
}

// skipTo moves to an offset and counts the lines.
func (l *lexer) skipTo(end int) {
	for l.at < end {
		if l.data[l.at] == '\n' {
			l.newline()
		} else {
			l.at++
		}
	}
}

// word reads an identifier, or the string whose prefix it is.
func (l *lexer) word() {
	n := 1
	for l.at+n < len(l.data) && isWord(l.data[l.at+n]) {
		n++
	}
	if l.at+n < len(l.data) {
		quote, prefix := l.data[l.at+n], string(l.data[l.at:l.at+n])
		switch {
		case quote == '"' && (prefix == "R" || prefix == "LR" || prefix == "uR" || prefix == "UR" || prefix == "u8R"):
			l.raw(n)
			return
		case (quote == '"' || quote == '\'') && (prefix == "L" || prefix == "u" || prefix == "U" || prefix == "u8"):
			l.quoted(n)
			return
		}
	}
	l.emit(n, tokenWord)
}

// number reads a preprocessing number: digits, letters, dots, signs after an exponent and
// single quotes between digits.
func (l *lexer) number() {
	n := 1
	for ; l.at+n < len(l.data); n++ {
		c, before := l.data[l.at+n], l.data[l.at+n-1]|0x20
		sign := (c == '+' || c == '-') && (before == 'e' || before == 'p')
		separator := c == '\'' && l.at+n+1 < len(l.data) && isWord(l.data[l.at+n+1])
		if !isWord(c) && c != '.' && !sign && !separator {
			break
		}
	}
	l.emit(n, tokenNumber)
}

// quoted reads a string or a character that begins with a prefix of that length. It ends
// with its line at the latest.
func (l *lexer) quoted(prefix int) {
	begin := l.here()
	quote := l.data[l.at+prefix]
	i := l.at + prefix + 1
	lines := uint32(0)
	lineStart := l.start
	for i < len(l.data) && l.data[i] != quote && l.data[i] != '\n' {
		if l.data[i] == '\\' && i+1 < len(l.data) {
			i++
			if l.data[i] == '\r' && i+1 < len(l.data) && l.data[i+1] == '\n' {
				i++
			}
			if l.data[i] == '\n' {
				lines++
				lineStart = i + 1
			}
		}
		i++
	}
	if i < len(l.data) && l.data[i] == quote {
		i++
	}
	begin.text, begin.last = l.data[l.at:i], l.line+lines
	l.tokens = append(l.tokens, begin)
	l.at, l.line, l.start, l.fresh = i, l.line+lines, lineStart, false
}

// here is a text token that begins at the next byte.
func (l *lexer) here() token {
	return token{line: l.line, col: uint32(l.at-l.start) + 1, kind: tokenText, directive: l.directive}
}

// raw reads a raw string: R"delimiter( … )delimiter".
func (l *lexer) raw(prefix int) {
	begin := l.here()
	from := l.at
	body := l.data[l.at+prefix+1:]
	open := bytes.IndexByte(body, '(')
	if open < 0 || open > maxRawDelimiter {
		l.quoted(prefix)
		return
	}
	closing := append(append([]byte{')'}, body[:open]...), '"')
	end := len(l.data)
	if i := bytes.Index(body[open+1:], closing); i >= 0 {
		end = l.at + prefix + 1 + open + 1 + i + len(closing)
	}
	l.skipTo(end)
	begin.text, begin.last = l.data[from:end], l.line
	l.tokens = append(l.tokens, begin)
	l.fresh = false
}

// maxRawDelimiter is how long the language lets the delimiter of a raw string be.
const maxRawDelimiter = 16

// beginDirective reads "#", and leaves out what is below #if 0.
func (l *lexer) beginDirective() {
	l.directive = true
	l.emit(1, tokenPunct)
	if isIfZero(l.data[l.at:]) {
		l.skipGroup()
	}
}

// isIfZero reports whether what follows a # is "if 0" or "if false".
func isIfZero(rest []byte) bool {
	line, _, _ := bytes.Cut(rest, []byte{'\n'})
	words := bytes.Fields(line)
	if len(words) < 2 || string(words[0]) != "if" {
		return false
	}
	after := string(words[1])
	whole := len(words) == 2 || bytes.HasPrefix(words[2], []byte("//")) || bytes.HasPrefix(words[2], []byte("/*"))
	return whole && (after == "0" || after == "false")
}

// skipGroup leaves out the lines up to the #else, #elif or #endif that belongs to the #if
// at l.at.
func (l *lexer) skipGroup() {
	depth := 0
	for l.at < len(l.data) {
		line, _, _ := bytes.Cut(l.data[l.at:], []byte{'\n'})
		l.skipTo(l.at + len(line))
		if l.at == len(l.data) {
			return
		}
		next, _, _ := bytes.Cut(l.data[l.at+1:], []byte{'\n'})
		switch word := directiveWord(next); {
		case word == "if" || word == "ifdef" || word == "ifndef":
			depth++
		case word == "endif" && depth > 0:
			depth--
		case depth == 0 && (word == "endif" || word == "else" || word == "elif" || word == "elifdef" || word == "elifndef"):
			return // the end of line is read next
		}
		l.newline()
	}
}

// directiveWord returns the name of the directive on a line, "" if there is none.
func directiveWord(line []byte) string {
	line = bytes.TrimLeft(line, " \t")
	if len(line) == 0 || line[0] != '#' {
		return ""
	}
	line = bytes.TrimLeft(line[1:], " \t")
	n := 0
	for n < len(line) && isWord(line[n]) {
		n++
	}
	return string(line[:n])
}

func isLetter(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c == '$' || c >= 0x80
}

func isWord(c byte) bool { return isLetter(c) || c >= '0' && c <= '9' }
