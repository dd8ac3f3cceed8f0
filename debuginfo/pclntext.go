package debuginfo

import (
	"debug/elf"
	"encoding/binary"
)

// This file defines where the start of Go's text is found, from which the addresses in
// Go's table count. Since Go 1.26 the table itself does not say it.

// goText finds the start of the text, from which the table counts: by its symbol,
// in the table's header, in the moduledata, or by the name of its section. The last
// is wrong if there is C code in front.
func (img *image) goText(t *goTable, header uint64) uint64 {
	if symbols, err := img.symbols(); err == nil {
		for _, s := range symbols {
			if s.Name == goTextSymbol {
				return s.Addr
			}
		}
	}
	if img.text.contains(header) {
		return header
	}
	guesses := 0
	first := uint64(binary.LittleEndian.Uint32(t.funcs))
	for module := range img.pointersTo(t.addr) {
		text, ok := img.pointerAt(module + 8*moduleText)
		minPC, _ := img.pointerAt(module + 8*moduleMinPC)
		if ok && text+first == minPC && img.text.contains(minPC) {
			return text
		}
		if guesses++; guesses > maxGoGuesses {
			break
		}
	}
	for _, name := range []string{".text", "__text"} {
		if s := img.section(name); s != nil {
			return s.Addr
		}
	}
	return img.text.lo
}

// pointersTo returns where the data of the executable holds an address.
func (img *image) pointersTo(addr uint64) func(yield func(uint64) bool) {
	return func(yield func(uint64) bool) {
		for _, s := range img.sections {
			if !s.loaded || s.Exec {
				continue
			}
			data, err := s.raw.bytes(0, s.raw.size)
			if err != nil {
				continue
			}
			for at := 0; at+8 <= len(data); at += goAlign {
				if binary.LittleEndian.Uint64(data[at:]) == addr && !yield(s.Addr+uint64(at)) {
					return
				}
			}
		}
		for offset, value := range img.relativePointers() {
			if value == addr && !yield(offset) {
				return
			}
		}
	}
}

// pointerAt returns the address that the executable holds at an address.
func (img *image) pointerAt(at uint64) (uint64, bool) {
	for offset, value := range img.relativePointers() {
		if offset == at {
			return value, true
		}
	}
	b, err := img.bytesAt(at, at+8)
	if err != nil {
		return 0, false
	}
	return binary.LittleEndian.Uint64(b), true
}

// relativePointers returns the addresses in a position-independent ELF file that
// the dynamic linker fills in: where, and which.
func (img *image) relativePointers() func(yield func(at, value uint64) bool) {
	return func(yield func(at, value uint64) bool) {
		for _, s := range img.dynamicRelocations {
			raw, err := s.load()
			if err != nil {
				continue
			}
			for ; len(raw) >= relaSize; raw = raw[relaSize:] {
				kind := binary.LittleEndian.Uint32(raw[8:])
				if kind != uint32(elf.R_X86_64_RELATIVE) && kind != uint32(elf.R_AARCH64_RELATIVE) {
					continue
				}
				if !yield(binary.LittleEndian.Uint64(raw), binary.LittleEndian.Uint64(raw[16:])) {
					return
				}
			}
		}
	}
}
