package debuginfo

import (
	"encoding/binary"
	"fmt"
	"math/bits"
)

// This file defines abbrevTable: the layouts of the entries of a unit, compiled
// so that a walk over all entries reads only what it needs. See DWARF 5, 7.5.3.

// entryKind is what an entry means to a walk that looks for code.
type entryKind uint8

const (
	// kindOther is an entry without code in it: it can be skipped with its children.
	kindOther entryKind = iota
	// kindType is a type with members. GCC puts the call operators of lambdas under
	// a structure inside of the function that holds the lambda; elsewhere types hold
	// declarations only.
	kindType
	// kindScope is an entry that can hold functions or inlined calls: a namespace,
	// a block.
	kindScope
	kindFunction
	kindInlined
)

// kindOf returns the kind of a tag.
func kindOf(tag uint64) entryKind {
	switch tag {
	case tagSubprogram:
		return kindFunction
	case tagInlinedSubroutine:
		return kindInlined
	case tagClassType, tagStructureType, tagUnionType, tagInterfaceType, tagVariantPart, tagVariant:
		return kindType
	case tagCompileUnit, tagPartialUnit, tagSkeletonUnit, tagTypeUnit, tagLexicalBlock, tagNamespace,
		tagModule, tagCommonBlock, tagTryBlock, tagCatchBlock, tagWithStmt, tagEntryPoint:
		return kindScope
	}
	return kindOther
}

// abbrev is the layout of the entries with one code.
type abbrev struct {
	code     uint64
	kind     entryKind
	children bool
	// named is true if the entry has a name of its own.
	named bool
	// fixed is the size of the entry's values, -1 if it is not the same for all.
	fixed int32
	// sibling is where, in the values, DW_AT_sibling stands as a DW_FORM_ref4; -1
	// if it does not.
	sibling int32
	// The entry's part of abbrevTable.attrs and abbrevTable.steps.
	attrs, attrsEnd, steps, stepsEnd uint32
}

// step is one step of reading an entry's values: skipping some, or reading one.
type step struct {
	op stepOp
	// leb is true if the value is a LEB128 number.
	leb bool
	// at is the attribute that opRead reads, form its form.
	at, form uint16
	// n is how many bytes opSkip skips, or the size of the value of opRead, -1 if
	// that depends on the value.
	n        int32
	implicit int64 // the value, for formImplicitConst
}

type stepOp uint8

const (
	opSkip   stepOp = iota // n bytes
	opLEB                  // a LEB128 number
	opString               // a string in place
	opBlock1               // a block with a length of 1, 2, 4 bytes, or LEB128
	opBlock2
	opBlock4
	opBlock
	opValue // any other form, by cursor.value
	opRead  // a value that the walk wants
)

// abbrevTable is one abbreviation table, for units of one encoding.
type abbrevTable struct {
	valid    bool
	offset   uint64
	encoding encoding
	// abbrevs is by code, for codes that are below its length; sparse has the places
	// of the others. Producers count codes from 1.
	abbrevs []abbrev
	sparse  map[uint64]int
	extra   []abbrev
	attrs   []attribute
	steps   []step
}

// wanted reports whether a walk reads an attribute of entries of that kind.
func wanted(kind entryKind, at uint64) bool {
	switch at {
	case atLowPC, atHighPC, atRanges, atSibling, atAbstractOrigin, atSpecification, atEntryPC:
		return kind == kindFunction || kind == kindInlined
	case atCallFile, atCallLine, atCallColumn:
		return kind == kindInlined
	}
	return false
}

// load reads the table at offset of in, .debug_abbrev, into t, whose memory it
// reuses. It returns how many bytes it looked at; not more than budget and one
// abbreviation.
func (t *abbrevTable) load(in contents, offset uint64, e encoding, budget int) (looked int, err *FormatError) {
	*t = abbrevTable{offset: offset, encoding: e, abbrevs: t.abbrevs[:0], extra: t.extra[:0], attrs: t.attrs[:0], steps: t.steps[:0]}
	t.abbrevs = append(t.abbrevs, abbrev{}) // code 0 ends a list of children
	c := in.cursor(offset)
	start := c.pos
	for c.err == nil {
		if c.pos-start > budget {
			c.fail("abbreviation tables are too long for their use")
			break
		}
		code := c.uleb()
		if c.err != nil || code == 0 {
			break
		}
		a := t.compile(&c, code)
		switch _, old := t.sparse[code]; {
		case code == uint64(len(t.abbrevs)):
			t.abbrevs = append(t.abbrevs, a)
		case code < uint64(len(t.abbrevs)) || old:
			// The first one counts.
		default:
			if t.sparse == nil {
				t.sparse = map[uint64]int{}
			}
			t.sparse[code] = len(t.extra)
			t.extra = append(t.extra, a)
		}
	}
	t.valid = c.err == nil
	return c.pos - start, c.err
}

// find returns the abbreviation with that code, nil if there is none.
func (t *abbrevTable) find(code uint64) *abbrev {
	if code < uint64(len(t.abbrevs)) {
		return &t.abbrevs[code]
	}
	if i, ok := t.sparse[code]; ok {
		return &t.extra[i]
	}
	return nil
}

// attribute reads one attribute of an abbreviation; false at the end of the list.
func (c *cursor) attribute() (x attribute, ok bool) {
	x = attribute{at: c.uleb(), form: c.uleb()}
	if x.form == formImplicitConst {
		x.implicit = c.sleb()
	}
	return x, x.at != 0 || x.form != 0
}

// attributes appends the attributes of an abbreviation to attrs.
func (c *cursor) attributes(attrs []attribute) []attribute {
	for c.err == nil {
		x, ok := c.attribute()
		if !ok {
			break
		}
		attrs = append(attrs, x)
	}
	return attrs
}

// skipAttributes moves behind the attributes of an abbreviation. GCC puts the one of
// the root entry last, so most of a table is skipped for each unit: attributes and
// forms of one byte, as nearly all are, four at a time.
func (c *cursor) skipAttributes() {
	for c.err == nil {
		p, i := c.data, c.pos
		for i+8 <= len(p) {
			four := binary.LittleEndian.Uint64(p[i:])
			// In what follows, the lowest bit that is set belongs to the first pair that
			// counts; bits above it can be wrong.
			end := (four - eachPair(1)) &^ four & eachPair(0x8000)
			implicit := four ^ eachPair(formImplicitConst<<8)
			implicit = (implicit - eachPair(0x0100)) &^ implicit & eachPair(0x8000)
			long := four & eachPair(0x8080)
			stop := bits.TrailingZeros64(end|implicit|long) / 16
			if i += 2 * stop; stop == 4 {
				continue
			}
			if end>>(16*stop)&0x8000 != 0 {
				c.pos = i + 2
				return
			}
			break
		}
		c.pos = i
		if _, ok := c.attribute(); !ok {
			return
		}
	}
}

// eachPair returns four pairs of bytes v.
func eachPair(v uint16) uint64 { return uint64(v) * 0x0001_0001_0001_0001 }

// compile reads an abbreviation behind its code.
func (t *abbrevTable) compile(c *cursor, code uint64) abbrev {
	a := abbrev{code: code, kind: kindOf(c.uleb()), children: c.u8() != 0, sibling: -1,
		attrs: uint32(len(t.attrs)), steps: uint32(len(t.steps))}
	for c.err == nil {
		x, ok := c.attribute()
		if !ok {
			break
		}
		t.attrs = append(t.attrs, x)
		if x.at == atName || x.at == atLinkageName || x.at == atMIPSLinkageName {
			a.named = true
		}
		size := formSize(x.form, t.encoding)
		if x.at == atSibling && x.form == formRef4 && a.fixed >= 0 {
			a.sibling = a.fixed
		}
		if size < 0 {
			a.fixed = -1
		} else if a.fixed >= 0 {
			a.fixed += int32(size)
		}
		t.addStep(&a, x, size)
	}
	a.attrsEnd, a.stepsEnd = uint32(len(t.attrs)), uint32(len(t.steps))
	return a
}

// addStep appends the step for attribute x of a, or lengthens the last one.
func (t *abbrevTable) addStep(a *abbrev, x attribute, size int) {
	if wanted(a.kind, x.at) && x.form <= 0xffff {
		t.steps = append(t.steps, step{op: opRead, leb: isLEB(x.form), at: uint16(x.at), form: uint16(x.form), n: int32(size), implicit: x.implicit})
		return
	}
	if last := len(t.steps) - 1; size >= 0 && last >= int(a.steps) && t.steps[last].op == opSkip {
		t.steps[last].n += int32(size)
		return
	}
	s := step{op: opValue, n: int32(size)}
	if x.form <= 0xffff {
		s.form = uint16(x.form)
	}
	switch x.form {
	case formString:
		s.op = opString
	case formBlock1:
		s.op = opBlock1
	case formBlock2:
		s.op = opBlock2
	case formBlock4:
		s.op = opBlock4
	case formBlock, formExprloc:
		s.op = opBlock
	default:
		if s.leb = isLEB(x.form); s.leb {
			s.op = opLEB
		} else if size >= 0 {
			s.op = opSkip
		}
	}
	t.steps = append(t.steps, s)
}

// isLEB reports whether values of that form are LEB128 numbers.
func isLEB(form uint64) bool {
	switch form {
	case formSdata, formUdata, formRefUdata, formStrx, formAddrx, formLoclistx, formRnglistx, formGNUAddrIndex, formGNUStrIndex:
		return true
	}
	return false
}

// formSize returns how many bytes a value of that form has, -1 if that depends on
// the value.
func formSize(form uint64, e encoding) int {
	switch form {
	case formFlagPresent, formImplicitConst:
		return 0
	case formData1, formRef1, formFlag, formStrx1, formAddrx1:
		return 1
	case formData2, formRef2, formStrx2, formAddrx2:
		return 2
	case formStrx3, formAddrx3:
		return 3
	case formData4, formRef4, formRefSup4, formStrx4, formAddrx4:
		return 4
	case formData8, formRef8, formRefSig8, formRefSup8:
		return 8
	case formData16:
		return 16
	case formAddr:
		return e.addrSize
	case formStrp, formLineStrp, formStrpSup, formSecOffset, formGNURefAlt, formGNUStrpAlt:
		return e.offsetSize()
	case formRefAddr:
		if e.version <= 2 {
			return e.addrSize
		}
		return e.offsetSize()
	}
	return -1
}

// unknownForm words the problem of a form that is not known.
func unknownForm(form uint64) string { return fmt.Sprintf("unknown form %#x", form) }
