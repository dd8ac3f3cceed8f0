package executor

import (
	"encoding/binary"
	"fmt"
	"strconv"
)

// This file writes the text that stock workers take inputs as: "go test fuzz v1"
// and a line for each argument (internal/fuzz/encoding.go).

// appendGoCorpus appends the input of a Smith stream to b as text, for arguments
// of the given Go types. What the stream lacks at its end is zero.
func appendGoCorpus(b []byte, types []string, stream []byte) []byte {
	b = append(b, "go test fuzz v1\n"...)
	for _, name := range types {
		switch name {
		case "string", "[]byte", "[]uint8":
			var text []byte
			text, stream = takeBytes(stream)
			if name != "string" {
				name = "[]byte"
			}
			b = append(b, name...)
			b = append(b, '(')
			b = strconv.AppendQuote(b, string(text))
			b = append(b, ")\n"...)
			continue
		}
		var n uint64
		n, stream = takeNumber(stream)
		b = appendGoNumber(b, name, n)
	}
	return b
}

func appendGoNumber(b []byte, name string, n uint64) []byte {
	switch field := goTypes[name]; {
	case name == "bool":
		return fmt.Appendf(b, "bool(%v)\n", n&1 != 0)
	case name == "float32":
		return fmt.Appendf(b, "math.Float32frombits(%#x)\n", uint32(n))
	case name == "float64":
		return fmt.Appendf(b, "math.Float64frombits(%#x)\n", n)
	case field.Signed:
		shift := 64 - field.Bits
		return fmt.Appendf(b, "%s(%d)\n", plainName(name), int64(n<<shift)>>shift)
	default:
		shift := 64 - field.Bits
		return fmt.Appendf(b, "%s(%d)\n", plainName(name), n<<shift>>shift)
	}
}

// plainName returns the name whose literals are plain numbers.
func plainName(name string) string {
	switch name {
	case "rune":
		return "int32"
	case "byte":
		return "uint8"
	}
	return name
}

func takeNumber(stream []byte) (n uint64, rest []byte) {
	if len(stream) >= 8 {
		return binary.LittleEndian.Uint64(stream), stream[8:]
	}
	var b [8]byte
	copy(b[:], stream)
	return binary.LittleEndian.Uint64(b[:]), nil
}

func takeBytes(stream []byte) (b, rest []byte) {
	if len(stream) < 4 {
		return nil, nil
	}
	n := min(uint64(binary.LittleEndian.Uint32(stream)), uint64(len(stream)-4))
	return stream[4 : 4+n], stream[4+n:]
}
