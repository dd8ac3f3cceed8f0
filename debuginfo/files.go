package debuginfo

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"unsafe"
)

// This file defines files, the files that belong to one File, and how the format
// of a file is told.

// OpenOptions says how a file is opened. The zero value is what Open uses.
type OpenOptions struct {
	// Arch chooses among the files in a universal (fat) Mach-O file, as GOARCH names
	// the processor. "" takes this machine's, or else the first that is supported.
	Arch string
	// DebugDirs are the directories that are searched for separate debug files;
	// nil means /usr/lib/debug.
	DebugDirs []string
	// Cache keeps the answers for large batches of addresses; nil means none.
	Cache *Cache
}

// files is the files that one File has open: the executable and, when they are
// needed, the separate debug file, the supplementary file and the other halves of
// split units.
type files struct {
	options OpenOptions

	mu       sync.Mutex
	closed   bool      // guarded by mu
	mappings []mapping // guarded by mu
}

// open maps and parses the file at path.
func (f *files) open(path string) (*image, error) {
	m, err := f.mapFile(path)
	if err != nil {
		return nil, err
	}
	return f.parse(mappedInput(path, m.data), f.options)
}

// mapFile maps the file at path until close.
func (f *files) mapFile(path string) (mapping, error) {
	m, err := mapFile(path)
	if err != nil {
		return mapping{}, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return mapping{}, errors.Join(os.ErrClosed, m.close())
	}
	f.mappings = append(f.mappings, m)
	return m, nil
}

// unmap ends a mapping before close does.
func (f *files) unmap(m mapping) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.mappings = slices.DeleteFunc(f.mappings, func(other mapping) bool {
		return unsafe.SliceData(other.data) == unsafe.SliceData(m.data)
	})
	_ = m.close() // nothing was written
}

// contains reports whether a machine address lies in one of the mapped files.
func (f *files) contains(addr uintptr) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := range f.mappings {
		if f.mappings[i].contains(addr) {
			return true
		}
	}
	return false
}

// close unmaps all files.
func (f *files) close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	var err error
	for i := range f.mappings {
		err = errors.Join(err, f.mappings[i].close())
	}
	f.mappings = nil
	return err
}

// signatures are the formats that are told from others by their first bytes,
// with what is said about those that cannot be read.
var signatures = []struct {
	magic   string
	open    func(in input, options OpenOptions) (*image, error)
	problem string
}{
	{"\x7fELF", openELF, ""},
	{"\xcf\xfa\xed\xfe", openMachO, ""},
	{"\xca\xfe\xba\xbe", openUniversal, ""},
	{"\xca\xfe\xba\xbf", openUniversal, ""},
	{"MZ", openPE, ""},
	{"\x64\x86", openCOFF, ""},         // IMAGE_FILE_MACHINE_AMD64
	{"\x64\xaa", openCOFF, ""},         // IMAGE_FILE_MACHINE_ARM64
	{"\x00\x00\xff\xff", openCOFF, ""}, // ANON_OBJECT_HEADER_BIGOBJ
	{"Microsoft C/C++ MSF 7.00", nil, "PDB files are not supported yet: build with DWARF (-gdwarf for clang, the -gnu target for Zig and Rust)"},
	{"\xce\xfa\xed\xfe", nil, "32-bit Mach-O: only 64-bit files are supported"},
	{"\xfe\xed\xfa", nil, "big-endian Mach-O: only little-endian files are supported"},
	{"!<arch>\n", nil, "an archive of object files: extract its members (ar x)"},
	{"!<thin>\n", nil, "an archive of object files: open its members"},
	{"BC\xc0\xde", nil, "LLVM bitcode: it has no addresses before it is linked"},
	{"\x00asm", nil, "WebAssembly is not supported"},
}

// parse reads the headers of a file.
func (f *files) parse(in input, options OpenOptions) (*image, error) {
	for _, s := range signatures {
		n := uint64(len(s.magic))
		if start, err := in.bytes(0, min(n, in.size)); err != nil {
			return nil, err
		} else if string(start) != s.magic {
			continue
		}
		if s.open == nil {
			return nil, in.errorAt(0, s.problem)
		}
		img, err := s.open(in, options)
		if err != nil {
			return nil, err
		}
		img.files = f
		return img, nil
	}
	return nil, in.errorAt(0, "not an executable or object file (ELF, Mach-O, PE and COFF are known)")
}

// preferredArch is the architecture that OpenOptions ask for in a universal file.
func (o OpenOptions) preferredArch() string {
	if o.Arch != "" {
		return o.Arch
	}
	return runtime.GOARCH
}

// insideBundle returns the file with the debug information of a dSYM bundle, which
// is a directory, and any other path as it is.
func insideBundle(path string) (string, error) {
	if !strings.HasSuffix(filepath.Clean(path), ".dSYM") {
		return path, nil
	}
	if info, err := os.Stat(path); err != nil || !info.IsDir() {
		return path, nil
	}
	dir := filepath.Join(path, "Contents", "Resources", "DWARF")
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	if len(entries) != 1 {
		return "", fmt.Errorf("%s holds %d files instead of one: name the one that is meant", dir, len(entries))
	}
	return filepath.Join(dir, entries[0].Name()), nil
}
