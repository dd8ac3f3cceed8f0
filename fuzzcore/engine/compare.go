package engine

// This file learns from the comparisons that runs made.

// traceEvery is the average number of mutants between two traced ones.
const traceEvery = 256

type harvest struct{}

type patch struct{ traced bool }

func newHarvest() harvest { return harvest{} }

func (h *harvest) credit(*patch) {}

func (e *Engine) nextPatch() *patch                  { return nil }
func (e *Engine) apply(slot []byte, p *patch) int    { return 0 }
func (e *Engine) learn(n *entry, k *known, run *Run) {}
func (e *Engine) shouldTrace(parent *entry) bool {
	if e.untilTrace--; e.untilTrace > 0 {
		return false
	}
	e.untilTrace = traceEvery
	return true
}

// want returns what a mutant's run records.
func (f *flight) want() Want {
	if !f.traced {
		return 0
	}
	return WantCounters | WantCompares
}

func (e *Engine) observeTraced(f *flight, run *Run) {
	e.observeMutant(f, run)
	e.scratch = e.features.collect(run.Counters, e.scratch[:0])
	e.features.sample(e.scratch)
}
