package engine

import (
	"slices"

	"github.com/fuzzls/fuzzls/fuzzcore/abi"
)

// This file learns from the comparisons that runs made: which sites still have
// an outcome that no run had, and which operands were tried there already.

const (
	// pairSlots is the number of operand pairs remembered, 2¹⁵ slots of 12 bytes.
	pairSlots = 1 << 15
	// maxTries is how often the same operands at the same site are worth new
	// patches: the site may be reached by inputs that differ otherwise.
	maxTries = 4
	// keptPatches and runPatches bound the patches made from one kept input, and
	// from one traced run that is not kept. A kept input's comparisons are
	// harvested once, so it may have many; the queue's share of the runs is
	// bounded elsewhere.
	keptPatches = 512
	runPatches  = 32
	// maxSlowness is how slow (schedule.slowness) an input may be whose comparisons are
	// looked at: its patches, hundreds of them, would take as much time each.
	maxSlowness = 16

	// keptPairs and runPairs bound the operand pairs that are searched for in one
	// kept input, and in one that is not: a search takes some microseconds.
	keptPairs = 512
	runPairs  = 32
	// sitePairs bounds those of one site: a loop over the input meets the same
	// comparison with every byte of it.
	sitePairs = 8
	// siteAllowance is how many patches a site may get from runs that are not
	// kept before one of them has to find something, and after each find; four
	// times as many if they make progress that no edge tells.
	siteAllowance = 512
)

// outcome is the set of results that a comparison had.
type outcome uint8

const (
	less outcome = 1 << iota
	equal
	greater
	// differs: two strings were not equal.
	differs
)

// outcomeOf returns the result of one comparison.
func outcomeOf(c *abi.Compare) outcome {
	switch {
	case c.Kind.Size() == 0 && c.A == c.B && c.TextA == c.TextB:
		return equal
	case c.Kind == abi.CompareFold && foldEqual(c):
		return equal
	case c.Kind.Size() == 0:
		return differs
	case c.A < c.B:
		return less
	case c.A == c.B:
		return equal
	}
	return greater
}

// sound returns the records that make sense. The target writes them into shared
// memory, which its bugs may damage too.
func sound(compares []abi.Compare) []abi.Compare {
	isSound := func(c abi.Compare) bool {
		switch c.Kind &^ abi.CompareConst {
		case abi.Compare8, abi.Compare16, abi.Compare32, abi.Compare64:
			return true
		}
		text := c.Kind == abi.CompareString || c.Kind == abi.CompareFold
		return text && c.LenA <= abi.CompareText && c.LenB <= abi.CompareText
	}
	for i := range compares {
		if !isSound(compares[i]) {
			return slices.DeleteFunc(slices.Clone(compares), func(c abi.Compare) bool { return !isSound(c) })
		}
	}
	return compares
}

// site is what is known of one place that compares.
type site struct {
	// outcomes of all recorded runs.
	outcomes outcome
	// spent counts patches made from runs that were not kept, earned finds of
	// patches; see siteAllowance.
	spent, earned int
	// passed counts the equal comparisons of one run: of that which gathered last.
	passed int
	run    uint32
	// taken counts the comparisons of that run that got patches.
	taken int
	// line is the last observation of an integer argument and the operand it
	// led to, see linear.go.
	line observation
}

// open reports whether the site never had an outcome that it can have. The
// operator is not recorded, so every order of two integers counts.
func (s *site) open(c *abi.Compare) bool {
	if c.Kind.Size() == 0 {
		return s.outcomes&equal == 0
	}
	return s.outcomes != less|equal|greater
}

// harvest is what is known of comparisons, and the patches made of it.
type harvest struct {
	sites   map[uint32]*site
	pairs   []pair
	patches patchQueues
	// fresh collects the patches of one run; reused.
	fresh []patch
	// visited holds the sites of one run's comparisons, in their order; reused.
	visited []*site
	// run numbers the runs that were gathered from, see site.run.
	run uint32
	// keys sorts fresh; reused.
	keys []uint64
}

// pair is in how many runs an operand pair was met; direct-mapped by its hash.
type pair struct {
	hash  uint32
	run   uint32 // the last of them
	tries uint32
}

func newHarvest() harvest {
	return harvest{
		sites:   map[uint32]*site{},
		pairs:   make([]pair, pairSlots),
		patches: newPatchQueues(),
	}
}

// site returns the record of a comparison's place.
func (h *harvest) site(c *abi.Compare) *site {
	s := h.sites[c.Site]
	if s == nil {
		s = &site{}
		h.sites[c.Site] = s
	}
	return s
}

// try counts a run that met the operands of c. It returns how many runs there
// were before, and false if this run met them already.
func (h *harvest) try(c *abi.Compare) (tries uint32, first bool) {
	hash := hashCompare(c)
	p := &h.pairs[hash%pairSlots]
	if tag := uint32(hash >> 32); p.hash != tag {
		*p = pair{hash: tag}
	}
	if p.run == h.run {
		return p.tries, false
	}
	p.run = h.run
	p.tries++
	return p.tries - 1, true
}

// hashCompare hashes site and operands by FNV-1a over words.
func hashCompare(c *abi.Compare) uint64 {
	const prime = 0x100000001b3
	h := uint64(0xcbf29ce484222325)
	mix := func(v uint64) { h = (h ^ v) * prime; h ^= h >> 29 }
	mix(uint64(c.Site))
	mix(c.A)
	mix(c.B)
	if c.Kind.Size() != 0 {
		return h
	}
	for i := 0; i < abi.CompareText; i += wordSize {
		mix(loadWord(c.TextA[i:i+wordSize], false))
		mix(loadWord(c.TextB[i:i+wordSize], false))
	}
	return h
}

// source says what run comparisons are harvested from.
type source struct {
	base *base
	// kept: the input is in the corpus.
	kept bool
	// fresh: the run found something new.
	fresh bool
	// patch is the substitution that made the input, nil if there was none.
	patch *patch
}

// learn harvests the comparisons of a kept input, unless its first run was
// traced and did so already.
func (e *Engine) learn(n *entry, k *known, compares []abi.Compare, fresh bool) {
	if k.base != nil {
		n.base = k.base
		n.base.data, n.base.owner, n.base.depth = n.data, n, 0
		return
	}
	n.base = &base{data: n.data, owner: n}
	if k.patch != nil {
		n.base.near = k.patch.end()
	}
	n.base.guards = e.findGuards(n.base, compares)
	e.gather(source{base: n.base, kept: true, fresh: fresh, patch: k.patch}, compares)
}

// gather makes patches of a run's comparisons and queues the best of them.
func (e *Engine) gather(src source, compares []abi.Compare) {
	if owner := src.base.owner; owner != nil && e.schedule.slowness(owner) > maxSlowness {
		return
	}
	h := &e.harvest
	h.fresh = h.fresh[:0]
	h.visit(compares)
	s := e.newSubstituter(src)
	pairs, limit := runPairs, runPatches
	if src.lasting() {
		pairs, limit = keptPairs, keptPatches
	}
	for i := range compares {
		if pairs == 0 {
			break
		}
		if e.consider(&s, &compares[i], h.visited[i]) {
			pairs--
		}
	}
	h.queue(src, limit)
}

// visit looks up the sites of a run's comparisons and counts their outcomes.
func (h *harvest) visit(compares []abi.Compare) {
	h.run++
	h.visited = h.visited[:0]
	for i := range compares {
		s, o := h.site(&compares[i]), outcomeOf(&compares[i])
		if s.run != h.run {
			s.run, s.passed, s.taken = h.run, 0, 0
		}
		if o == equal {
			s.passed++
		}
		s.outcomes |= o
		h.visited = append(h.visited, s)
	}
}

// consider makes the patches of one comparison if they are worth it; it reports
// whether it did.
func (e *Engine) consider(s *substituter, c *abi.Compare, at *site) bool {
	unequal := outcomeOf(c) != equal
	if at.taken == sitePairs || c.Kind.Size() == 0 && !unequal {
		return false
	}
	s.c, s.site = c, at
	s.progress = unequal && s.advanced()
	if !s.source.lasting() && !s.promising() {
		return false
	}
	tries, first := e.harvest.try(c)
	if !first || !s.progress && !s.worth(tries) {
		return false
	}
	if s.tries = tries; tries == 0 {
		e.dictionary.learn(c)
	}
	at.taken++
	s.substitute()
	return true
}

// lasting reports whether the input is kept or will be.
func (s source) lasting() bool { return s.kept || s.fresh }

// promising reports whether the comparison at hand, of an input that is not
// kept, may be worth patches.
func (s *substituter) promising() bool {
	allowance := siteAllowance * (1 + s.site.earned)
	if s.progress {
		return s.site.spent < 4*allowance
	}
	return s.site.open(s.c) && s.site.spent < allowance
}

// worth decides by the number of runs that met the operands before.
func (s *substituter) worth(tries uint32) bool {
	return tries == 0 || tries < maxTries && s.source.lasting() && s.site.open(s.c)
}

// queue queues the best limit of the fresh patches, best first; of equals, that
// of the earlier comparison.
func (h *harvest) queue(src source, limit int) {
	h.keys = h.keys[:0]
	for i := range h.fresh {
		h.keys = append(h.keys, uint64(h.fresh[i].order())<<32|uint64(i))
	}
	slices.Sort(h.keys)
	chosen := make([]patch, min(len(h.keys), limit))
	for i := range chosen {
		p := &chosen[i]
		*p = h.fresh[uint32(h.keys[i])]
		if !src.lasting() {
			h.sites[p.site].spent++
		}
		h.patches.push(p)
	}
}

// credit counts a find of a patch.
func (h *harvest) credit(p *patch) {
	h.sites[p.site].earned++
}

// learn remembers the operands of a comparison as tokens.
func (d *dictionary) learn(c *abi.Compare) {
	if c.Kind.Size() == 0 {
		d.learnText(c.TextA[:c.LenA])
		d.learnText(c.TextB[:c.LenB])
		return
	}
	if c.Kind.IsConst() && c.A > 0xff {
		d.learnInt(c.A)
	}
}
