package debuginfo

// This file defines how attribute values are read. See DWARF 5, 7.5.4 to 7.5.6.

// encoding is what the layout of a unit's values depends on.
type encoding struct {
	version  uint16
	dwarf64  bool
	addrSize int // 4 or 8
}

// offsetSize is the size of a section offset.
func (e encoding) offsetSize() int {
	if e.dwarf64 {
		return 8
	}
	return 4
}

// value is an attribute's value as it stands in the section: a number, an offset,
// an index; for a string or a block in place, the offset where it starts.
type value struct {
	form uint64
	n    uint64
}

// address reports whether v is an address or the index of one, not a constant.
func (v value) address() bool {
	switch v.form {
	case formAddr, formAddrx, formAddrx1, formAddrx2, formAddrx3, formAddrx4, formGNUAddrIndex:
		return true
	}
	return false
}

// value reads a value of the given form and moves behind it. implicit is the
// value of formImplicitConst, which stands with the abbreviation.
func (c *cursor) value(form uint64, implicit int64, e encoding) value {
	for form == formIndirect && c.err == nil {
		if form = c.uleb(); form == formImplicitConst {
			c.fail("indirect implicit constant")
		}
	}
	v := value{form: form, n: uint64(c.pos)}
	switch form {
	case formAddr:
		v.n = c.uint(e.addrSize)
	case formData1, formRef1, formFlag, formStrx1, formAddrx1:
		v.n = c.uint(1)
	case formData2, formRef2, formStrx2, formAddrx2:
		v.n = c.uint(2)
	case formStrx3, formAddrx3:
		v.n = c.uint(3)
	case formData4, formRef4, formRefSup4, formStrx4, formAddrx4:
		v.n = c.uint(4)
	case formData8, formRef8, formRefSig8, formRefSup8:
		v.n = c.uint(8)
	case formData16:
		c.bytes(16)
	case formStrp, formLineStrp, formStrpSup, formSecOffset, formGNURefAlt, formGNUStrpAlt:
		v.n = c.offset(e.dwarf64)
	case formRefAddr:
		if e.version <= 2 {
			v.n = c.uint(e.addrSize)
		} else {
			v.n = c.offset(e.dwarf64)
		}
	case formUdata, formRefUdata, formStrx, formAddrx, formLoclistx, formRnglistx, formGNUAddrIndex, formGNUStrIndex:
		v.n = c.uleb()
	case formSdata:
		v.n = uint64(c.sleb())
	case formImplicitConst:
		v.n = uint64(implicit)
	case formFlagPresent:
		v.n = 1
	case formString:
		c.cstring()
	case formBlock1:
		c.bytes(c.uint(1))
	case formBlock2:
		c.bytes(c.uint(2))
	case formBlock4:
		c.bytes(c.uint(4))
	case formBlock, formExprloc:
		c.bytes(c.uleb())
	default:
		c.fail(unknownForm(form))
	}
	return v
}
