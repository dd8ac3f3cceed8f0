package main

import (
	"context"
	"encoding/json"
	"fmt"
	"path"
	"sort"

	"github.com/fuzzls/fuzzls/debuginfo"
)

// This file defines how `fuzzls resolve` finds and prints its answers.

// answers is what is known of the addresses of one file in one batch.
type answers struct {
	file   *openFile
	pcs    []uint64 // sorted
	calls  *debuginfo.Calls
	lines  []debuginfo.Location // if calls is nil
	frames []debuginfo.Frame    // room for the frames of one address
}

// resolve resolves addresses of a file. A file that cannot be read is told to the
// user, once, and its addresses are unknown.
func (s *symbolizer) resolve(ctx context.Context, f *openFile, pcs []uint64) (*answers, error) {
	a := &answers{file: f}
	if f.err == nil {
		a.pcs, _ = debuginfo.Sort(pcs)
		a.lines = make([]debuginfo.Location, len(a.pcs))
		options := debuginfo.Options{Literal: true}
		if s.flags.inlines || s.flags.functions != "none" {
			a.calls, f.err = f.file.ResolveCalls(ctx, a.pcs, a.lines, options)
		} else {
			f.err = f.file.ResolveWith(ctx, a.pcs, a.lines, options)
		}
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	s.tell(f)
	f.err = nil
	return a, nil
}

// find returns the frames of an address.
func (s *symbolizer) find(a *answers, addr uint64, inlines bool) []debuginfo.Frame {
	a.frames = a.frames[:0]
	if a.lines == nil {
		return append(a.frames, debuginfo.Frame{})
	}
	i := sort.Search(len(a.pcs), func(i int) bool { return a.pcs[i] >= addr })
	if a.calls == nil {
		return append(a.frames, debuginfo.Frame{Location: a.lines[i]})
	}
	a.frames = a.calls.AppendFrames(a.frames, i)
	if !inlines { // the innermost place in the machine function
		last := len(a.frames) - 1
		if s.flags.functions == "short" { // as llvm-symbolizer does
			last = 0
		}
		a.frames = append(a.frames[:0], debuginfo.Frame{Func: a.frames[last].Func, Location: a.frames[0].Location})
	}
	return a.frames
}

// name returns the name of a function. symbol is the symbol at the address for the
// machine function, "" for inlined ones: the symbol table knows more of parts that
// compilers split off (f.cold) and of assembly.
func (s *symbolizer) name(f *openFile, id debuginfo.FuncID, symbol string) string {
	if symbol != "" && s.flags.functions == "linkage" {
		if s.flags.demangle {
			return debuginfo.Demangle(symbol)
		}
		return symbol
	}
	name, ok := f.names[id]
	if ok {
		return name
	}
	fn := f.file.Func(id)
	switch {
	case s.flags.functions == "short":
		name = fn.Source
	case s.flags.demangle:
		name = fn.Name
	default:
		if name = fn.Linkage; name == "" {
			name = fn.Source
		}
	}
	f.names[id] = name
	return name
}

// sourcePlace is one frame, in the words of llvm-symbolizer's JSON.
type sourcePlace struct {
	Column        uint32
	FileName      string
	FunctionName  string
	Line          uint32
	StartAddress  string
	StartFileName string
	StartLine     uint32
}

// print prints the answer to a request for code.
func (s *symbolizer) print(r request, a *answers) {
	frames := s.find(a, r.addr, s.flags.inlines && r.kind == askCode)
	places := make([]sourcePlace, len(frames))
	for i, frame := range frames {
		places[i] = s.place(a, r.addr, frame, i == len(frames)-1)
	}
	s.printPlaces(r, places)
}

// printPlaces prints places in the style that was asked for.
func (s *symbolizer) printPlaces(r request, places []sourcePlace) {
	if s.flags.json {
		s.printJSON(r, places)
		return
	}
	s.printAddress(r)
	for i, p := range places {
		end, before := "\n", ""
		if s.flags.pretty {
			end = " at "
			if i > 0 {
				before = " (inlined by) "
			}
		}
		if s.flags.functions != "none" {
			fmt.Fprint(s.out, before, orUnknown(p.FunctionName), end)
		}
		fmt.Fprintf(s.out, "%s:%d", orUnknown(p.FileName), p.Line)
		if !s.flags.gnu {
			fmt.Fprintf(s.out, ":%d", p.Column)
		}
		fmt.Fprintln(s.out)
	}
	s.endAnswer()
}

// printAddress prints the address of a request, if it is to come first.
func (s *symbolizer) printAddress(r request) {
	switch {
	case !s.flags.addresses || r.kind != askCode && r.kind != askData:
	case s.flags.pretty:
		fmt.Fprintf(s.out, "0x%x: ", r.addr)
	default:
		fmt.Fprintf(s.out, "0x%x\n", r.addr)
	}
}

// endAnswer prints the empty line behind an answer, which GNU's style has not.
func (s *symbolizer) endAnswer() {
	if !s.flags.gnu {
		fmt.Fprintln(s.out)
	}
}

// place renders a frame of an address.
func (s *symbolizer) place(a *answers, addr uint64, frame debuginfo.Frame, machine bool) sourcePlace {
	p := sourcePlace{Line: frame.Line, Column: frame.Column}
	if a.file.file == nil {
		return p
	}
	if frame.File != 0 {
		p.FileName = a.file.file.Path(frame.File)
		if s.flags.baseNames {
			p.FileName = path.Base(p.FileName)
		}
	}
	symbol := ""
	if machine {
		if fn, ok := a.file.file.Function(addr); ok {
			symbol = fn.Name
			p.StartAddress = fmt.Sprintf("0x%x", fn.Lo)
		}
	}
	if s.flags.functions != "none" {
		p.FunctionName = s.name(a.file, frame.Func, symbol)
	}
	if s.flags.json && frame.Func != 0 {
		declared := a.file.file.Func(frame.Func).Declared
		p.StartFileName, p.StartLine = a.file.file.Path(declared.File), declared.Line
	}
	return p
}

func orUnknown(name string) string {
	if name == "" {
		return "??"
	}
	return name
}

// printJSON prints a request's places as one line of JSON.
func (s *symbolizer) printJSON(r request, places []sourcePlace) {
	if r.kind == askSymbol {
		s.encode(struct {
			Loc        []sourcePlace
			ModuleName string
			SymName    string
		}{places, r.file, r.symbol})
		return
	}
	s.encode(struct {
		Address    string
		ModuleName string
		Symbol     []sourcePlace
	}{fmt.Sprintf("0x%x", r.addr), r.file, places})
}

// encode prints a value as one line of JSON.
func (s *symbolizer) encode(v any) {
	data, err := json.Marshal(v)
	if err != nil { // no value here can fail
		data = []byte("{}")
	}
	s.out.Write(append(data, '\n'))
}

// printData prints the symbol at an address: its name, then its start and size, then
// the place of its declaration, which is not known.
func (s *symbolizer) printData(r request, f *openFile) {
	var found debuginfo.Symbol
	if f.file != nil {
		found = f.variable(r.addr)
	}
	s.tell(f)
	name := found.Name
	if s.flags.demangle {
		name = debuginfo.Demangle(name)
	}
	if s.flags.json {
		type data struct{ Name, Size, Start string }
		s.encode(struct {
			Address    string
			Data       data
			ModuleName string
		}{fmt.Sprintf("0x%x", r.addr), data{name, fmt.Sprintf("0x%x", found.Size), fmt.Sprintf("0x%x", found.Addr)}, r.file})
		return
	}
	s.printAddress(r)
	fmt.Fprintf(s.out, "%s\n%d %d\n??:?\n", orUnknown(name), found.Addr, found.Size)
	s.endAnswer()
}

// variable returns the symbol that holds an address, the zero one if there is none.
func (f *openFile) variable(addr uint64) debuginfo.Symbol {
	if f.symbols == nil {
		f.symbols = []debuginfo.Symbol{}
		symbols, err := f.file.Symbols(func(string) bool { return true })
		if err != nil {
			f.err = err
		}
		for _, v := range symbols {
			if v.Size > 0 {
				f.symbols = append(f.symbols, v)
			}
		}
		sort.SliceStable(f.symbols, func(i, j int) bool { return f.symbols[i].Addr < f.symbols[j].Addr })
	}
	i := sort.Search(len(f.symbols), func(i int) bool { return f.symbols[i].Addr > addr }) - 1
	if i < 0 || addr-f.symbols[i].Addr >= f.symbols[i].Size {
		return debuginfo.Symbol{}
	}
	return f.symbols[i]
}
