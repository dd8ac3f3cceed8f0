package engine

// This file decides which mutants are traced and takes what their runs record.

const (
	// minTrace, midTrace and maxTrace are the mean number of random mutants between two
	// traced ones: at the start, after the first minutes' worth of learning, and in the
	// long run. A traced run and what is made of it take the time of dozens of others,
	// so that 256 costs several percent of a fast target.
	minTrace, midTrace, maxTrace = 8, 256, 1024
	// traceGrowth is how many mutants it takes to add one to that number up to midTrace,
	// slowGrowth beyond.
	traceGrowth, slowGrowth = 64, 1024
	// maxTraces is the most traced patches that the budget holds: all that a chain
	// of a dozen comparisons needs. It is full at the start; every tickEvery
	// mutants add one to it, later as many ticks as Engine.grantTick says, and a find
	// adds findTraces, so that on the way tracing stays the exception.
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
	e.untilTrace = traceInterval(e.stats.Mutants)
	return true
}

// traceInterval returns how many mutants pass until the next traced one.
func traceInterval(mutants uint64) int {
	quick := minTrace + mutants/traceGrowth
	if quick <= midTrace {
		return int(quick)
	}
	return int(min(midTrace+mutants/slowGrowth, maxTrace))
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

// maxGrantTick bounds how many ticks pass between two additions to the budget of traces.
const maxGrantTick = 4

// grantTick adds to the budget of traced patches as time goes by: after each tick in the
// first quarter of a million mutants, then less and less often.
func (e *Engine) grantTick() {
	every := min(1+e.stats.Mutants>>18, maxGrantTick)
	if e.stats.Mutants/tickEvery%every == 0 {
		e.grantTraces(1)
	}
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
