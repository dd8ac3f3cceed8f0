package gocorpus

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/fuzzls/fuzzls/fuzzcore/engine"
)

// This file reads and writes the values of a Smith stream.

const (
	// numberSize is the size in bytes of an Int or Float in a Smith stream,
	// whatever its width.
	numberSize = 8
	// lengthSize is the size in bytes of the length in front of Bytes.
	lengthSize = 4
)

// value is one value of an input: bits of an Int or Float, content of Bytes.
type value struct {
	// bits is the value's bit pattern; bits above the field's width are zero.
	bits    uint64
	content []byte
}

// takeValue reads the value at the start of stream and returns what follows it.
// A signed Int may be sign-extended or zero-extended; content aliases stream.
func takeValue(stream []byte, f engine.Field) (value, []byte, error) {
	if f.Kind == engine.Bytes {
		return takeBytes(stream)
	}
	if len(stream) < numberSize {
		return value{}, nil, fmt.Errorf("%d bytes left, expected %d", len(stream), numberSize)
	}
	word := binary.LittleEndian.Uint64(stream)
	unused := 64 - f.Bits
	bits := word << unused >> unused
	signExtended := uint64(int64(word<<unused) >> unused)
	if word != bits && (!f.Signed || word != signExtended) {
		return value{}, nil, fmt.Errorf("%#x does not fit %d bits", word, f.Bits)
	}
	return value{bits: bits}, stream[numberSize:], nil
}

func takeBytes(stream []byte) (value, []byte, error) {
	if len(stream) < lengthSize {
		return value{}, nil, fmt.Errorf("%d bytes left, expected a length of %d bytes", len(stream), lengthSize)
	}
	n := binary.LittleEndian.Uint32(stream)
	rest := stream[lengthSize:]
	if uint64(n) > uint64(len(rest)) {
		return value{}, nil, fmt.Errorf("%d bytes left, expected %d", len(rest), n)
	}
	return value{content: rest[:n]}, rest[n:], nil
}

// appendStream appends the value to a stream. Ints are zero-extended.
func appendStream(stream []byte, f engine.Field, v value) ([]byte, error) {
	if f.Kind != engine.Bytes {
		return binary.LittleEndian.AppendUint64(stream, v.bits), nil
	}
	if uint64(len(v.content)) > math.MaxUint32 {
		return nil, fmt.Errorf("%d bytes are too long for an input: shorten them to less than 4 GiB", len(v.content))
	}
	stream = binary.LittleEndian.AppendUint32(stream, uint32(len(v.content)))
	return append(stream, v.content...), nil
}
