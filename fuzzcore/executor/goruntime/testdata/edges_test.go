package fuzz

import (
	"math/rand"
	"testing"
)

// bucketOf is what buckets does, for one counter.
func bucketOf(n byte) byte {
	switch {
	case n == 0:
		return 0
	case n <= 3:
		return 1 << (n - 1)
	case n < 8:
		return 8
	case n < 16:
		return 16
	case n < 32:
		return 32
	case n < 128:
		return 64
	}
	return 128
}

func TestBuckets(t *testing.T) {
	for n := 0; n < 256; n++ {
		for at := 0; at < 8; at++ {
			w := uint64(n)<<(8*at) | uint64(at+1)<<(8*((at+3)%8))
			want := uint64(bucketOf(byte(n)))<<(8*at) | uint64(bucketOf(byte(at+1)))<<(8*((at+3)%8))
			if got := buckets(w); got != want {
				t.Fatalf("buckets(%#x) = %#x, want %#x", w, got, want)
			}
		}
	}
}

func TestJudge(t *testing.T) {
	rng := rand.New(rand.NewSource(1))
	paths := map[int]map[uint64]string{} // by number of counters
	for round := 0; round < 20000; round++ {
		n := rng.Intn(150)
		counters, seen := make([]byte, n), make([]byte, n+8)
		set := make([]byte, n)
		edges, isNew := 0, false
		want := make([]byte, n+8)
		learn := rng.Intn(2) == 0
		for i := range counters {
			if rng.Intn(4) == 0 {
				counters[i] = byte(rng.Intn(256)) >> rng.Intn(8)
			}
			if rng.Intn(2) == 0 {
				seen[i] = byte(rng.Intn(256))
			}
			want[i] = seen[i]
			bucket := bucketOf(counters[i])
			if bucket != 0 {
				edges++
				set[i] = 1
			}
			if learn && bucket&^seen[i] != 0 {
				isNew = true
				want[i] |= bucket
			}
		}
		v := judge(counters, seen, learn)
		if int(v.edges) != edges || v.new != isNew || string(seen) != string(want) {
			t.Fatalf("%d counters: %+v, want %d edges, new %v", n, v, edges, isNew)
		}
		for i, c := range counters {
			if c != 0 {
				t.Fatalf("counter %d of %d is not cleared", i, n)
			}
		}
		key := string(set)
		for len(key) > 0 && key[len(key)-1] == 0 {
			key = key[:len(key)-1]
		}
		if paths[n] == nil {
			paths[n] = map[uint64]string{}
		}
		if other, ok := paths[n][v.path]; ok && other != key {
			t.Fatalf("one path for %q and %q", key, other)
		}
		paths[n][v.path] = key
	}
}

// BenchmarkJudge judges 4,096 counters of which some are hit.
func BenchmarkJudge(b *testing.B) {
	for _, c := range []struct {
		name string
		hit  int
	}{{"0", 0}, {"100", 100}, {"2000", 2000}} {
		b.Run(c.name, func(b *testing.B) {
			rng := rand.New(rand.NewSource(1))
			hits, counters, seen := make([]byte, 4096), make([]byte, 4096), make([]byte, 4104)
			for i := 0; i < c.hit; i++ {
				hits[rng.Intn(len(hits))] = byte(1 + rng.Intn(9))
			}
			for i := 0; i < b.N; i++ {
				copy(counters, hits)
				judge(counters, seen, true)
			}
		})
	}
}
