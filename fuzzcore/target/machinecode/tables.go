package machinecode

import "encoding/binary"

// This file reads the tables of jumps that compilers make of a switch.

const (
	// tableEntry is the size of an entry that is an address.
	tableEntry = 8
	// offsetEntry is the size of an entry that is relative to the table, in code that does
	// not depend on its place.
	offsetEntry = 4
	// maxTable is how many entries a table can have: a switch over an enum of 16 bits.
	maxTable = 1 << 16
	// tableDistance is how many instructions before a jump the address of its table is
	// looked for.
	tableDistance = 8
)

// targetsIn returns what tells where the indirect jumps of a function lead; nil if tables
// are not to be read. A table ends where its entries do not lead into the function; if
// another one follows, its entries are taken, too, which proves less but nothing wrong.
func (r *reader) targetsIn(insts []inst) func(int) ([]uint64, bool) {
	if r.config.Counters.Lo == r.config.Counters.Hi || len(insts) == 0 {
		return nil
	}
	lo, hi := insts[0].pc, insts[len(insts)-1].next
	return func(i int) ([]uint64, bool) {
		for k := i; k >= max(0, i-tableDistance); k-- {
			table := insts[k].data
			if table == 0 {
				continue
			}
			for _, entry := range []uint64{tableEntry, offsetEntry} {
				if targets := r.readTable(table, entry, lo, hi); len(targets) > 0 {
					return targets, true
				}
			}
		}
		return nil, false
	}
}

// readTable returns the entries of a table, as long as they are in [lo, hi).
func (r *reader) readTable(table, entry, lo, hi uint64) []uint64 {
	var targets []uint64
	for at := table; len(targets) < maxTable; at += entry {
		data, err := r.file.Bytes(at, at+entry)
		if err != nil {
			break
		}
		var target uint64
		if entry == tableEntry {
			target = binary.LittleEndian.Uint64(data)
		} else {
			target = table + uint64(int64(int32(binary.LittleEndian.Uint32(data))))
		}
		if target < lo || target >= hi {
			break
		}
		targets = append(targets, target)
	}
	return targets
}
