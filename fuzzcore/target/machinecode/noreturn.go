package machinecode

import (
	"debug/elf"
	"encoding/binary"
	"errors"
	"strings"

	"github.com/fuzzls/fuzzls/debuginfo"
)

// This file finds the functions that never return: after a call of one of them, no code
// runs, though some may follow.

// findNoReturn sets noReturn: the functions that Config.NeverReturns names, and the stubs by which those of shared
// objects are called.
func (r *reader) findNoReturn() error {
	r.noReturn = map[uint64]bool{}
	symbols, err := r.file.Symbols(r.config.NeverReturns)
	if err != nil {
		return err
	}
	for _, s := range symbols {
		if s.Func && s.Addr != 0 {
			r.noReturn[s.Addr] = true
		}
	}
	slots, err := importedSlots(r.config.Path, r.config.NeverReturns)
	if err != nil {
		return err
	}
	for _, s := range r.file.Sections() {
		if s.Exec && strings.HasPrefix(s.Name, ".plt") {
			r.findStubs(s, slots)
		}
	}
	return nil
}

// importedSlots returns the addresses of the pointers that the dynamic linker sets to
// functions with such names. System V ABI, "Relocation"; an Elf64_Rela is offset, info and
// addend, of eight bytes each, and the symbol's number is the upper half of info.
func importedSlots(path string, wanted func(string) bool) (map[uint64]bool, error) {
	f, err := elf.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	symbols, err := f.DynamicSymbols()
	if errors.Is(err, elf.ErrNoSymbols) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	slots := map[uint64]bool{}
	const relaSize = 24
	for _, s := range f.Sections {
		if s.Type != elf.SHT_RELA || s.Flags&elf.SHF_ALLOC == 0 {
			continue
		}
		data, err := s.Data()
		if err != nil {
			return nil, err
		}
		for ; len(data) >= relaSize; data = data[relaSize:] {
			// DynamicSymbols leaves symbol 0 out.
			number := binary.LittleEndian.Uint64(data[8:]) >> 32
			if number >= 1 && number <= uint64(len(symbols)) && wanted(symbols[number-1].Name) {
				slots[binary.LittleEndian.Uint64(data)] = true
			}
		}
	}
	return slots, nil
}

// findStubs adds the stubs in a section of them that jump to where a slot points. On
// amd64 a stub is "jmp *slot(%rip)", perhaps after endbr64, in 16 bytes or 8. On arm64
// stubs are not read, so that some functions count as returning.
func (r *reader) findStubs(s debuginfo.Section, slots map[uint64]bool) {
	code, err := r.file.Bytes(s.Addr, s.Addr+s.Size)
	if err != nil || r.file.Arch() != "amd64" || len(slots) == 0 {
		return
	}
	for i := 0; i+6 <= len(code); i++ {
		if code[i] != 0xff || code[i+1] != 0x25 {
			continue
		}
		slot := s.Addr + uint64(i) + 6 + uint64(int64(int32(binary.LittleEndian.Uint32(code[i+2:]))))
		if slots[slot] {
			r.noReturn[s.Addr+uint64(i)] = true
			if i >= 4 && binary.LittleEndian.Uint32(code[i-4:]) == endbr64 {
				r.noReturn[s.Addr+uint64(i)-4] = true
			}
		}
	}
}

// endbr64 is the instruction of that name.
const endbr64 = 0xfa1e0ff3
