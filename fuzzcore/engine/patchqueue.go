package engine

// This file queues patches and decides how many of the runs they get.

const (
	// maxQueued bounds each queue; the oldest patch makes way for a new one.
	maxQueued = 4096
	// shareUnit is the whole of the runs, in the unit of the shares.
	shareUnit = 256
	// halveEvery is how many runs of one kind pass until its record counts half.
	halveEvery = 1 << 13
)

// patchClass is the order of precedence of patches.
type patchClass int

const (
	// urgentPatch goes on with what a patch just achieved, or mends a checksum.
	urgentPatch patchClass = iota
	// openPatch may give a comparison an outcome that it never had.
	openPatch
	// otherPatch may give it an outcome that it had in other inputs.
	otherPatch
	patchClasses
)

// shares bounds each class's share of the runs, in 256ths, while it has
// patches. Within the bounds the share follows the yield: what pays on a parser
// of magic numbers is a waste on a database.
var shares = [patchClasses]struct{ low, high uint64 }{
	urgentPatch: {32, 240},
	openPatch:   {32, 224},
	otherPatch:  {4, 128},
}

// patchQueues holds the patches that wait for their run.
type patchQueues struct {
	queues [patchClasses]patchFIFO
	// record of each class, and at patchClasses that of mutants made at random.
	record [patchClasses + 1]record
}

// record counts runs and finds; older ones count less.
type record struct{ runs, finds uint32 }

func (r *record) run() {
	if r.runs++; r.runs >= halveEvery {
		r.runs /= 2
		r.finds /= 2
	}
}

// rate is finds per run, scaled; a find in 64 runs is assumed at first.
func (r *record) rate() uint64 {
	const scale = 1 << 20
	return scale * (uint64(r.finds) + 1) / (uint64(r.runs) + 64)
}

// patchFIFO is a bounded first-in first-out queue.
type patchFIFO struct {
	ring []*patch
	head int
	n    int
}

func newPatchQueues() patchQueues { return patchQueues{} }

// push queues a patch in its class.
func (q *patchQueues) push(p *patch) { q.queues[p.class()].push(p) }

// class returns the patch's place in the order of precedence.
func (p *patch) class() patchClass {
	switch {
	case p.repair, p.urgent && p.rank < urgentRanks:
		return urgentPatch
	case p.open, p.urgent:
		return openPatch
	}
	return otherPatch
}

func (q *patchFIFO) push(p *patch) {
	if q.ring == nil {
		q.ring = make([]*patch, maxQueued)
	}
	if q.n == maxQueued {
		q.head = (q.head + 1) % maxQueued
		q.n--
	}
	q.ring[(q.head+q.n)%maxQueued] = p
	q.n++
}

func (q *patchFIFO) pop() *patch {
	if q.n == 0 {
		return nil
	}
	p := q.ring[q.head]
	q.ring[q.head] = nil
	q.head = (q.head + 1) % maxQueued
	q.n--
	return p
}

// nextPatch returns the patch to run next, nil if it is a random mutant's turn.
func (e *Engine) nextPatch() *patch {
	q := &e.harvest.patches
	for class := range patchClasses {
		if q.queues[class].n == 0 || e.rng.next()%shareUnit >= q.share(class) {
			continue
		}
		p := e.harvest.take(class)
		if p == nil {
			continue
		}
		q.record[class].run()
		e.stats.Patched++
		return p
	}
	q.record[patchClasses].run()
	return nil
}

// take removes the next patch of a class. Patches for an outcome that the site
// has had meanwhile go to the last class.
func (h *harvest) take(class patchClass) *patch {
	for {
		p := h.patches.queues[class].pop()
		if p == nil || class != openPatch || p.urgent {
			return p
		}
		if h.sites[p.site].outcomes&p.aims == 0 {
			return p
		}
		p.open = false
		h.patches.push(p)
	}
}

// share returns a class's part of the runs.
func (q *patchQueues) share(class patchClass) uint64 {
	mine, others := q.record[class].rate(), q.record[patchClasses].rate()
	bounds := shares[class]
	return min(max(shareUnit*mine/(mine+others), bounds.low), bounds.high)
}

// found counts a find of a patch, or of a random mutant if p is nil.
func (q *patchQueues) found(p *patch) {
	if p == nil {
		q.record[patchClasses].finds++
		return
	}
	q.record[p.class()].finds++
}
