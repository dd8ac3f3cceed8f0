package zigvalues

import (
	"debug/dwarf"
	"debug/elf"
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// This file reads what there is to know of an executable: where it calls Smith, and what
// the calls return.

// program is an executable. Addresses are those of its file.
type program struct {
	// stops are the functions to stop at.
	stops map[uint64]stop
	// base is the address of the first segment; it tells where a position-independent
	// executable was loaded. movable: the executable is one.
	base    uint64
	movable bool
	// functions are the names of the functions of Smith that are there, by address.
	functions map[uint64]string
	data      *dwarf.Data // nil if there is none
}

// stop is why the program is stopped at a function.
type stop int

const (
	atStart   stop = iota + 1 // the fuzzer starts to replay the corpus on disk
	atRun                     // a run begins
	atPanic                   // the run ends with a panic, whose message takes a second
	atCall                    // the fuzz test calls Smith
	atRequest                 // Smith asks the fuzzer; the kind of request is added
)

// The functions that are looked for: the fuzzer's, as lib/fuzzer.zig exports them, and the
// one of the test runner that makes a run.
var requestStops = map[string]stop{
	"fuzzer_int": atRequest + stop(Int), "fuzzer_eos": atRequest + stop(Eos),
	"fuzzer_bytes": atRequest + stop(Bytes), "fuzzer_slice": atRequest + stop(Slice),
}

const (
	startFunction = "fuzzer_start_test"
	runFunction   = ".test_one"
	panicFunction = "debug.defaultPanic"
)

// smithCall matches the functions of Smith that fuzz tests call: the compiler never
// inlines them, since their return address tells callers apart.
var smithCall = regexp.MustCompile(`^testing\.Smith\.(value|valueWeighted|valueRangeAtMost|valueRangeLessThan|index|boolWeighted|eos|eosWeighted|eosWeightedSimple|bytes|bytesWeighted|slice|sliceWeightedBytes|sliceWeighted)(?:__anon_\d+)?$`)

// openProgram reads the symbols of the executable at path.
func openProgram(path string) (*program, error) {
	file, err := elf.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	if file.Machine != elf.EM_X86_64 {
		return nil, fmt.Errorf("%s is for %v: only x86-64 can be traced", path, file.Machine)
	}
	p := &program{stops: map[uint64]stop{}, functions: map[uint64]string{}, movable: file.Type == elf.ET_DYN}
	for _, segment := range file.Progs {
		if segment.Type == elf.PT_LOAD {
			p.base = segment.Vaddr - segment.Off
			break
		}
	}
	symbols, err := file.Symbols()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	for _, s := range symbols {
		p.add(s)
	}
	if !p.complete() {
		return nil, errors.New("the executable is not one of Zig's fuzzer, or was made by another version")
	}
	p.data, _ = file.DWARF() // without it, calls have no types
	return p, nil
}

// add notes a function if it is one to stop at.
func (p *program) add(s elf.Symbol) {
	if elf.ST_TYPE(s.Info) != elf.STT_FUNC {
		return
	}
	if at, ok := requestStops[s.Name]; ok {
		p.stops[s.Value] = at
		return
	}
	if s.Name == startFunction {
		p.stops[s.Value] = atStart
	} else if s.Name == panicFunction {
		p.stops[s.Value] = atPanic
	} else if strings.HasSuffix(s.Name, runFunction) {
		p.stops[s.Value] = atRun
	} else if m := smithCall.FindStringSubmatch(s.Name); m != nil {
		p.stops[s.Value] = atCall
		p.functions[s.Value] = m[1]
	}
}

// complete reports whether the functions that delimit a run are there.
func (p *program) complete() bool {
	found := map[stop]bool{}
	for _, at := range p.stops {
		found[at] = true
	}
	return found[atStart] && found[atRun]
}

// types returns what the functions at addresses return, in one pass over the debug
// information; those without a type are missing.
func (p *program) types(addresses map[uint64]bool) map[uint64]dwarf.Type {
	types := map[uint64]dwarf.Type{}
	if p.data == nil {
		return types
	}
	reader := p.data.Reader()
	for len(types) < len(addresses) {
		entry, err := reader.Next()
		if err != nil || entry == nil {
			break
		}
		if entry.Tag != dwarf.TagSubprogram {
			continue
		}
		low, ok := entry.Val(dwarf.AttrLowpc).(uint64)
		if ok && addresses[low] {
			types[low] = p.returned(entry)
		}
		reader.SkipChildren()
	}
	return types
}

// returned returns the type of a function's result, nil if it has none or one that cannot
// be read.
func (p *program) returned(entry *dwarf.Entry) dwarf.Type {
	if origin, ok := entry.Val(dwarf.AttrAbstractOrigin).(dwarf.Offset); ok {
		reader := p.data.Reader()
		reader.Seek(origin)
		if abstract, err := reader.Next(); err == nil && abstract != nil {
			entry = abstract
		}
	}
	offset, ok := entry.Val(dwarf.AttrType).(dwarf.Offset)
	if !ok {
		return nil
	}
	t, err := p.data.Type(offset)
	if err != nil {
		return nil
	}
	return t
}
