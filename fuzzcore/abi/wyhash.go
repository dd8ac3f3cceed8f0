package abi

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/bits"
)

// This file defines the hash that names coverage files, and those names.

// The constants of Wyhash final version 4.1, as in Zig's std.hash.Wyhash.
const (
	wySecret0 = 0xa0761d6478bd642f
	wySecret1 = 0xe7037ed1a0b428db
	wySecret2 = 0x8ebc6af09c88c6e3
	wySecret3 = 0x589965cc75374cc3
)

// wyBlock is how many bytes one round of Wyhash takes.
const wyBlock = 48

// Wyhash returns Zig's std.hash.Wyhash.hash(seed, b).
func Wyhash(seed uint64, b []byte) uint64 {
	lanes := newWyLanes(seed)
	if len(b) <= 16 {
		first, last := wySmall(b)
		return wyFinish(lanes[0], first, last, len(b))
	}
	rest := b
	// A last block that is exactly full is left to the tail.
	for len(rest) > wyBlock {
		lanes.round(word(rest), word(rest[8:]), word(rest[16:]), word(rest[24:]), word(rest[32:]), word(rest[40:]))
		rest = rest[wyBlock:]
	}
	state := lanes.merge()
	for ; len(rest) > 16; rest = rest[16:] {
		state = wyMix(word(rest)^wySecret1, word(rest[8:])^state)
	}
	return wyFinish(state, word(b[len(b)-16:]), word(b[len(b)-8:]), len(b))
}

// CoverageID returns the id of a build: Wyhash with seed 0 over the addresses
// of its points, in order, as 8 bytes little-endian each. It equals hashing
// those bytes in one piece but needs no copy of them.
func CoverageID(pcs []uint64) uint64 {
	const perBlock = wyBlock / 8
	n := len(pcs)
	if n <= 2 {
		var small [16]byte
		for i, pc := range pcs {
			binary.LittleEndian.PutUint64(small[8*i:], pc)
		}
		return Wyhash(0, small[:8*n])
	}
	lanes := newWyLanes(0)
	rest := pcs
	for len(rest) > perBlock {
		lanes.round(rest[0], rest[1], rest[2], rest[3], rest[4], rest[5])
		rest = rest[perBlock:]
	}
	state := lanes.merge()
	for ; len(rest) > 2; rest = rest[2:] {
		state = wyMix(rest[0]^wySecret1, rest[1]^state)
	}
	return wyFinish(state, pcs[n-2], pcs[n-1], 8*n)
}

// HexName returns the file name of a coverage id: the hexadecimal digits of its
// 8 bytes in little-endian order, 16 lower-case characters. (Zig's text report
// prints the same id most significant byte first.)
func HexName(id uint64) string {
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], id)
	return hex.EncodeToString(b[:])
}

// ParseHexName is the inverse of HexName. It refuses everything that HexName
// does not produce.
func ParseHexName(name string) (uint64, error) {
	b, err := hex.DecodeString(name)
	if err != nil || len(b) != 8 || hex.EncodeToString(b) != name {
		return 0, fmt.Errorf("%q is not a coverage id: want 16 lower-case hexadecimal digits", name)
	}
	return binary.LittleEndian.Uint64(b), nil
}

// wyLanes are the three running states of Wyhash.
type wyLanes [3]uint64

func newWyLanes(seed uint64) wyLanes {
	s := seed ^ wyMix(seed^wySecret0, wySecret1)
	return wyLanes{s, s, s}
}

// round takes one block, as six little-endian words.
func (l *wyLanes) round(a, b, c, d, e, f uint64) {
	l[0] = wyMix(a^wySecret1, b^l[0])
	l[1] = wyMix(c^wySecret2, d^l[1])
	l[2] = wyMix(e^wySecret3, f^l[2])
}

func (l *wyLanes) merge() uint64 { return l[0] ^ l[1] ^ l[2] }

// wySmall reads up to 16 bytes as two words, overlapping where there are fewer.
func wySmall(b []byte) (first, last uint64) {
	n := len(b)
	switch {
	case n >= 4:
		middle := n / 8 * 4
		return half(b)<<32 | half(b[middle:]), half(b[n-4:])<<32 | half(b[n-4-middle:])
	case n > 0:
		return uint64(b[0])<<16 | uint64(b[n/2])<<8 | uint64(b[n-1]), 0
	}
	return 0, 0
}

func wyFinish(state, first, last uint64, length int) uint64 {
	hi, lo := bits.Mul64(first^wySecret1, last^state)
	return wyMix(lo^wySecret0^uint64(length), hi^wySecret1)
}

func wyMix(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}

func word(b []byte) uint64 { return binary.LittleEndian.Uint64(b) }

func half(b []byte) uint64 { return uint64(binary.LittleEndian.Uint32(b)) }
