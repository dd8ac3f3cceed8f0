package engine

import (
	"bytes"

	"github.com/fuzzls/fuzzls/fuzzcore/abi"
)

// This file finds the operands of string comparisons in an input and replaces
// them.

// substituteText replaces from by to. Both may be cut to abi.CompareText bytes;
// full is the length of all of from.
func (s *substituter) substituteText(from []byte, full uint64, to []byte) {
	for field, f := range s.engine.schema {
		if f.Kind != Bytes {
			continue
		}
		content := s.content(field)
		if uint64(len(content)) == full && s.hasPrefix(content, from) {
			s.put(field, 0, len(content), to, rankDirect)
		}
		if len(from) == 0 {
			s.insert(field, to)
			continue
		}
		found := false
		s.occurrences(field, from, func(i, at int) {
			found = true
			rank := rankDirect + rankNext*i
			if len(from) == 1 {
				rank += rankByte
			}
			s.put(field, at, len(from), to, rank)
			if len(to) != len(from) { // overwrite instead: what follows keeps its place
				s.put(field, at, min(len(to), len(content)-at), to, rank+rankByte)
			}
		})
		if !found && s.site.outcomes&equal == 0 {
			s.insert(field, to)
		}
	}
}

// put replaces del bytes by text.
func (s *substituter) put(field, at, del int, text []byte, rank int) {
	p := patch{field: field, at: at, del: del, rank: rank}
	p.n = copy(p.text[:], text)
	s.emit(p, equal)
}

// insert adds text where a program that splits its input may look for it.
func (s *substituter) insert(field int, text []byte) {
	if len(text) == 0 || s.mends {
		return
	}
	content := s.content(field)
	near := min(s.source.base.near, len(content))
	s.put(field, near, 0, text, rankInsert)
	if near != 0 {
		s.put(field, 0, 0, text, rankInsert+1)
	}
	if near != len(content) {
		s.put(field, len(content), 0, text, rankInsert+1)
	}
	s.put(field, 0, min(len(text), len(content)), text, rankInsert+2)
}

// hasPrefix compares as the comparison at hand does.
func (s *substituter) hasPrefix(content, prefix []byte) bool {
	if len(content) < len(prefix) {
		return false
	}
	if s.c.Kind == abi.CompareFold {
		return bytes.EqualFold(content[:len(prefix)], prefix)
	}
	return bytes.HasPrefix(content, prefix)
}

// occurrences calls found for the first places of text in a field, without
// regard to case if the comparison has none.
func (s *substituter) occurrences(field int, text []byte, found func(i, at int)) {
	if s.c.Kind != abi.CompareFold {
		s.positions(field, text, found)
		return
	}
	content, i := s.content(field), 0
	for at := 0; at+len(text) <= len(content) && i < maxPositions; at++ {
		if bytes.EqualFold(content[at:at+len(text)], text) {
			found(i, at)
			i++
		}
	}
}

// foldEqual reports whether the recorded parts of a comparison without regard
// to case are equal.
func foldEqual(c *abi.Compare) bool {
	return bytes.EqualFold(c.TextA[:c.LenA], c.TextB[:c.LenB])
}
