package engine

import (
	"cmp"
	"slices"

	"github.com/fuzzls/fuzzls/fuzzcore/abi"
)

// This file learns from the comparisons that runs made: which sites still have
// an outcome that no run had, and which operands were tried there already.

const (
	// pairSlots is the number of operand pairs remembered, 2¹⁵ slots of 8 bytes.
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
	// runPairs bounds the operand pairs that one traced run that is not kept is
	// searched for: its cost is spread over maxTrace mutants.
	runPairs = 64
	// siteAllowance is how many patches a site may get from runs that are not
	// kept before one of them has to find something, and after each find.
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
	// passed counts, by site, the comparisons of one run that were equal; reused.
	passed map[uint32]int
}

// pair is how often an operand pair was met; direct-mapped by its hash.
type pair struct {
	hash  uint32
	tries uint8
}

func newHarvest() harvest {
	return harvest{
		sites:   map[uint32]*site{},
		pairs:   make([]pair, pairSlots),
		patches: newPatchQueues(),
		passed:  map[uint32]int{},
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

// try counts one more meeting with the operands of c and returns how many there
// were before.
func (h *harvest) try(c *abi.Compare) uint8 {
	hash := hashCompare(c)
	p := &h.pairs[hash%pairSlots]
	if tag := uint32(hash >> 32); p.hash != tag {
		*p = pair{hash: tag}
	}
	tries := p.tries
	if p.tries < 255 {
		p.tries++
	}
	return tries
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
		n.base.owner, n.base.depth = n, 0
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
	h := &e.harvest
	h.fresh = h.fresh[:0]
	h.countPassed(compares)
	s := e.newSubstituter(src)
	pairs, limit := runPairs, runPatches
	if src.kept || src.fresh {
		pairs, limit = len(compares), keptPatches
	}
	for i := range compares {
		if pairs == 0 {
			break
		}
		if e.consider(&s, &compares[i]) {
			pairs--
		}
	}
	h.queue(src, limit)
}

// countPassed counts the equal comparisons of each site.
func (h *harvest) countPassed(compares []abi.Compare) {
	clear(h.passed)
	for i := range compares {
		c := &compares[i]
		o := outcomeOf(c)
		h.site(c).outcomes |= o
		if o == equal {
			h.passed[c.Site]++
		}
	}
}

// consider makes the patches of one comparison if they are worth it; it reports
// whether it did.
func (e *Engine) consider(s *substituter, c *abi.Compare) bool {
	h := &e.harvest
	if c.Kind.Size() == 0 && outcomeOf(c) == equal {
		return false
	}
	s.c, s.site, s.tries, s.passed = c, h.site(c), h.try(c), h.passed[c.Site]
	s.progress = s.advanced() && outcomeOf(c) != equal
	if !s.progress && !s.worth() {
		return false
	}
	if s.tries == 0 {
		e.dictionary.learn(c)
	}
	s.substitute()
	return true
}

// worth decides whether the comparison at hand gets patches.
func (s *substituter) worth() bool {
	open := s.site.open(s.c)
	if s.source.kept || s.source.fresh {
		return s.tries == 0 || open && s.tries < maxTries
	}
	return open && s.tries == 0 && s.site.spent < siteAllowance*(1+s.site.earned)
}

// queue sorts the fresh patches and queues the best limit of them.
func (h *harvest) queue(src source, limit int) {
	slices.SortStableFunc(h.fresh, func(a, b patch) int { return cmp.Compare(a.order(), b.order()) })
	chosen := slices.Clone(h.fresh[:min(len(h.fresh), limit)])
	for i := range chosen {
		p := &chosen[i]
		if !src.kept && !src.fresh {
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
