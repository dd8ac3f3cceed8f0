package debuginfo

import (
	"slices"
	"strings"
	"testing"
)

// TestListSymbols: data and functions are listed, chosen by name, as Symbol finds them.
func TestListSymbols(t *testing.T) {
	for name, flags := range map[string][]string{"static": nil, "position-independent": {"-buildmode=pie"}} {
		t.Run(name, func(t *testing.T) {
			f := mustOpen(t, buildGo(t, goSource, nil, flags...))
			symbols, err := f.Symbols(func(name string) bool { return strings.HasPrefix(name, "main.") || name == "os.Args" })
			if err != nil {
				t.Fatal(err)
			}
			var names []string
			for _, s := range symbols {
				names = append(names, s.Name)
				if one, ok := f.Symbol(s.Name); !ok || one.Func != s.Func {
					t.Errorf("Symbol(%q) is %+v, %v, listed is %+v", s.Name, one, ok, s)
				}
			}
			if !slices.IsSorted(names) {
				t.Errorf("not sorted: %q", names)
			}
			code, data := slices.Index(names, "main.main"), slices.Index(names, "os.Args")
			if code < 0 || !symbols[code].Func || symbols[code].Size == 0 {
				t.Errorf("main.main is missing or no function: %+v", symbols)
			}
			if data < 0 || symbols[data].Func || symbols[data].Size != 24 {
				t.Errorf("os.Args is missing or no slice: %+v", symbols)
			}
		})
	}
}

// TestListSymbolsOfStripped: of a Go file without a symbol table, the functions are
// known all the same.
func TestListSymbolsOfStripped(t *testing.T) {
	f := mustOpen(t, buildGo(t, goSource, []string{"CGO_ENABLED=0"}, "-ldflags=-s"))
	symbols, err := f.Symbols(func(string) bool { return true })
	isMain := func(s Symbol) bool { return s.Name == "main.main" && s.Func && s.Size > 0 }
	isData := func(s Symbol) bool { return !s.Func }
	if err != nil || !slices.ContainsFunc(symbols, isMain) || slices.ContainsFunc(symbols, isData) {
		t.Errorf("%d symbols, %v", len(symbols), err)
	}
}
