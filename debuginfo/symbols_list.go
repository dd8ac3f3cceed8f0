package debuginfo

import (
	"cmp"
	"slices"
)

// This file defines Symbols: the symbols that a caller chooses by name.

// Symbols returns the symbols, of functions and of data, whose names keep accepts,
// sorted by name and address. Symbols of one name are all returned. A stripped
// file has none, or only those that are exported.
//
// The symbol table is read anew for each call; for one known name ask Symbol.
func (f *File) Symbols(keep func(name string) bool) ([]Symbol, error) {
	var kept []Symbol
	err := f.guard(func() error {
		symbols, err := f.image.loadSymbols()
		for _, s := range symbols {
			if keep(s.Name) {
				kept = append(kept, s)
			}
		}
		return err
	})
	slices.SortFunc(kept, func(a, b Symbol) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Addr, b.Addr))
	})
	return kept, err
}
