package engine

import "testing"

func TestRNGVectors(t *testing.T) {
	r := newRNG(0)
	state := rng{0xe220a8397b1dcdaf, 0x6e789e6aa1b965f4, 0x06c45d188009454f, 0xf88bb8a8724c81ec}
	if r != state {
		t.Errorf("state of seed 0 is %x, want %x", r, state)
	}
	for i, want := range []uint64{0x53175d61490b23df, 0x61da6f3dc380d507, 0x5c0fdf91ec9a7bfc} {
		if got := r.next(); got != want {
			t.Errorf("output %d of seed 0 is %x, want %x", i, got, want)
		}
	}
	r = newRNG(1)
	for i, want := range []uint64{0xcfc5d07f6f03c29b, 0xbf424132963fe08d, 0x19a37d5757aaf520} {
		if got := r.next(); got != want {
			t.Errorf("output %d of seed 1 is %x, want %x", i, got, want)
		}
	}
	if got := lessThan(1<<63, 10); got != 5 {
		t.Errorf("half of the range scaled to 10 is %d, want 5", got)
	}
}
