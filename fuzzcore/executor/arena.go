package executor

// This file hands out the arena, the room for what runs record.

// arena hands out pieces of a fixed size of memory, in order, and gets them back in
// the same order. Positions only grow; a position's place is its remainder modulo
// size. What is handed out when depends on the order of calls alone.
type arena struct {
	size  uint64 // of the whole
	piece uint64 // the largest piece, for a run that wants everything
	next  uint64 // position of the next piece
	free  uint64 // position up to which everything has been given back
}

// hasRoom reports whether the largest piece could be taken.
func (a *arena) hasRoom() bool {
	return a.place(a.piece)+a.piece-a.free <= a.size
}

// take returns the offset of a piece of n bytes.
func (a *arena) take(n uint64) uint64 {
	at := a.place(n)
	a.next = at + n
	return at % a.size
}

// place returns the position of a piece of n bytes: the next, or the beginning of
// the memory if the piece would cross its end.
func (a *arena) place(n uint64) uint64 {
	if rest := a.size - a.next%a.size; rest < n {
		return a.next + rest
	}
	return a.next
}

// reset begins at the beginning again, where the memory is still in the caches.
// Nothing may be handed out.
func (a *arena) reset() { a.next, a.free = 0, 0 }
