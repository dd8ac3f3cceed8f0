package engine

import "encoding/binary"

// This file reads and writes integers of any size and byte order.

// loadWord reads an integer of len(b) bytes: 1, 2, 4 or 8.
func loadWord(b []byte, bigEndian bool) uint64 {
	switch {
	case len(b) == 1:
		return uint64(b[0])
	case len(b) == 2 && bigEndian:
		return uint64(binary.BigEndian.Uint16(b))
	case len(b) == 2:
		return uint64(binary.LittleEndian.Uint16(b))
	case len(b) == 4 && bigEndian:
		return uint64(binary.BigEndian.Uint32(b))
	case len(b) == 4:
		return uint64(binary.LittleEndian.Uint32(b))
	case bigEndian:
		return binary.BigEndian.Uint64(b)
	}
	return binary.LittleEndian.Uint64(b)
}

// storeWord writes the low bytes of v into b, of 1, 2, 4 or 8 bytes.
func storeWord(b []byte, bigEndian bool, v uint64) {
	switch {
	case len(b) == 1:
		b[0] = byte(v)
	case len(b) == 2 && bigEndian:
		binary.BigEndian.PutUint16(b, uint16(v))
	case len(b) == 2:
		binary.LittleEndian.PutUint16(b, uint16(v))
	case len(b) == 4 && bigEndian:
		binary.BigEndian.PutUint32(b, uint32(v))
	case len(b) == 4:
		binary.LittleEndian.PutUint32(b, uint32(v))
	case bigEndian:
		binary.BigEndian.PutUint64(b, v)
	default:
		binary.LittleEndian.PutUint64(b, v)
	}
}

// appendWord appends the low size bytes of v, little-endian.
func appendWord(b []byte, size int, v uint64) []byte {
	var word [wordSize]byte
	binary.LittleEndian.PutUint64(word[:], v)
	return append(b, word[:size]...)
}
