package zig

import "bytes"

// This file defines the lexer: Zig source as tokens. It never fails: what is not closed
// ends with its line or the file.

// tokenKind tells what a token is.
type tokenKind uint8

const (
	// tokenWord is an identifier, a keyword or a builtin function (@import).
	tokenWord tokenKind = iota
	// tokenString is a string or a character with its quotes, or one line of a
	// multi-line string.
	tokenString
	// tokenNumber is a number.
	tokenNumber
	// tokenPunct is one character of punctuation.
	tokenPunct
)

// token is one token.
type token struct {
	text []byte // shares the file's; of an identifier in @"…" what is in the quotes
	// at is its byte offset, line and col are where it begins, 1-based, col in bytes.
	at        int
	line, col uint32
	kind      tokenKind
	// quoted: it is an identifier in @"…", and so no keyword.
	quoted bool
}

// is reports whether the token is the punctuation or the keyword s.
func (t *token) is(s string) bool { return t.kind != tokenString && !t.quoted && string(t.text) == s }

// lexer reads one file.
type lexer struct {
	data []byte
	at   int
	line uint32
	// start is where the line begins.
	start  int
	tokens []token
}

// lex returns the tokens of a file, without comments.
func lex(data []byte) []token {
	l := lexer{data: data, line: 1}
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
		l.at++
		l.line++
		l.start = l.at
	case c == ' ' || c == '\t' || c == '\r':
		l.at++
	case bytes.HasPrefix(rest, []byte("//")):
		l.at += restOfLine(rest)
	case bytes.HasPrefix(rest, []byte(`\\`)):
		l.emit(restOfLine(rest), tokenString)
	case c == '"' || c == '\'':
		l.emit(quotedLength(rest), tokenString)
	case bytes.HasPrefix(rest, []byte(`@"`)):
		l.quotedName(rest)
	case c == '@' || isLetter(c):
		l.emit(1+wordLength(rest[1:]), tokenWord)
	case c >= '0' && c <= '9':
		l.emit(numberLength(rest), tokenNumber)
	default:
		l.emit(1, tokenPunct)
	}
}

// emit makes the next n bytes, which hold no end of line, a token.
func (l *lexer) emit(n int, kind tokenKind) {
	l.tokens = append(l.tokens, token{text: l.data[l.at : l.at+n], at: l.at, line: l.line, col: uint32(l.at-l.start) + 1, kind: kind})
	l.at += n
}

// quotedName reads an identifier in @"…".
func (l *lexer) quotedName(rest []byte) {
	n := 1 + quotedLength(rest[1:])
	l.emit(n, tokenWord)
	t := &l.tokens[len(l.tokens)-1]
	t.quoted = true
	t.text = bytes.TrimSuffix(t.text[2:], []byte(`"`))
}

// restOfLine returns the number of bytes up to the end of the line.
func restOfLine(rest []byte) int {
	if i := bytes.IndexByte(rest, '\n'); i >= 0 {
		return i
	}
	return len(rest)
}

// quotedLength returns the length of the string or character that rest begins with. It
// ends with its line at the latest.
func quotedLength(rest []byte) int {
	for i := 1; i < len(rest); i++ {
		switch rest[i] {
		case '\n':
			return i
		case '\\':
			if i+1 < len(rest) && rest[i+1] != '\n' {
				i++
			}
		case rest[0]:
			return i + 1
		}
	}
	return len(rest)
}

func wordLength(rest []byte) int {
	n := 0
	for n < len(rest) && (isLetter(rest[n]) || rest[n] >= '0' && rest[n] <= '9') {
		n++
	}
	return n
}

// numberLength returns the length of a number: digits and letters, and a point that is not
// the beginning of a range (0..9) or of a member.
func numberLength(rest []byte) int {
	n := wordLength(rest)
	if n+1 < len(rest) && rest[n] == '.' && rest[n+1] >= '0' && rest[n+1] <= '9' {
		n += 1 + wordLength(rest[n+1:])
	}
	return n
}

func isLetter(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c >= 0x80
}

// unquote returns what a string in quotes stands for. An escape that the language does not
// have stays as it is.
func unquote(text []byte) string {
	text = bytes.TrimSuffix(bytes.TrimPrefix(text, []byte(`"`)), []byte(`"`))
	if bytes.IndexByte(text, '\\') < 0 {
		return string(text)
	}
	var out []byte
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' || i+1 == len(text) {
			out = append(out, text[i])
			continue
		}
		i++
		switch text[i] {
		case 'n':
			out = append(out, '\n')
		case 'r':
			out = append(out, '\r')
		case 't':
			out = append(out, '\t')
		case '\\', '"', '\'':
			out = append(out, text[i])
		case 'x':
			value, n := hexValue(text[i+1:], 2)
			if n == 2 {
				out = append(out, byte(value))
				i += 2
				continue
			}
			out = append(out, '\\', 'x')
		case 'u':
			value, n := codePoint(text[i+1:])
			if n > 0 {
				out = append(out, string(rune(value))...)
				i += n
				continue
			}
			out = append(out, '\\', 'u')
		default:
			out = append(out, '\\', text[i])
		}
	}
	return string(out)
}

// codePoint reads {hex digits} and returns its length, 0 if it is none.
func codePoint(text []byte) (value uint32, length int) {
	if len(text) == 0 || text[0] != '{' {
		return 0, 0
	}
	value, n := hexValue(text[1:], 6)
	if n == 0 || 1+n >= len(text) || text[1+n] != '}' {
		return 0, 0
	}
	return value, n + 2
}

// hexValue reads up to most hexadecimal digits and returns how many there were.
func hexValue(text []byte, most int) (value uint32, n int) {
	for n < most && n < len(text) {
		c := text[n]
		switch {
		case c >= '0' && c <= '9':
			value = value<<4 | uint32(c-'0')
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			value = value<<4 | uint32(c|0x20-'a'+10)
		default:
			return value, n
		}
		n++
	}
	return value, n
}
