package engine

import "encoding/binary"

// This file defines the mutant under construction: an encoding edited in place.

// mutant is an input being built. Every edit keeps the encoding valid. The engine has
// one, reused for every input: slots are not built in, because the target can write to
// them and the next mutant may go on from this one.
type mutant struct {
	schema Schema
	buf    []byte // edits never make the encoding longer than this
	n      int    // length of the encoding in buf
	spans  []span // the values in buf, one for each field
}

// load starts from a copy of data, a valid encoding of at most limit bytes, which edits
// do not make longer than limit.
func (m *mutant) load(data []byte, limit int) {
	if cap(m.buf) < limit {
		m.buf = make([]byte, limit)
	}
	m.buf = m.buf[:limit]
	m.n = copy(m.buf, data)
	m.spans = m.schema.locate(data, m.spans[:0])
}

// room returns by how many bytes the encoding may still grow.
func (m *mutant) room() int { return len(m.buf) - m.n }

// bytes returns the content of a Bytes field.
func (m *mutant) bytes(field int) []byte {
	s := m.spans[field]
	return m.buf[s.off : s.off+s.n : s.off+s.n]
}

// word returns the value of an Int or Float field.
func (m *mutant) word(field int) uint64 {
	return binary.LittleEndian.Uint64(m.buf[m.spans[field].off:])
}

// setWord stores a value, cut to the field's width.
func (m *mutant) setWord(field int, v uint64) {
	binary.LittleEndian.PutUint64(m.buf[m.spans[field].off:], v&m.schema[field].mask())
}

// gap replaces del bytes at position at of a Bytes field with ins bytes of
// arbitrary content, which it returns for the caller to fill. It returns nil,
// and changes nothing, if the encoding would become too long.
func (m *mutant) gap(field, at, del, ins int) []byte {
	grow := ins - del
	if grow > m.room() {
		return nil
	}
	s := &m.spans[field]
	p := s.off + at
	if grow != 0 {
		copy(m.buf[p+ins:], m.buf[p+del:m.n])
		m.n += grow
		s.n += grow
		binary.LittleEndian.PutUint32(m.buf[s.off-prefixSize:], uint32(s.n))
		for i := field + 1; i < len(m.spans); i++ {
			m.spans[i].off += grow
		}
	}
	return m.buf[p : p+ins : p+ins]
}
