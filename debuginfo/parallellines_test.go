package debuginfo

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// This file tests that a line program run in parts gives what it gives in one.

// randomProgram returns a program of about that size: sequences over each other,
// and opcodes whose operands look like ends and starts of sequences.
func randomProgram(random *rand.Rand, size int) *assembler {
	a := &assembler{}
	fake := slices.Concat([]byte{lnsExtended, 14, 0x80}, endOfSequence, startOfSequence, []byte{0, 0x20, 0, 0, 0, 0, 0})
	for len(a.code) < size {
		a.setAddress(testText.lo + random.Uint64N(testText.hi-testText.lo))
		for range 1 + random.IntN(200) {
			switch random.IntN(12) {
			case 0:
				a.op(lnsSetColumn, byte(random.IntN(0x80)))
			case 1:
				a.op(lnsSetFile, byte(random.IntN(4)))
			case 2:
				a.op(fake[:3+13]...)
			case 3:
				a.advancePC(random.Uint64N(20))
			default:
				a.op(byte(13 + random.IntN(243)))
			}
		}
		a.row(1).advancePC(1).end()
	}
	return a
}

func TestSplitTables(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var pcs []uint64
	for pc := testText.lo; pc < testText.hi; pc += 13 {
		pcs = append(pcs, pc)
	}
	for range 6 {
		table := randomProgram(random, 3*pieceSize+random.IntN(5*pieceSize)).table()
		f := testFile(t, table)
		for _, literal := range []bool{false, true} {
			resolve := func(workers int) []Location {
				out := make([]Location, len(pcs))
				if err := f.ResolveWith(t.Context(), pcs, out, Options{Workers: workers, Literal: literal}); err != nil {
					t.Fatal(err)
				}
				return out
			}
			want := resolve(1)
			if !slices.ContainsFunc(want, func(l Location) bool { return l.Line != 0 }) {
				t.Fatal("nothing known")
			}
			for _, workers := range []int{2, 3, 8} {
				if got := resolve(workers); !slices.Equal(got, want) {
					t.Fatalf("literal %t: %d workers give other locations than one", literal, workers)
				}
			}
		}
	}
}

// TestGuessStarts checks that guesses are behind what looks like an end of sequence,
// and that there are none without.
func TestGuessStarts(t *testing.T) {
	p := randomProgram(rand.New(rand.NewPCG(3, 4)), 1<<20).code
	starts := guessStarts(p, 8)
	if len(starts) != 8 || starts[0] != 0 || !slices.IsSorted(starts) {
		t.Fatalf("got %v", starts)
	}
	for _, start := range starts[1:] {
		if !slices.Equal(p[start-len(endOfSequence):start], endOfSequence) {
			t.Errorf("no end of sequence before %d", start)
		}
	}
	if starts := guessStarts(make([]byte, 1<<20), 8); len(starts) != 1 {
		t.Errorf("guesses in zeros: %v", starts)
	}
}
