package engine

// This file runs known inputs with everything recorded, and decides whether
// they are kept.

const (
	// maxAttempts is how often a known input is run when its record did not fit
	// into the executor's arena: other runs of the same batch may have filled it.
	maxAttempts = 4
	// shortenEvery is the least number of mutants for each confirmation of a
	// shorter input, on average.
	shortenEvery = 32
)

// known is an input to run as it is.
type known struct {
	data     []byte
	origin   Origin
	attempts int
	// confirms is set for the second run of a mutant.
	confirms bool
	// patch is the substitution that made the mutant, nil if there was none.
	patch *patch
	// base is set if the mutant's run was traced: its comparisons are harvested.
	base *base
	// shorter is set if the mutant was not new but shorter than an equal one.
	shorter bool
}

// want returns what a known input's run records: everything, but when that
// does not fit, at last only what the verdict needs.
func (k *known) want() Want {
	if k.attempts == maxAttempts-1 {
		return WantCounters
	}
	return WantCounters | WantCompares | WantBlocks
}

// queue holds the known inputs that wait for their run: confirmations first,
// because the executor's seen map already has what they found.
type queue struct{ confirmations, others fifo }

func newQueue() queue { return queue{} }

func (q *queue) add(k *known) {
	if k.confirms {
		q.confirmations.push(k)
		return
	}
	q.others.push(k)
}

// next returns the next known input to run, nil if there is none.
func (q *queue) next() *known {
	if k := q.confirmations.pop(); k != nil {
		return k
	}
	return q.others.pop()
}

// fifo is a first-in first-out queue of known inputs.
type fifo struct {
	items []*known
	head  int
}

func (q *fifo) push(k *known) { q.items = append(q.items, k) }

func (q *fifo) pop() *known {
	if q.head == len(q.items) {
		return nil
	}
	k := q.items[q.head]
	q.items[q.head] = nil
	if q.head++; q.head == len(q.items) {
		q.items, q.head = q.items[:0], 0
	}
	return k
}

// start queues the inputs that every campaign begins with: the zero input, and
// without any known input some that most programs do something with.
func (e *Engine) start() {
	e.started = true
	alone := e.queue.others.head == len(e.queue.others.items)
	e.queue.add(&known{data: e.origin.data})
	if !alone {
		return
	}
	for _, word := range [...]struct {
		number uint64
		text   string
	}{{1, "0"}, {10, "hello, world"}} {
		if data := e.schema.fill(word.number, word.text); len(data) <= e.maxInput {
			e.queue.add(&known{data: data})
		}
	}
}

// fill returns the encoding in which every number and every byte string has the
// given value.
func (s Schema) fill(number uint64, text string) []byte {
	var out []byte
	for _, f := range s {
		switch f.Kind {
		case Bytes:
			out = appendWord(out, prefixSize, uint64(len(text)))
			out = append(out, text...)
		case Float:
			out = appendWord(out, wordSize, floatBits(f, float64(number)))
		default:
			out = appendWord(out, wordSize, number&f.mask())
		}
	}
	return out
}

// observeNew queues the confirmation of a mutant that hit something new.
func (e *Engine) observeNew(f *flight, run *Run) *known {
	e.batch.found()
	if run.Failed || run.Skipped {
		return nil
	}
	e.credit(f)
	k := &known{data: append([]byte(nil), run.Data...), confirms: true, patch: f.patch}
	e.queue.add(k)
	return k
}

// confirmShorter queues the confirmation of a mutant that seems to do what a
// longer entry does.
func (e *Engine) confirmShorter(run *Run) {
	if e.shortened*shortenEvery > e.stats.Mutants {
		return
	}
	e.shortened++
	e.paths.note(run.Path, len(run.Data))
	e.queue.add(&known{data: append([]byte(nil), run.Data...), confirms: true, shorter: true})
}

// credit counts a find towards what made it.
func (e *Engine) credit(f *flight) {
	e.grantTraces(findTraces)
	for class, used := range f.used {
		e.yield.found(valueClass(class), used)
	}
	e.harvest.patches.found(f.patch)
	parent := f.parent
	if f.patch != nil {
		e.stats.PatchFinds++
		e.harvest.credit(f.patch)
		parent = f.patch.base.owner
	}
	if parent != nil && parent.index >= 0 {
		parent.picks, parent.mended = 0, 0
		e.reweigh(parent)
	}
}

// observeKnown judges a known input by its full record.
func (e *Engine) observeKnown(k *known, run *Run) {
	if run.Failed || run.Skipped {
		return
	}
	if run.Partial && k.attempts < maxAttempts-1 {
		k.attempts++
		e.queue.add(k)
		return
	}
	if len(run.Counters) == 0 && len(e.features.best) > 0 {
		return // not recorded, or the target executed nothing that is instrumented
	}
	if e.corpus.byData[string(k.data)] != nil {
		return
	}
	e.judge(k, run)
}

// judge keeps or forgets an input.
func (e *Engine) judge(k *known, run *Run) {
	e.scratch = e.features.collect(run.Counters, e.scratch[:0])
	n := &entry{origin: k.origin, data: k.data, edges: run.Edges, nanos: run.Nanos}
	if k.origin != Seed && !e.features.improves(n, e.scratch) {
		e.refuse(k, run)
		return
	}
	found := 0
	found, e.losers = e.features.take(n, e.scratch, e.losers[:0])
	e.enter(n)
	e.paths.note(run.Path, len(k.data))
	e.stats.Kept++
	e.stats.Bytes += len(n.data)
	if found > 0 {
		e.batch.found()
	}
	e.events = append(e.events, Event{
		Kind: Kept, ID: n.id, Origin: k.origin, Data: n.data, Fresh: found > 0,
		Counters: run.Counters, Blocks: run.Blocks,
	})
	e.drop(e.losers)
	e.learn(n, k, sound(run.Compares), found > 0)
}

// refuse forgets an input that improves nothing.
func (e *Engine) refuse(k *known, run *Run) {
	if k.confirms && !k.shorter {
		e.stats.Unstable++
	}
	if k.origin == Corpus {
		e.events = append(e.events, Event{Kind: Dropped, Origin: k.origin, Data: k.data})
	}
	e.gather(source{base: &base{data: k.data}}, sound(run.Compares))
}

// drop removes the entries that are best for nothing any more, seeds excepted.
func (e *Engine) drop(losers []*entry) {
	for i, n := range losers {
		losers[i] = nil
		if n.origin == Seed {
			e.reweigh(n)
			continue
		}
		e.leave(n)
		e.stats.Bytes -= len(n.data)
		e.events = append(e.events, Event{Kind: Dropped, ID: n.id, Origin: n.origin, Data: n.data})
	}
}
