package engine

import "fmt"

// This file defines the engine and the two calls that drive it.

// tickEvery is how many mutants pass between two looks at what is done now and
// then; every retuneEvery is a multiple.
const tickEvery = 128

// Config describes what an engine works on.
type Config struct {
	// Schema is what the fuzz test takes.
	Schema Schema
	// Seed determines, together with the known inputs, all that the engine does.
	Seed uint64
	// Edges is the number of the target's edge counters.
	Edges int
	// MaxInput is the longest encoding in bytes; at least that of the empty input.
	MaxInput int
	// Mutates: the target has a mutator of its own, which makes the mutants; Crosses: it
	// takes a second input.
	Mutates, Crosses bool
	// Dictionary holds constants of the instrumented packages.
	Dictionary []Token
}

// Engine chooses, mutates and judges inputs of one fuzz test. Its methods must
// not be called concurrently.
type Engine struct {
	schema   Schema
	twins    [][]int // by field, see Schema.twins
	maxInput int
	// mutates and crosses are those of Config.
	mutates, crosses bool

	rng        rng
	mutant     mutant
	lineage    lineage // that of mutant
	dictionary dictionary
	yield      yield

	corpus   corpus
	features featureTable
	paths    pathTable
	schedule schedule
	origin   *entry // the zero input: the parent while the corpus is empty
	parent   *entry // the current choice, for burst more mutants
	burst    int

	queue   queue
	flights flights
	batch   batch
	harvest harvest

	nextReckon uint64 // the number of mutants at which rarity is computed again
	untilTrace int    // mutants until the next traced one
	traces     int    // traced patches that are in the budget, see trace.go
	shortened  uint64 // confirmations of shorter inputs
	started    bool

	events  []Event
	scratch []feature
	losers  []*entry
	stats   Stats
}

// New returns an engine with an empty corpus.
func New(config Config) *Engine {
	e := &Engine{
		schema:     config.Schema,
		twins:      config.Schema.twins(),
		maxInput:   max(config.MaxInput, config.Schema.minSize()),
		rng:        newRNG(config.Seed),
		mutates:    config.Mutates,
		crosses:    config.Crosses,
		mutant:     mutant{schema: config.Schema},
		dictionary: newDictionary(config.Dictionary),
		yield:      newYield(),
		corpus:     corpus{byData: map[string]*entry{}},
		features:   newFeatureTable(config.Edges),
		paths:      newPathTable(),
		queue:      newQueue(),
		batch:      batch{size: minBatch},
		harvest:    newHarvest(),
		nextReckon: minReckon,
		untilTrace: minTrace,
		traces:     maxTraces,
	}
	e.origin = &entry{data: make([]byte, config.Schema.minSize()), index: -1}
	return e
}

// AddSeed queues an input that the fuzz test's author wrote. Seeds are never
// dropped. The error says how data does not fit the schema.
func (e *Engine) AddSeed(data []byte) error { return e.add(Seed, data) }

// AddCorpus queues an input that an earlier campaign kept.
func (e *Engine) AddCorpus(data []byte) error { return e.add(Corpus, data) }

// AddPeer queues an input that another worker kept.
func (e *Engine) AddPeer(data []byte) error { return e.add(Peer, data) }

func (e *Engine) add(origin Origin, data []byte) error {
	data, err := e.schema.normalize(data, e.maxInput)
	if err != nil {
		return fmt.Errorf("adding an input to the corpus: %w", err)
	}
	e.queue.add(&known{data: data, origin: origin})
	return nil
}

// Batch advises how many inputs to take from Next before the first of them is
// observed: few while there is something to learn, many while there is not.
func (e *Engine) Batch() int { return e.batch.size }

// Next writes the next input to run into slot, which must hold Config.MaxInput
// bytes. There is always a next input.
func (e *Engine) Next(slot []byte) Ticket {
	if !e.started {
		e.start()
	}
	f := e.flights.push()
	if k := e.queue.next(); k != nil {
		f.known = k
		return Ticket{Len: copy(slot, k.data), Want: k.want()}
	}
	slot = slot[:min(len(slot), e.maxInput)]
	e.stats.Mutants++
	if e.stats.Mutants%tickEvery == 0 {
		e.tick()
	}
	if p := e.nextPatch(); p != nil {
		f.patch = p
		f.traced = e.shouldTracePatch(p)
		return Ticket{Len: e.apply(slot, p), Want: f.want(), Generated: true}
	}
	f.parent = e.choose()
	f.traced = e.shouldTrace(f.parent)
	if e.mutates {
		return e.delegate(slot, f)
	}
	return Ticket{Len: e.mutate(slot, f.parent, f), Want: f.want(), Generated: true}
}

// tick does what happens once in tickEvery mutants.
func (e *Engine) tick() {
	e.grantTick()
	if e.stats.Mutants%retuneEvery == 0 {
		e.yield.retune()
	}
	if e.stats.Mutants >= e.nextReckon {
		e.nextReckon = min(2*e.stats.Mutants, e.stats.Mutants+maxReckon)
		e.reckon()
	}
}

// Observe takes what a run did, in the order of Next, and returns what that
// changed in the corpus. The events are valid until the next call, their
// Counters and Blocks only as long as the run's.
func (e *Engine) Observe(run *Run) []Event {
	f := e.flights.pop()
	if f == nil {
		return nil
	}
	e.events = e.events[:0]
	e.stats.Runs++
	switch {
	case f.known != nil:
		e.observeKnown(f.known, run)
	case f.traced:
		e.observeTraced(f, run)
	default:
		e.observeMutant(f, run)
	}
	return e.events
}

// observeMutant takes the run of a mutant: nearly all of them end here, with
// nothing learnt. It returns the confirmation that it queued, if any.
func (e *Engine) observeMutant(f *flight, run *Run) *known {
	if run.New {
		return e.observeNew(f, run)
	}
	e.batch.tick()
	if e.paths.shortens(run.Path, len(run.Data)) && !run.Failed && !run.Skipped {
		e.confirmShorter(run)
	}
	return nil
}
