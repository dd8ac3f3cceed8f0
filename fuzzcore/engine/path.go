package engine

// This file recognizes runs that went the way of a kept input.

// pathSlots is the number of paths remembered: 2¹⁴ slots of 16 bytes stay in
// the second-level cache, and are more than the entries of most corpora.
const pathSlots = 1 << 14

// pathTable maps Run.Path to the length of the shortest known encoding that
// goes this path. It is direct-mapped: a later path replaces an earlier one of
// the same slot, which costs at most a chance to shorten an entry.
type pathTable struct{ slots []pathSlot }

type pathSlot struct {
	path uint64
	size uint32
}

func newPathTable() pathTable { return pathTable{make([]pathSlot, pathSlots)} }

// note remembers that an encoding of size bytes goes this path.
func (t *pathTable) note(path uint64, size int) {
	s := &t.slots[path%pathSlots]
	if s.path != path || int(s.size) > size {
		*s = pathSlot{path, uint32(size)}
	}
}

// shortens reports whether an encoding of size bytes is shorter than the
// shortest known one of this path by a sixteenth, so that an entry shrinks in a
// few large steps instead of a flood of small ones.
func (t *pathTable) shortens(path uint64, size int) bool {
	s := &t.slots[path%pathSlots]
	return s.path == path && size+int(s.size)/16 < int(s.size)
}
