package engine

// This file decides which mutants are traced and takes what their runs record.

const (
	// minTrace and maxTrace are the mean number of random mutants between two
	// traced ones, at the start and later. A traced run takes about three times as
	// long, so 256 costs one percent.
	minTrace, maxTrace = 8, 256
	// traceGrowth is how many mutants it takes to add one to that number.
	traceGrowth = 64
	// maxTraces is the most traced patches that the budget holds: all that a chain
	// of a dozen comparisons needs. It is full at the start; every tickEvery
	// mutants add one to it, and a find adds findTraces, so that on the way tracing
	// stays the exception.
	maxTraces, findTraces = 256, 1
	// guardWeight and guardedWeight are how much sooner mutants of an entry with
	// possible, and with proven, guards are traced: untraced, what they find
	// behind a guard is lost.
	guardWeight, guardedWeight = 2, 8
	// freeTraces is for how many mutants the patches that need a trace get one without
	// asking the budget: a chain of guards is found in hundreds, and later the cost of
	// tracing, three runs for one, counts for more than what is found by it.
	freeTraces = 4096
	// mendPatience is how many repairs without a find halve guardedWeight.
	mendPatience = 512
)

// shouldTrace decides whether the next mutant of parent is traced.
func (e *Engine) shouldTrace(parent *entry) bool {
	if e.untilTrace -= parent.traceWeight(); e.untilTrace > 0 {
		return false
	}
	e.untilTrace = int(min(minTrace+e.stats.Mutants/traceGrowth, maxTrace))
	return true
}

// shouldTracePatch decides whether a patch is traced: one whose success only a
// trace shows at first always and later within the budget, one that may turn a
// comparison for the first time within the budget.
func (e *Engine) shouldTracePatch(p *patch) bool {
	needed := p.progress || p.repair
	if needed && e.stats.Mutants < freeTraces {
		return true
	}
	if e.traces == 0 || !needed && !p.open && len(p.base.guards) == 0 {
		return false
	}
	e.traces--
	return true
}

// grantTraces adds to the budget of traced patches.
func (e *Engine) grantTraces(n int) { e.traces = min(e.traces+n, maxTraces) }

// traceWeight is how many ordinary entries' chance to be traced an entry has.
func (n *entry) traceWeight() int {
	switch {
	case n.guarded:
		return max(guardedWeight>>(n.mended/mendPatience), guardWeight)
	case n.base != nil && len(n.base.guards) > 0:
		return guardWeight
	}
	return 1
}

// want returns what a mutant's run records.
func (f *flight) want() Want {
	switch {
	case !f.traced:
		return 0
	case f.patch != nil:
		return WantCompares
	}
	return WantCompares | WantCounters
}

// base returns the input that the mutant was made of, with what is known of its
// comparisons; nil if nothing is.
func (f *flight) base() *base {
	switch {
	case f.patch != nil:
		return f.patch.base
	case f.parent != nil:
		return f.parent.base
	}
	return nil
}

// observeTraced takes the run of a traced mutant.
func (e *Engine) observeTraced(f *flight, run *Run) {
	if f.patch == nil {
		e.scratch = e.features.collect(run.Counters, e.scratch[:0])
		e.features.sample(e.scratch)
	}
	k, compares := e.observeMutant(f, run), sound(run.Compares)
	if run.Failed || len(compares) == 0 {
		return
	}
	b := &base{data: append([]byte(nil), run.Data...), owner: f.parent}
	if f.patch != nil {
		b.owner = f.patch.base.owner
		b.near, b.depth, b.repairs = f.patch.end(), f.patch.base.depth+1, f.patch.base.repairs
	}
	e.repair(f, b, compares)
	if b.repairs == 0 || b.guards == nil {
		b.guards = e.findGuards(b, compares)
	}
	if k != nil {
		k.base = b
	}
	if b.depth < maxDepth {
		e.gather(source{base: b, fresh: run.New, patch: f.patch}, compares)
	}
}
