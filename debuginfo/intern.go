package debuginfo

import "math/bits"

// This file defines the two hash tables that a batch of addresses goes through for
// each function and inlined call. Go's maps take several times as long for such keys.

// refTable remembers the functions of the entries of one unit. It belongs to one
// goroutine.
type refTable struct {
	slots []refSlot // a power of two of them, at least half of them free
	used  int
	// generation marks the slots that are in use: forgetting everything is counting
	// it up.
	generation uint32
}

type refSlot struct {
	ref        entryRef
	fn         FuncID
	generation uint32
}

// smallTable is the size that tables start with.
const smallTable = 1 << 8

// reset forgets all entries.
func (t *refTable) reset() {
	t.used = 0
	if t.generation++; t.generation == 0 {
		clear(t.slots)
		t.generation = 1
	}
}

// at returns the slot of ref: its own, or the free one where it belongs.
func (t *refTable) at(ref entryRef) (slot *refSlot, known bool) {
	if t.slots == nil {
		t.slots, t.generation = make([]refSlot, smallTable), 1
	}
	mask := uint64(len(t.slots) - 1)
	for i := mix(uint64(ref)) & mask; ; i = (i + 1) & mask {
		slot := &t.slots[i]
		if slot.generation != t.generation {
			return slot, false
		}
		if slot.ref == ref {
			return slot, true
		}
	}
}

// put notes the function of ref, which the table does not know yet.
func (t *refTable) put(ref entryRef, fn FuncID) {
	if 2*(t.used+1) > len(t.slots) {
		old, generation := t.slots, t.generation
		t.slots, t.used, t.generation = make([]refSlot, max(smallTable, 2*len(old))), 0, 1
		for _, s := range old {
			if s.generation == generation {
				t.put(s.ref, s.fn)
			}
		}
	}
	slot, _ := t.at(ref)
	*slot = refSlot{ref, fn, t.generation}
	t.used++
}

// internTable gives equal keys equal numbers, counted from 1.
type internTable struct {
	slots []uint32 // numbers, 0 for none; a power of two of them, at least half free
	keys  []functionKey
}

// number returns the number of key, and whether it is a new one.
func (t *internTable) number(key functionKey) (number uint32, isNew bool) {
	if 2*(len(t.keys)+1) > len(t.slots) {
		size := max(smallTable, 2*len(t.slots))
		for size < 2*(len(t.keys)+1) {
			size *= 2
		}
		t.slots = make([]uint32, size)
		for i := range t.keys {
			*t.slot(&t.keys[i]) = uint32(i + 1)
		}
	}
	slot := t.slot(&key)
	if *slot != 0 {
		return *slot, false
	}
	t.keys = append(t.keys, key)
	*slot = uint32(len(t.keys))
	return *slot, true
}

// skip uses up a number for which there is no key.
func (t *internTable) skip() {
	t.keys = append(t.keys, functionKey{at: uint64(len(t.keys)), section: noSection})
}

// noSection is no section of a functionKey that has one.
const noSection = ^uint32(0)

// slot returns the slot of key: its own, or the free one where it belongs.
func (t *internTable) slot(key *functionKey) *uint32 {
	mask := uint64(len(t.slots) - 1)
	for i := key.hash() & mask; ; i = (i + 1) & mask {
		if n := t.slots[i]; n == 0 || t.keys[n-1] == *key {
			return &t.slots[i]
		}
	}
}

func (k *functionKey) hash() uint64 {
	return mix(k.at ^ mix(k.unit^uint64(k.line)<<32^uint64(k.section)))
}

// mix spreads the differences of numbers over all bits: the halves of a product with
// the golden ratio, as in Fibonacci hashing.
func mix(v uint64) uint64 {
	hi, lo := bits.Mul64(v, 0x9e3779b97f4a7c15)
	return hi ^ lo
}
