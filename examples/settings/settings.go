// Package settings reads a small configuration language:
//
//	# a comment
//	name = "fuzzls"
//	[cache]
//	size = 64MiB
//	keep = 90m
//	tags = [fast, "not too big"]
//
// It is the example that the demo fuzzes, and holds mistakes worth finding.
package settings

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// A File maps "section.key" to its value; keys before any section have no dot.
type File map[string]Value

// A Value is a string, Size, time.Duration, bool or []Value.
type Value any

// Size is a number of bytes.
type Size int64

// ErrSyntax is wrapped by every error of Parse.
var ErrSyntax = errors.New("syntax error")

// Parse reads the text of a settings file.
func Parse(text string) (File, error) {
	file := File{}
	section := ""
	for n, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		if line[0] == '[' && line[len(line)-1] == ']' {
			name, err := sectionName(line[1 : len(line)-1])
			if err != nil {
				return nil, fmt.Errorf("line %d: %w", n+1, err)
			}
			section = name + "."
			continue
		}
		key, rest, ok := strings.Cut(line, "=")
		if !ok {
			return nil, fmt.Errorf("line %d: no '=': %w", n+1, ErrSyntax)
		}
		value, err := parseValue(strings.TrimSpace(rest))
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n+1, err)
		}
		file[section+strings.TrimSpace(key)] = value
	}
	return file, nil
}

func sectionName(s string) (string, error) {
	if s == "" {
		return "", fmt.Errorf("empty section: %w", ErrSyntax)
	}
	for _, r := range s {
		if r == '[' || r == ']' || r == ' ' {
			return "", fmt.Errorf("section %q: %w", s, ErrSyntax)
		}
	}
	return s, nil
}

func parseValue(s string) (Value, error) {
	switch {
	case s == "":
		return nil, fmt.Errorf("no value: %w", ErrSyntax)
	case s == "yes", s == "true":
		return true, nil
	case s == "no", s == "false":
		return false, nil
	case s[0] == '"':
		return unquote(s)
	case s[0] == '[':
		return parseList(s)
	case s[0] >= '0' && s[0] <= '9':
		return parseNumber(s)
	}
	return s, nil
}

func parseList(s string) (Value, error) {
	if s[len(s)-1] != ']' {
		return nil, fmt.Errorf("list without end: %w", ErrSyntax)
	}
	var list []Value
	for _, item := range strings.Split(s[1:len(s)-1], ",") {
		item = strings.TrimSpace(item)
		if item == "" {
			continue
		}
		value, err := parseValue(item)
		if err != nil {
			return nil, err
		}
		list = append(list, value)
	}
	return list, nil
}

// units of sizes and durations, by their ending.
var sizes = map[string]int64{"B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}

func parseNumber(s string) (Value, error) {
	digits := 0
	for digits < len(s) && s[digits] >= '0' && s[digits] <= '9' {
		digits++
	}
	var n int64
	for _, d := range s[:digits] {
		n = n*10 + int64(d-'0')
	}
	switch unit := s[digits:]; unit {
	case "":
		return Size(n), nil
	case "s":
		return time.Duration(n) * time.Second, nil
	case "m":
		return time.Duration(n) * time.Minute, nil
	case "h":
		return time.Duration(n) * time.Hour, nil
	default:
		if scale, ok := sizes[unit]; ok {
			return Size(n * scale), nil
		}
		return nil, fmt.Errorf("unit %q: %w", unit, ErrSyntax)
	}
}

// unquote reads a quoted string with the escapes \n, \t, \\, \" and \xHH.
func unquote(s string) (Value, error) {
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '"':
			if i != len(s)-1 {
				return nil, fmt.Errorf("text after the closing quote: %w", ErrSyntax)
			}
			return b.String(), nil
		case '\\':
			i++
			switch s[i] { // a backslash may be the last byte
			case 'n':
				b.WriteByte('\n')
			case 't':
				b.WriteByte('\t')
			case '\\', '"':
				b.WriteByte(s[i])
			case 'x':
				b.WriteByte(hex(s[i+1])<<4 | hex(s[i+2])) // and \x may be cut short
				i += 2
			default:
				return nil, fmt.Errorf("escape \\%c: %w", s[i], ErrSyntax)
			}
		default:
			b.WriteByte(s[i])
		}
	}
	return nil, fmt.Errorf("string without end: %w", ErrSyntax)
}

func hex(c byte) byte {
	switch {
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10
	}
	return c - '0'
}
