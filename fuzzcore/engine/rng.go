package engine

import "math/bits"

// This file is the engine's only source of randomness.

// rng is xoshiro256++ (Blackman and Vigna, "Scrambled linear pseudorandom
// number generators"), the generator of Zig's fuzzer. The state is four fields
// instead of an array because next is then small enough to be inlined.
type rng struct{ a, b, c, d uint64 }

// newRNG seeds the generator's state with four outputs of SplitMix64(seed), as
// Zig's std.Random.Xoshiro256 does.
func newRNG(seed uint64) rng {
	split := func() uint64 {
		seed += 0x9e3779b97f4a7c15
		z := seed
		z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
		z = (z ^ z>>27) * 0x94d049bb133111eb
		return z ^ z>>31
	}
	return rng{a: split(), b: split(), c: split(), d: split()}
}

// next returns the next 64 random bits.
func (r *rng) next() uint64 {
	out := bits.RotateLeft64(r.a+r.d, 23) + r.a
	t := r.b << 17
	r.c ^= r.a
	r.d ^= r.b
	r.b ^= r.c
	r.a ^= r.d
	r.c ^= t
	r.d = bits.RotateLeft64(r.d, 45)
	return out
}

// lessThan scales the random bits r to [0, n) by a multiplication, without the
// rejection that an exact uniform choice needs: the bias, at most n/2⁶⁴, does
// not matter to a mutation.
func lessThan(r, n uint64) uint64 {
	hi, _ := bits.Mul64(r, n)
	return hi
}

// below returns a number in [0, n); n must be positive.
func (r *rng) below(n int) int { return int(lessThan(r.next(), uint64(n))) }

// oneIn is true once in n calls on average.
func (r *rng) oneIn(n int) bool { return r.below(n) == 0 }

// coin is true half of the time.
func (r *rng) coin() bool { return r.next()>>63 != 0 }

// geometric returns k ≥ 1 with probability 2⁻ᵏ, at most limit: most draws are
// small, any size is possible.
func (r *rng) geometric(limit int) int {
	return min(bits.LeadingZeros64(r.next())+1, limit)
}

// length returns a block length in [1, limit]. The scale is uniform over powers
// of two, so short blocks are as likely as long ones.
func (r *rng) length(limit int) int {
	if limit <= 1 {
		return 1
	}
	scale := 1 + r.below(bits.Len(uint(limit)))
	return 1 + r.below(min(limit, 1<<scale-1))
}
