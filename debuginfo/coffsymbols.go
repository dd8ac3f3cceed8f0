package debuginfo

import (
	"encoding/binary"
	"strings"
)

// This file defines the reading of symbol tables of PE and COFF files.

// symbols reads the symbol table. Symbols have no sizes here.
func (f *coffFile) symbols() ([]Symbol, error) {
	if f.symbolsAt == 0 {
		return nil, nil
	}
	raw, err := f.in.bytes(f.symbolsAt, f.symbolCount*f.symbolSize)
	if err != nil {
		return nil, err
	}
	var symbols []Symbol
	for i := uint64(0); i < f.symbolCount; i++ {
		s := f.symbol(raw, i)
		here := f.symbolsAt + i*f.symbolSize
		i += uint64(s.auxiliary)
		if s.section < 1 || s.section > len(f.sections) || s.class != coffExternal && s.class != coffStatic {
			continue
		}
		in := f.sections[s.section-1]
		name, ok := s.name(f.names)
		if !ok {
			return nil, f.in.errorAt(here, "symbol without a name in the string table")
		}
		// A section has a symbol, static and with auxiliary entries.
		if name == "" || s.class == coffStatic && s.auxiliary > 0 && s.value == 0 || in.debugName != "" {
			continue
		}
		symbols = append(symbols, Symbol{
			Name: name, Addr: in.Addr + s.value,
			// Not all compilers set the type.
			Func:   s.kind&coffFunction != 0 || in.Exec && !strings.HasPrefix(name, "."),
			Global: s.class == coffExternal,
		})
	}
	return symbols, nil
}

// coffSymbol is one entry of the symbol table.
type coffSymbol struct {
	field     []byte // the name, or zeros and its place in the string table
	value     uint64
	section   int // from 1 on
	kind      uint16
	class     uint8
	auxiliary uint8 // how many entries that follow belong to it
}

// symbol reads entry i of the symbol table raw.
func (f *coffFile) symbol(raw []byte, i uint64) coffSymbol {
	b := raw[i*f.symbolSize:][:f.symbolSize]
	s := coffSymbol{field: b[:8], value: uint64(binary.LittleEndian.Uint32(b[8:]))}
	if f.symbolSize == coffSymbolSize {
		s.section = int(int16(binary.LittleEndian.Uint16(b[12:])))
		b = b[14:]
	} else {
		s.section = int(int32(binary.LittleEndian.Uint32(b[12:])))
		b = b[16:]
	}
	s.kind, s.class, s.auxiliary = binary.LittleEndian.Uint16(b), b[2], b[3]
	return s
}

// name returns the symbol's name.
func (s *coffSymbol) name(names string) (string, bool) {
	if binary.LittleEndian.Uint32(s.field) != 0 {
		return cString(s.field), true
	}
	return stringAt(names, binary.LittleEndian.Uint32(s.field[4:]))
}
