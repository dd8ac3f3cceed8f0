package clang

import (
	"crypto/md5"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
)

// This file reads the regions of source text that clang counts, if it is told to
// (-fcoverage-mapping). The formats are LLVM's: "LLVM Code Coverage Mapping Format" for
// the sections __llvm_covmap and __llvm_covfun, llvm/ProfileData/InstrProfData.inc for
// __llvm_prf_data. They are read as clang 19 and newer write them, with one byte for each
// counter.

// countedFunc is a function and its regions.
type countedFunc struct {
	// files are the names of its files, as the compiler wrote them; those of regions are
	// indexes.
	files []string
	// first is the cell of counter 0, noCell if the function is not in the executable.
	first   int
	regions []region
}

// noCell is the first cell of a function that the compiler left out.
const noCell = -1

// region is a piece of text, lines and columns as coverage.Span has them.
type region struct {
	file       int
	start, end position
	kind       regionKind
	counters   []int // of the function; any one of them proves that the region ran
	expands    int   // for regionExpansion: the file that has the text of the macro
}

// position is a place in a file; col counts bytes from 1.
type position struct{ line, col uint32 }

// less reports whether p lies before q.
func (p position) less(q position) bool { return p.line < q.line || p.line == q.line && p.col < q.col }

// regionKind is LLVM's, less what is not used: branches.
type regionKind uint8

const (
	regionCode regionKind = iota
	regionExpansion
	regionSkipped
	// regionGap is the space between two regions, which belongs to neither.
	regionGap
)

// regionReader reads the sections of one file.
type regionReader struct {
	file *elf.File
	// cells is the address of cell 0, count how many there are.
	cells uint64
	count int
	// names are the lists of file names, by the digest by which functions refer to them.
	names map[uint64][]string
	// data are the first cells of functions, by name and version.
	data map[funcKey]int
}

// funcKey is a function: digests of its name and of its control flow.
type funcKey struct{ name, hash uint64 }

// errNoRegions means that the executable has no regions.
var errNoRegions = errors.New("it was not compiled with regions")

// byteCounters is the bit in the version of a profile that says that counters are bytes.
const byteCounters = 1 << 60

// readRegions reads the functions of an executable that have regions. count is the number
// of cells. Functions of one name may occur more than once.
func readRegions(path string) (functions []countedFunc, cells uint64, count int, err error) {
	f, err := elf.Open(path)
	if err != nil {
		return nil, 0, 0, err
	}
	defer f.Close()
	counters := f.Section("__llvm_prf_cnts")
	if counters == nil || f.Section("__llvm_covfun") == nil || f.Section("__llvm_covmap") == nil || !hasByteCounters(f) {
		return nil, 0, 0, errNoRegions
	}
	r := &regionReader{file: f, cells: counters.Addr, count: int(counters.Size), names: map[uint64][]string{}, data: map[funcKey]int{}}
	if err := r.readData(); err != nil {
		return nil, 0, 0, err
	}
	if err := r.readNames(); err != nil {
		return nil, 0, 0, err
	}
	functions, err = r.readFunctions()
	return functions, r.cells, r.count, err
}

// hasByteCounters reads the version of the profile.
func hasByteCounters(f *elf.File) bool {
	symbols, err := f.Symbols()
	if err != nil {
		return false
	}
	i := slices.IndexFunc(symbols, func(s elf.Symbol) bool { return s.Name == "__llvm_profile_raw_version" })
	if i < 0 || int(symbols[i].Section) >= len(f.Sections) {
		return false
	}
	s := f.Sections[symbols[i].Section]
	var word [8]byte
	if s.Type == elf.SHT_NOBITS {
		return false
	}
	if _, err := s.ReadAt(word[:], int64(symbols[i].Value-s.Addr)); err != nil {
		return false
	}
	return binary.LittleEndian.Uint64(word[:])&byteCounters != 0
}

// readData reads __llvm_prf_data: name and hash of a function, the distance from here to
// its counters, and more that is not needed; 64 bytes in all.
func (r *regionReader) readData() error {
	const size = 64
	s := r.file.Section("__llvm_prf_data")
	if s == nil {
		return errors.New("section __llvm_prf_data is missing")
	}
	data, err := s.Data()
	if err != nil {
		return fmt.Errorf("section %s: %w", s.Name, err)
	}
	for at := 0; at+size <= len(data); at += size {
		record := data[at:]
		key := funcKey{binary.LittleEndian.Uint64(record), binary.LittleEndian.Uint64(record[8:])}
		address := s.Addr + uint64(at) + binary.LittleEndian.Uint64(record[16:])
		if address < r.cells || address-r.cells >= uint64(r.count) {
			return fmt.Errorf("section %s: record %d has its counters at %#x, which is none of the %d cells at %#x: this version of clang is not known", s.Name, at/size, address, r.count, r.cells)
		}
		r.data[key] = int(address - r.cells)
	}
	return nil
}

// readNames reads __llvm_covmap: for each translation unit a header of four u32 (number of
// records, size of the names, 0, version) and the names of its files.
func (r *regionReader) readNames() error {
	s := r.file.Section("__llvm_covmap")
	data, err := s.Data()
	if err != nil {
		return fmt.Errorf("section %s: %w", s.Name, err)
	}
	const header, oldestVersion = 16, 5 // version 6, which names the directory of compilation
	for at := 0; at+header <= len(data); {
		size := uint64(binary.LittleEndian.Uint32(data[at+4:]))
		version := binary.LittleEndian.Uint32(data[at+12:])
		if version < oldestVersion {
			return fmt.Errorf("section %s: version %d is not known", s.Name, version+1)
		}
		if size > uint64(len(data)-at-header) {
			return fmt.Errorf("section %s: it is cut off", s.Name)
		}
		blob := data[at+header : at+header+int(size)]
		names, err := fileNames(blob)
		if err != nil {
			return fmt.Errorf("section %s: %w", s.Name, err)
		}
		sum := md5.Sum(blob)
		r.names[binary.LittleEndian.Uint64(sum[:])] = names
		at = (at + header + int(size) + 7) &^ 7
	}
	return nil
}

// readFunctions reads __llvm_covfun: name, size, hash, the digest of the names of files,
// and the mapping, aligned to eight bytes.
func (r *regionReader) readFunctions() ([]countedFunc, error) {
	s := r.file.Section("__llvm_covfun")
	data, err := s.Data()
	if err != nil {
		return nil, fmt.Errorf("section %s: %w", s.Name, err)
	}
	const header = 28
	var functions []countedFunc
	for at := 0; at+header <= len(data); {
		record := data[at:]
		size := uint64(binary.LittleEndian.Uint32(record[8:]))
		if size > uint64(len(record)-header) {
			return nil, fmt.Errorf("section %s: it is cut off", s.Name)
		}
		key := funcKey{binary.LittleEndian.Uint64(record), binary.LittleEndian.Uint64(record[12:])}
		names := r.names[binary.LittleEndian.Uint64(record[20:])]
		m := mappingReader{in: ulebReader{data: record[header : header+int(size)]}, names: names}
		f, err := m.read()
		if err != nil {
			return nil, fmt.Errorf("section %s: at offset %d: %w", s.Name, at, err)
		}
		f.first = noCell
		if first, ok := r.data[key]; ok {
			f.first = first
		}
		if !r.inCells(f) {
			return nil, fmt.Errorf("section %s: at offset %d: a function has more counters than there are", s.Name, at)
		}
		functions = append(functions, *f)
		at = (at + header + int(size) + 7) &^ 7
	}
	return functions, nil
}

// inCells reports whether the counters of a function exist.
func (r *regionReader) inCells(f *countedFunc) bool {
	for i := range f.regions {
		for _, c := range f.regions[i].counters {
			if f.first != noCell && f.first+c >= r.count {
				return false
			}
		}
	}
	return true
}
