// Package puzzles holds guards that random mutation does not get through: what a
// fuzzer makes of comparisons shows in the number of runs to the crash behind them.
package puzzles

import "encoding/binary"

// Find compares twelve bytes at once.
func Find(data []byte) bool { return string(data) == "canyoufindme" }

// Magics is a chain of magic numbers of several widths and byte orders.
func Magics(data []byte) bool {
	if len(data) < 24 {
		return false
	}
	if binary.LittleEndian.Uint32(data) != 0xdeadbeef {
		return false
	}
	if binary.BigEndian.Uint32(data[4:]) != 0xcafef00d {
		return false
	}
	if binary.LittleEndian.Uint64(data[8:]) != 0x0123456789abcdef {
		return false
	}
	return binary.BigEndian.Uint64(data[16:]) == 0xfeedfacedecafbad
}

// Checksum is a little-endian magic, a big-endian tag and an FNV-1a checksum of
// all that lies behind it.
func Checksum(data []byte) bool {
	if len(data) < 16 {
		return false
	}
	if binary.LittleEndian.Uint32(data) != 0xdeadbeef {
		return false
	}
	if binary.BigEndian.Uint32(data[4:]) != 0xcafef00d {
		return false
	}
	return binary.LittleEndian.Uint32(data[8:]) == fnv(data[12:])
}

// Behind is Checksum and a byte that the checksum covers.
func Behind(data []byte) bool { return Checksum(data) && data[13] == 'Z' }

// Steps compares byte after byte.
func Steps(data []byte) bool {
	if len(data) > 4 && data[0] == 'f' {
		if data[1] == 'u' {
			if data[2] == 'z' {
				if data[3] == 'z' {
					return data[4] == '!'
				}
			}
		}
	}
	return false
}

// Typed guards typed arguments with constants and with each other.
func Typed(n int64, x float64, s string) bool {
	return n == 0x1122334455667788 && x > 1e9 && x < 2e9 && len(s) == 7 && s[:3] == "key"
}

func fnv(data []byte) uint32 {
	h := uint32(2166136261)
	for _, b := range data {
		h = (h ^ uint32(b)) * 16777619
	}
	return h
}
