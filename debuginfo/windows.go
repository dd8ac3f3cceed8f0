package debuginfo

import (
	"cmp"
	"slices"
)

// This file defines how sorted addresses are split over the tables or units that
// own them.

// window is a run of addresses pcs[lo:hi] that one table or unit owns.
type window struct {
	table  int32
	lo, hi int
}

// share is all windows of one table or unit.
type share struct {
	table   int32
	windows []window // in the order of addresses
}

// addresses returns how many addresses the windows hold.
func (s *share) addresses() int {
	n := 0
	for _, w := range s.windows {
		n += w.hi - w.lo
	}
	return n
}

// joinNeighbours joins neighbours of one table across the addresses between them, which
// nobody owns, so that the table's answers can be written in place. The windows must
// be in the order of addresses.
func joinNeighbours(windows []window) []window {
	joined := windows[:0]
	for _, w := range windows {
		if last := len(joined) - 1; last >= 0 && joined[last].table == w.table {
			joined[last].hi = w.hi
			continue
		}
		joined = append(joined, w)
	}
	return joined
}

// shareWindows sorts the windows into shares.
func shareWindows(windows []window) []share {
	slices.SortFunc(windows, func(a, b window) int {
		return cmp.Or(cmp.Compare(a.table, b.table), cmp.Compare(a.lo, b.lo))
	})
	var shares []share
	for len(windows) > 0 {
		table := windows[0].table
		n := slices.IndexFunc(windows, func(w window) bool { return w.table != table })
		if n < 0 {
			n = len(windows)
		}
		shares = append(shares, share{table, windows[:n:n]})
		windows = windows[n:]
	}
	return shares
}

// cutWindows appends the windows of pcs[lo:hi].
func cutWindows(windows []window, owners []owner, pcs []uint64, lo, hi int, free func(lo, hi int)) []window {
	o := 0
	for lo < hi {
		o = find(owners, o, pcs[lo])
		if o == len(owners) {
			free(lo, hi)
			return windows
		}
		if start := gallop(pcs[:hi], lo, owners[o].lo); start > lo {
			free(lo, start)
			lo = start
			continue
		}
		end := gallop(pcs[:hi], lo, owners[o].hi)
		windows = append(windows, window{owners[o].table, lo, end})
		lo = end
	}
	return windows
}
