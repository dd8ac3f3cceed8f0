package engine

import "encoding/binary"

// This file defines the mutators of byte strings that treat them as binary.

const (
	// maxStep is the largest step of the arithmetic mutators, AFL's ARITH_MAX.
	maxStep = 35
	// maxInsert is the most bytes one insertion of random bytes adds.
	maxInsert = 8
	// maxBlock is the most bytes that one block edit moves.
	maxBlock = 128
)

// boundaries are the values around which programs change their mind: powers of
// two, their neighbours, and round numbers, as in AFL's tables.
var boundaries = [...]uint64{
	0, 1, 7, 8, 9, 10, 15, 16, 17, 31, 32, 33, 63, 64, 65, 99, 100, 101, 127, 128, 129, 255, 256, 257,
	511, 512, 513, 999, 1000, 1001, 1023, 1024, 1025, 4095, 4096, 4097, 10000, 32767, 32768, 32769,
	65535, 65536, 65537, 100000, 1000000, 1<<31 - 1, 1 << 31, 1<<31 + 1, 1<<32 - 1, 1 << 32, 1<<32 + 1,
	1<<53 - 1, 1 << 53, 1<<53 + 1, 1<<63 - 1, 1 << 63, 1<<63 + 1,
}

func (e *Engine) flipBit(field int) bool {
	b := e.mutant.bytes(field)
	if len(b) == 0 {
		return false
	}
	bit := e.rng.below(len(b) * 8)
	b[bit/8] ^= 1 << (bit % 8)
	return true
}

func (e *Engine) randomByte(field int) bool {
	b := e.mutant.bytes(field)
	if len(b) == 0 {
		return false
	}
	b[e.rng.below(len(b))] ^= byte(1 + e.rng.below(255))
	return true
}

func (e *Engine) stepByte(field int) bool {
	b := e.mutant.bytes(field)
	if len(b) == 0 {
		return false
	}
	b[e.rng.below(len(b))] += byte(e.step())
	return true
}

// step returns a small positive or negative number, never zero.
func (e *Engine) step() int {
	r := e.rng.next()
	n := 1 + int(lessThan(r<<1, maxStep))
	if r>>63 != 0 {
		return -n
	}
	return n
}

// pickWord chooses 2, 4 or 8 bytes of b, as far as it is long enough, and the
// byte order to read them in. It returns nil if b is shorter than 2 bytes.
func (e *Engine) pickWord(b []byte) (word []byte, bigEndian bool) {
	if len(b) < 2 {
		return nil, false
	}
	r := e.rng.next()
	size := 2 << (r & 3 % 3)
	for size > len(b) {
		size /= 2
	}
	at := e.rng.below(len(b) - size + 1)
	return b[at : at+size], r&4 != 0
}

func (e *Engine) stepWord(field int) bool {
	word, bigEndian := e.pickWord(e.mutant.bytes(field))
	if word == nil {
		return false
	}
	storeWord(word, bigEndian, loadWord(word, bigEndian)+uint64(e.step()))
	return true
}

func (e *Engine) boundaryWord(field int) bool {
	b := e.mutant.bytes(field)
	if len(b) == 0 {
		return false
	}
	v := boundaries[e.rng.below(len(boundaries))]
	if e.rng.coin() {
		v = -v
	}
	word, bigEndian := e.pickWord(b)
	if word == nil || e.rng.oneIn(4) {
		b[e.rng.below(len(b))] = byte(v)
		return true
	}
	storeWord(word, bigEndian, v)
	return true
}

// insertRandom inserts a few random bytes: printable ones for strings, and at
// times for other bytes, which are often text too.
func (e *Engine) insertRandom(field int) bool {
	n := e.rng.geometric(maxInsert)
	gap := e.mutant.gap(field, e.rng.below(e.mutant.spans[field].n+1), 0, n)
	if gap == nil {
		return false
	}
	var random [maxInsert]byte
	binary.LittleEndian.PutUint64(random[:], e.rng.next())
	copy(gap, random[:])
	if e.schema[field].Text && !e.rng.oneIn(8) || e.rng.oneIn(4) {
		e.makePrintable(gap)
	}
	return true
}

func (e *Engine) insertRepeated(field int) bool {
	b := e.mutant.bytes(field)
	fill := byte(0)
	switch r := e.rng.next(); {
	case r>>62 == 0:
		fill = byte(r)
	case r>>62 < 3 && len(b) > 0:
		fill = b[lessThan(r<<2, uint64(len(b)))]
	case e.schema[field].Text:
		fill = ' '
	}
	gap := e.mutant.gap(field, e.rng.below(len(b)+1), 0, e.rng.length(maxBlock))
	if gap == nil {
		return false
	}
	for i := range gap {
		gap[i] = fill
	}
	return true
}

func (e *Engine) deleteBlock(field int) bool {
	n := e.mutant.spans[field].n
	if n == 0 {
		return false
	}
	del := e.rng.length(n)
	e.mutant.gap(field, e.rng.below(n-del+1), del, 0)
	return true
}

func (e *Engine) copyBlock(field int) bool {
	b := e.mutant.bytes(field)
	if len(b) < 2 {
		return false
	}
	n := e.rng.length(min(len(b)-1, maxBlock))
	from, to := e.rng.below(len(b)-n+1), e.rng.below(len(b)-n+1)
	copy(b[to:to+n], b[from:])
	return true
}

func (e *Engine) duplicateBlock(field int) bool {
	b := e.mutant.bytes(field)
	if len(b) == 0 {
		return false
	}
	n := e.rng.length(min(len(b), maxBlock))
	from, to := e.rng.below(len(b)-n+1), e.rng.below(len(b)+1)
	var block [maxBlock]byte
	copy(block[:n], b[from:])
	gap := e.mutant.gap(field, to, 0, n)
	if gap == nil {
		return false
	}
	copy(gap, block[:n])
	return true
}

func (e *Engine) swapBlocks(field int) bool {
	b := e.mutant.bytes(field)
	if len(b) < 2 {
		return false
	}
	n := e.rng.length(min(len(b)/2, maxBlock))
	// The blocks do not overlap: the first starts in [0, len-2n], the second after it.
	first := e.rng.below(len(b) - 2*n + 1)
	second := first + n + e.rng.below(len(b)-2*n-first+1)
	for i := range n {
		b[first+i], b[second+i] = b[second+i], b[first+i]
	}
	return true
}

// pickBlock chooses a block of a donor's value.
func (e *Engine) pickBlock(field int) []byte {
	value := e.donor(field)
	if len(value) == 0 {
		return nil
	}
	n := e.rng.length(min(len(value), maxBlock))
	from := e.rng.below(len(value) - n + 1)
	return value[from : from+n]
}

func (e *Engine) spliceOver(field int) bool {
	b, block := e.mutant.bytes(field), e.pickBlock(field)
	if len(b) == 0 || len(block) == 0 {
		return false
	}
	copy(b[e.rng.below(len(b)):], block)
	return true
}

func (e *Engine) spliceIn(field int) bool {
	block := e.pickBlock(field)
	if len(block) == 0 {
		return false
	}
	gap := e.mutant.gap(field, e.rng.below(e.mutant.spans[field].n+1), 0, len(block))
	if gap == nil {
		return false
	}
	copy(gap, block)
	return true
}

// crossOver keeps the value's head and takes a donor's tail.
func (e *Engine) crossOver(field int) bool {
	value := e.donor(field)
	n := e.mutant.spans[field].n
	if len(value) == 0 || n == 0 {
		return false
	}
	cut := e.rng.below(n + 1)
	from := cut
	if cut >= len(value) || e.rng.oneIn(4) {
		from = e.rng.below(len(value))
	}
	tail := value[from:]
	tail = tail[:min(len(tail), e.mutant.room()+n-cut)]
	copy(e.mutant.gap(field, cut, n-cut, len(tail)), tail)
	return true
}
