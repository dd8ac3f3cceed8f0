package debuginfo

import (
	"cmp"
	"slices"
	"sort"
	"sync"
)

// This file defines symbols and functions: the symbol table by name and by
// address.

// Symbol is one entry of the symbol table.
type Symbol struct {
	// Name is the name as the linker wrote it: Go names are readable
	// ("encoding/json.(*Decoder).Decode"), C++ and Rust names are mangled.
	Name string
	// Addr is the symbol's address, Size its size in bytes, 0 if unknown.
	Addr, Size uint64
	// Func is true for functions, Global for symbols visible to other files.
	Func, Global bool
}

// Function is the code of one function: the addresses [Lo, Hi).
type Function struct {
	// Name is the name as the linker wrote it; see Symbol.
	Name   string
	Lo, Hi uint64
}

// symbolTable is the loaded symbol table.
type symbolTable struct {
	once      sync.Once
	err       error
	byName    map[string]Symbol
	functions []Function
	// reach[i] is the highest Hi of functions[:i+1]: where it is not above an
	// address, no function before holds the address.
	reach []uint64
}

// load reads the symbol table of img, once.
func (t *symbolTable) load(img *image) error {
	t.once.Do(func() {
		t.err = errCutShort // unless it gets to the end; see File.guard
		symbols, err := img.loadSymbols()
		t.byName = make(map[string]Symbol, len(symbols))
		for _, s := range symbols {
			if old, ok := t.byName[s.Name]; !ok || s.Global && !old.Global {
				t.byName[s.Name] = s
			}
		}
		t.functions = functionsOf(img, symbols)
		t.reach = make([]uint64, len(t.functions))
		var reach uint64
		for i, fn := range t.functions {
			reach = max(reach, fn.Hi)
			t.reach[i] = reach
		}
		t.err = err
	})
	return t.err
}

// functionsOf returns the functions among symbols, sorted, one per start address:
// a symbol with a size goes before one without, a global one before a local one,
// an earlier one before a later one. A function without a size (assembly) reaches
// to the next one or to the end of its section.
func functionsOf(img *image, symbols []Symbol) []Function {
	symbols = slices.DeleteFunc(slices.Clone(symbols), func(s Symbol) bool {
		return !s.Func || s.Addr+s.Size < s.Addr || !img.text.contains(s.Addr)
	})
	rank := func(s Symbol) int {
		r := 0
		if s.Size == 0 {
			r = 2
		}
		if !s.Global {
			r++
		}
		return r
	}
	slices.SortStableFunc(symbols, func(a, b Symbol) int {
		return cmp.Or(cmp.Compare(a.Addr, b.Addr), cmp.Compare(rank(a), rank(b)))
	})
	symbols = slices.CompactFunc(symbols, func(a, b Symbol) bool { return a.Addr == b.Addr })
	functions := make([]Function, 0, len(symbols))
	for i, s := range symbols {
		fn := Function{Name: s.Name, Lo: s.Addr, Hi: s.Addr + s.Size}
		if s.Size == 0 {
			fn.Hi = img.execEnd(s.Addr)
			if i+1 < len(symbols) {
				fn.Hi = min(fn.Hi, symbols[i+1].Addr)
			}
		}
		if fn.Lo < fn.Hi {
			functions = append(functions, fn)
		}
	}
	return functions
}

// execEnd returns the end of the executable section that holds addr, addr itself
// if there is none.
func (img *image) execEnd(addr uint64) uint64 {
	i := sort.Search(len(img.code), func(i int) bool { return img.code[i].Addr > addr }) - 1
	if i >= 0 && addr-img.code[i].Addr < img.code[i].Size {
		return img.code[i].Addr + img.code[i].Size
	}
	return addr
}

// at returns the innermost function that holds pc.
func (t *symbolTable) at(pc uint64) (Function, bool) {
	i := sort.Search(len(t.functions), func(i int) bool { return t.functions[i].Lo > pc })
	for i--; i >= 0 && t.reach[i] > pc; i-- {
		if pc < t.functions[i].Hi {
			return t.functions[i], true
		}
	}
	return Function{}, false
}
