package engine

import "math"

// This file keeps the tokens that mutations insert: constants of the program
// and operands that its comparisons saw.

// Token is one constant of the instrumented packages.
type Token struct {
	// Kind tells which of the other fields is set: Value for Int and Float, Text
	// for Bytes.
	Kind Kind
	// Value is an integer, or the bit pattern of a float64.
	Value uint64
	// Text is the content of a string constant.
	Text []byte
}

const (
	// recentTokens is how many operands are remembered; a new one replaces the
	// oldest. A few hundred cover what the comparisons of the last finds saw.
	recentTokens = 256
	// maxToken is the longest token kept; longer strings are data, not syntax.
	maxToken = 64
)

// dictionary holds tokens by the kind of value they can stand for.
type dictionary struct {
	texts  [][]byte
	ints   []uint64
	floats []float64
	recent recency
}

// recency is a ring of operands.
type recency struct {
	texts []recentText
	ints  []uint64
	atText,
	atInt int
}

// recentText is an operand of a string comparison, kept inline so that
// remembering one allocates nothing.
type recentText struct {
	n    int
	text [maxToken]byte
}

func newDictionary(tokens []Token) dictionary {
	var d dictionary
	for _, t := range tokens {
		switch t.Kind {
		case Int:
			d.ints = append(d.ints, t.Value)
		case Float:
			d.floats = append(d.floats, math.Float64frombits(t.Value))
		case Bytes:
			if len(t.Text) > 0 && len(t.Text) <= maxToken {
				d.texts = append(d.texts, append([]byte(nil), t.Text...))
			}
		}
	}
	return d
}

// learnText remembers an operand of a string comparison.
func (d *dictionary) learnText(text []byte) {
	r := &d.recent
	if len(text) == 0 || len(text) > maxToken {
		return
	}
	for i := range r.texts {
		if string(r.texts[i].text[:r.texts[i].n]) == string(text) {
			return
		}
	}
	if len(r.texts) < recentTokens {
		r.texts = append(r.texts, recentText{})
	}
	slot := &r.texts[r.atText]
	slot.n = copy(slot.text[:], text)
	r.atText = (r.atText + 1) % recentTokens
}

// learnInt remembers an operand of an integer comparison.
func (d *dictionary) learnInt(v uint64) {
	r := &d.recent
	for _, known := range r.ints {
		if known == v {
			return
		}
	}
	if len(r.ints) < recentTokens {
		r.ints = append(r.ints, 0)
	}
	r.ints[r.atInt] = v
	r.atInt = (r.atInt + 1) % recentTokens
}

// pickText chooses a text; it is valid until the next learnText.
func (d *dictionary) pickText(r *rng) []byte {
	if n := len(d.recent.texts); n > 0 && (len(d.texts) == 0 || r.coin()) {
		t := &d.recent.texts[r.below(n)]
		return t.text[:t.n]
	}
	if len(d.texts) == 0 {
		return nil
	}
	return d.texts[r.below(len(d.texts))]
}

// pickInt chooses an integer.
func (d *dictionary) pickInt(r *rng) (uint64, bool) {
	if n := len(d.recent.ints); n > 0 && (len(d.ints) == 0 || r.coin()) {
		return d.recent.ints[r.below(n)], true
	}
	if len(d.ints) == 0 {
		return 0, false
	}
	return d.ints[r.below(len(d.ints))], true
}

// pickFloat chooses a float, or an integer as one.
func (d *dictionary) pickFloat(r *rng) (float64, bool) {
	if n := len(d.floats); n > 0 && !r.oneIn(4) {
		return d.floats[r.below(n)], true
	}
	v, ok := d.pickInt(r)
	return float64(int64(v)), ok
}

// pickToken writes a token for a byte string into buf and returns it: a text,
// or an integer in one of the forms that programs read. It is empty if there is
// none.
func (e *Engine) pickToken(buf *[wordSize]byte) []byte {
	r := e.rng.next()
	if r&3 != 0 || len(e.dictionary.ints)+len(e.dictionary.recent.ints) == 0 {
		return e.dictionary.pickText(&e.rng)
	}
	v, _ := e.dictionary.pickInt(&e.rng)
	size := 1 << (r >> 2 & 3)
	storeWord(buf[:size], r&16 != 0, v)
	return buf[:size]
}

func (e *Engine) tokenOver(field int) bool {
	var buf [wordSize]byte
	b, token := e.mutant.bytes(field), e.pickToken(&buf)
	if len(token) == 0 || len(b) < len(token) {
		return false
	}
	copy(b[e.rng.below(len(b)-len(token)+1):], token)
	return true
}

func (e *Engine) tokenIn(field int) bool {
	var buf [wordSize]byte
	token := e.pickToken(&buf)
	if len(token) == 0 {
		return false
	}
	gap := e.mutant.gap(field, e.rng.below(e.mutant.spans[field].n+1), 0, len(token))
	if gap == nil {
		return false
	}
	copy(gap, token)
	return true
}
