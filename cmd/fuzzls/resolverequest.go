package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// This file defines how a line of input to `fuzzls resolve` is read.

// askKind is what a line asks for.
type askKind uint8

const (
	askNothing askKind = iota // it cannot be understood: the answer is unknown
	askCode                   // the place of an address
	askData                   // the variable at an address
	askSymbol                 // the place of a symbol
)

// request is one line of input.
type request struct {
	kind askKind
	// file is the executable.
	file string
	addr uint64
	// symbol is the name that askSymbol is about; addr is then relative to it until
	// locate has found it.
	symbol string
}

// parseRequest reads a line: [CODE|DATA] [file] address, or the name of a symbol
// and an offset in place of the address. A file with spaces is in double or single
// quotes. obj is the file of lines that name none.
func parseRequest(line, obj string) request {
	r := request{kind: askCode, file: obj}
	rest := strings.TrimSpace(line)
	command, after, _ := strings.Cut(rest, " ")
	switch command {
	case "CODE":
		rest = strings.TrimSpace(after)
	case "DATA":
		r.kind, rest = askData, strings.TrimSpace(after)
	case "FRAME": // the variables of a function, which are not read
		return request{}
	}
	if len(rest) > 0 && (rest[0] == '"' || rest[0] == '\'') {
		end := strings.IndexByte(rest[1:], rest[0])
		if end < 0 {
			return request{}
		}
		r.file, rest = rest[1:1+end], strings.TrimSpace(rest[end+2:])
	} else if i := strings.LastIndexByte(rest, ' '); i >= 0 && obj == "" {
		r.file, rest = strings.TrimSpace(rest[:i]), rest[i+1:]
	}
	if r.file == "" || rest == "" {
		return request{}
	}
	digits := strings.TrimPrefix(strings.TrimPrefix(rest, "0x"), "0X")
	addr, err := strconv.ParseUint(digits, 16, 64)
	switch {
	case err == nil:
		r.addr = addr
	case r.kind == askData, digits != rest: // 0x, and then no number
		return request{}
	default:
		r.kind = askSymbol
		name, offset, _ := strings.Cut(rest, "+")
		if n, err := strconv.ParseUint(offset, 0, 64); err == nil {
			rest, r.addr = name, n
		}
		r.symbol = rest
	}
	return r
}

// locate finds the address of a symbol.
func (s *symbolizer) locate(r request) request {
	f := s.open(r.file)
	if f.file == nil {
		s.tell(f)
		return request{}
	}
	symbol, ok := f.file.Symbol(r.symbol)
	if !ok {
		return request{}
	}
	r.addr += symbol.Addr
	return r
}

// tell tells the user about the problem of a file, once.
func (s *symbolizer) tell(f *openFile) {
	if f.err != nil && !f.told {
		fmt.Fprintf(os.Stderr, "fuzzls: %v\n", f.err)
		f.told = true
	}
}
