package zigvalues

import (
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
)

// This file defines Call and Request, and how a stream is taken apart into requests.

// Call is one call of a function of std.testing.Smith by the fuzz test.
type Call struct {
	// Func is the function, for instance "value" or "slice"; "" if it is not known.
	Func string
	// Type is the type of the values that the caller asked for, as debug information
	// names it, for instance "ring.Op"; "" where there is none, as for slices.
	Type string
	// File and Line are where it is called; "" and 0 if that is not known.
	File string
	Line int
	// Requests are what the call took from the stream, in order: a structure is asked for
	// field by field.
	Requests []Request
	// Text is the value as it would stand in source: ".push_back", "7", "\"abc\"".
	Text string
}

// Kind is what a request takes from a stream.
type Kind int

// The kinds of requests, with their encodings.
const (
	Int   Kind = iota // 8 bytes, little-endian, whatever the type
	Eos               // 1 byte, not 0 for the end
	Bytes             // as many bytes as the buffer is long
	Slice             // 4 bytes, little-endian, for a length, and so many bytes
)

// Request is one value that Smith took from a stream.
type Request struct {
	Kind Kind
	// Offset and Len are the bytes of the stream that it took. A stream that is too short
	// gives its rest and then nothing.
	Offset, Len int
	// Int is the value of Int and Eos.
	Int uint64
	// Data is the value of Bytes and Slice; it shares the stream's memory and lacks what
	// was filled in for a stream that is too short.
	Data []byte
}

// want is what a request asked for.
type want struct {
	kind Kind
	// size is the length of the buffer of Bytes and Slice.
	size uint64
	// allowed are the ranges of values of Int, of lengths of Slice; the least of the first
	// stands for all that is not allowed.
	allowed []span
}

// span is a range of values, both ends included.
type span struct{ min, max uint64 }

// limit returns n if it is allowed, else what stands for it.
func (w *want) limit(n uint64) uint64 {
	for _, s := range w.allowed {
		if s.min <= n && n <= s.max {
			return n
		}
	}
	if len(w.allowed) == 0 {
		return n
	}
	return w.allowed[0].min
}

// take returns what w takes from stream at offset.
func (w *want) take(stream []byte, offset int) Request {
	rest := stream[offset:]
	r := Request{Kind: w.kind, Offset: offset}
	switch w.kind {
	case Int:
		r.Len = min(8, len(rest))
		if len(rest) < 8 {
			r.Int = w.limit(^uint64(0))
			if len(w.allowed) > 0 {
				r.Int = w.allowed[0].min
			}
			break
		}
		r.Int = w.limit(binary.LittleEndian.Uint64(rest))
	case Eos:
		r.Int = 1
		if len(rest) > 0 {
			r.Len = 1
			r.Int = uint64(min(rest[0], 1))
		}
	case Bytes:
		r.Len = int(min(w.size, uint64(len(rest))))
		r.Data = rest[:r.Len]
	case Slice:
		if len(rest) < 4 {
			r.Len = len(rest)
			break
		}
		length := min(uint64(binary.LittleEndian.Uint32(rest)), uint64(len(rest)-4))
		r.Len = 4 + int(length)
		r.Data = rest[4 : 4+min(length, w.limit(length), w.size)]
	}
	return r
}

// String returns the line of a listing: place, call and value.
func (c *Call) String() string {
	name := c.Func
	if name == "" {
		name = "?"
	}
	text := fmt.Sprintf("%s(%s) = %s", name, c.Type, c.Text)
	if c.File == "" {
		return text
	}
	return fmt.Sprintf("%s:%d: %s", c.File, c.Line, text)
}

// maxShown is how many bytes of a byte string are written: a line or two on a screen.
const maxShown = 100

// quoted returns bytes as a string literal, shortened.
func quoted(data []byte) string {
	if len(data) > maxShown {
		return fmt.Sprintf("%s… (%d bytes)", literal(data[:maxShown]), len(data))
	}
	return literal(data)
}

// literal returns bytes as Zig writes them.
func literal(data []byte) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, c := range data {
		switch {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c == '\n':
			b.WriteString(`\n`)
		case c == '\t':
			b.WriteString(`\t`)
		case c >= ' ' && c < 0x7f:
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, `\x%02x`, c)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// raw returns the value of a request whose type is not known.
func (r *Request) raw() string {
	switch r.Kind {
	case Eos:
		return strconv.FormatBool(r.Int != 0)
	case Bytes, Slice:
		return quoted(r.Data)
	}
	return strconv.FormatUint(r.Int, 10)
}
