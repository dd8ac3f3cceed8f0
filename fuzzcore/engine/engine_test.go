package engine

import (
	"bytes"
	"fmt"
	"testing"
)

// ladder is a program with an edge for each length and each first byte: many
// inputs are kept and superseded.
var ladder = program{oneBytes, 600, func(p *probe, in []byte) {
	b := p.value(in, 0)
	p.edge(min(len(b), 200))
	for _, c := range b {
		p.edge(300 + int(c))
	}
	if len(b) > 3 && b[0] == 0xff {
		panic(found{})
	}
}}

// campaign runs a campaign and returns its events as text.
func campaign(seed uint64, runs int) string {
	s := newSimulation(ladder, seed, 512)
	var log bytes.Buffer
	s.events = func(events []Event) {
		for _, e := range events {
			fmt.Fprintln(&log, s.runs, e.Kind, e.ID, e.Origin, e.Fresh, e.Data)
		}
	}
	for s.runs < runs {
		s.solved = 0
		s.fuzz(runs)
	}
	fmt.Fprintf(&log, "%+v", s.engine.Stats())
	return log.String()
}

func TestDeterministic(t *testing.T) {
	first, second, other := campaign(1, 10_000), campaign(1, 10_000), campaign(2, 10_000)
	if first != second {
		t.Error("two campaigns with the same seed differ")
	}
	if first == other {
		t.Error("two campaigns with different seeds are equal")
	}
}

// TestMinimizes checks that a long entry gives way to shorter ones that do the
// same, and that the corpus stays consistent while it does.
func TestMinimizes(t *testing.T) {
	contains := program{oneBytes, 2, func(p *probe, in []byte) {
		p.edge(0)
		if bytes.IndexByte(p.value(in, 0), 'Z') >= 0 {
			p.edge(1)
		}
	}}
	s := newSimulation(contains, 3, 512)
	long := words(string(bytes.Repeat([]byte("Zebra"), 50)))
	if err := s.engine.AddCorpus(long); err != nil {
		t.Fatal(err)
	}
	dropped := false
	s.events = func(events []Event) {
		for _, e := range events {
			dropped = dropped || e.Kind == Dropped && e.Origin == Corpus && bytes.Equal(e.Data, long)
		}
		checkCorpus(t, s.engine)
	}
	s.fuzz(5000)
	if best := s.engine.features.best[1*buckets]; len(best.data) > prefixSize+2 {
		t.Errorf("after 5000 runs the shortest input with a Z is %q", best.data)
	}
	if !dropped {
		t.Error("the long entry was not dropped")
	}
}

// checkCorpus checks what must hold between entries, best entries and schedule.
func checkCorpus(t *testing.T, e *Engine) {
	t.Helper()
	owned := map[*entry]int{}
	for _, f := range e.features.seen {
		best := e.features.best[f]
		if best == nil || best.index < 0 {
			t.Fatalf("feature %d has best entry %v", f, best)
		}
		owned[best]++
	}
	var weight, cost uint64
	size := 0
	for i, n := range e.corpus.entries {
		if n.index != i || n.owned != owned[n] || e.corpus.byData[string(n.data)] != n {
			t.Fatalf("entry %d at %d: index %d, owned %d, want %d", n.id, i, n.index, n.owned, owned[n])
		}
		if n.owned == 0 && n.origin != Seed {
			t.Fatalf("entry %d is best for nothing", n.id)
		}
		if n.weight == 0 {
			t.Fatalf("entry %d is never chosen", n.id)
		}
		if got := e.schedule.find(weight); got != i {
			t.Fatalf("the weight of entry %d leads to %d", i, got)
		}
		weight += n.weight
		cost += n.cost()
		size += len(n.data)
	}
	if weight != e.schedule.total || cost != e.schedule.cost || size != e.stats.Bytes {
		t.Fatalf("weight %d of %d, cost %d of %d, size %d of %d", e.schedule.total, weight, e.schedule.cost, cost, e.stats.Bytes, size)
	}
	if len(e.corpus.byData) != len(e.corpus.entries) {
		t.Fatalf("%d encodings of %d entries", len(e.corpus.byData), len(e.corpus.entries))
	}
}

// drive hands out one input and reports a run of it.
func drive(e *Engine, report func(run *Run, ticket Ticket)) []Event {
	slot := make([]byte, e.maxInput)
	ticket := e.Next(slot)
	run := Run{Data: slot[:ticket.Len]}
	report(&run, ticket)
	return e.Observe(&run)
}

// everything reports one edge and no more.
func everything(counters ...byte) func(*Run, Ticket) {
	return func(run *Run, _ Ticket) {
		run.Counters, run.Edges, run.Path = counters, uint32(len(counters)), uint64(len(counters))
	}
}

func TestKnownInputs(t *testing.T) {
	e := New(Config{Schema: oneBytes, Edges: 4, MaxInput: 64})
	for _, add := range []error{e.AddSeed(words("seed")), e.AddCorpus(words("corpus")), e.AddPeer(words("peer")), e.AddCorpus(words("useless")), e.AddCorpus(words("failing"))} {
		if add != nil {
			t.Fatal(add)
		}
	}
	reports := []struct {
		report func(*Run, Ticket)
		events string
	}{
		{everything(1, 0, 0), "[kept seed]"},
		{everything(0, 1, 0), "[kept corpus]"},
		{everything(0, 0, 1), "[kept peer]"},
		{everything(0, 0, 1), "[dropped useless]"},
		{func(run *Run, ticket Ticket) { everything(0, 0, 0, 1)(run, ticket); run.Failed = true }, "[]"},
		{everything(1, 0, 0), "[kept ]"}, // the zero input is shorter than the seed
	}
	for i, r := range reports {
		events := drive(e, func(run *Run, ticket Ticket) {
			if ticket.Want != WantCounters|WantCompares|WantBlocks || ticket.Generated {
				t.Errorf("known input %d has ticket %+v", i, ticket)
			}
			r.report(run, ticket)
		})
		text := []string{}
		for _, e := range events {
			text = append(text, [...]string{"kept", "dropped"}[e.Kind]+" "+string(e.Data[prefixSize:]))
		}
		if got := fmt.Sprint(text); got != r.events {
			t.Errorf("input %d: events %s, want %s", i, got, r.events)
		}
	}
	checkCorpus(t, e)
	if _, ok := e.corpus.byData[string(words("seed"))]; !ok {
		t.Error("the seed was dropped")
	}
}

func TestConfirmation(t *testing.T) {
	e := New(Config{Schema: oneBytes, Edges: 4, MaxInput: 64})
	for range 3 { // the inputs that every campaign begins with
		drive(e, everything(1))
	}
	var data []byte
	drive(e, func(run *Run, ticket Ticket) {
		if !ticket.Generated {
			t.Error("a mutant is not marked as generated")
		}
		run.New = true
		data = bytes.Clone(run.Data)
	})
	// A record that did not fit is asked for again, at last only the counters.
	for attempt := range maxAttempts {
		events := drive(e, func(run *Run, ticket Ticket) {
			if !bytes.Equal(run.Data, data) {
				t.Errorf("attempt %d runs %x, want the mutant %x", attempt, run.Data, data)
			}
			if last := attempt == maxAttempts-1; last != (ticket.Want == WantCounters) {
				t.Errorf("attempt %d wants %b", attempt, ticket.Want)
			}
			run.Partial = true
			run.Counters = []byte{1, 1}
		})
		if kept := len(events) > 0; kept != (attempt == maxAttempts-1) {
			t.Errorf("attempt %d: events %v", attempt, events)
		}
	}
	// A find that does not repeat is forgotten. (A shorter input would be kept in the
	// first one's place.)
	for longer := false; !longer; {
		drive(e, func(run *Run, _ Ticket) {
			longer = len(run.Data) > len(data)
			run.New = longer
		})
	}
	drive(e, everything(1, 1))
	if got := e.Stats().Unstable; got != 1 {
		t.Errorf("%d unstable finds, want 1", got)
	}
}

func TestBatchGrowsAndShrinks(t *testing.T) {
	b := batch{size: minBatch}
	for range 1 << 16 {
		b.tick()
	}
	if b.size != maxBatch {
		t.Errorf("without finds the batch grows to %d, want %d", b.size, maxBatch)
	}
	if b.found(); b.size != findBatch {
		t.Errorf("after a find the batch is %d, want %d", b.size, findBatch)
	}
}
