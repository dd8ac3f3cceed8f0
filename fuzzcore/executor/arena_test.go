package executor

import (
	"math/rand/v2"
	"testing"
)

// TestArena takes and frees pieces at random and checks that they never overlap.
func TestArena(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	a := arena{size: 1000, piece: 250}
	type piece struct{ at, n, end uint64 }
	var pieces []piece
	taken := 0
	for range 100000 {
		if rng.IntN(2) == 0 && a.hasRoom() {
			n := rng.Uint64N(a.piece + 1)
			at := a.take(n)
			if at+n > a.size {
				t.Fatalf("a piece of %d bytes at %d", n, at)
			}
			for _, p := range pieces {
				if n > 0 && p.n > 0 && at < p.at+p.n && p.at < at+n {
					t.Fatalf("%d bytes at %d overlap %d at %d", n, at, p.n, p.at)
				}
			}
			pieces = append(pieces, piece{at, n, a.next})
			taken++
		} else if len(pieces) > 0 {
			a.free = pieces[0].end
			if pieces = pieces[1:]; len(pieces) == 0 {
				a.reset()
			}
		} else if !a.hasRoom() {
			t.Fatal("an empty arena has no room")
		}
	}
	if taken < 10000 {
		t.Errorf("only %d pieces", taken)
	}
}
