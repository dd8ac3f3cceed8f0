package zigtest

import (
	"bytes"
	"context"
	"debug/elf"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"

	"github.com/fuzzls/fuzzls/debuginfo"
)

// This file makes crashes cheap. A Zig program that crashes reads its own debug
// information first, to print where: half a second for an executable of 7 MB, while the
// run took a microsecond. So what is run is a copy that does not find it, and prints the
// addresses and the functions' names alone, in milliseconds. Symbols adds the rest, once
// for each place.

// Quiet writes a copy of an executable to path that does not find its debug information:
// the names of those sections are changed, and nothing else. The error is
// errors.ErrUnsupported for files that are not ELF.
func Quiet(exe, path string) error {
	data, err := os.ReadFile(exe)
	if err != nil {
		return err
	}
	file, err := elf.NewFile(bytes.NewReader(data))
	if err != nil {
		return fmt.Errorf("%s: %w: %w", exe, errors.ErrUnsupported, err)
	}
	for _, section := range file.Sections {
		if section.Name != ".shstrtab" || section.Offset+section.FileSize > uint64(len(data)) {
			continue
		}
		names := data[section.Offset:][:section.FileSize]
		copy(names, bytes.ReplaceAll(names, []byte("\x00.debug_"), []byte("\x00.quiet_")))
	}
	return os.WriteFile(path, data, 0o777)
}

// Symbols knows the places of addresses in an executable. Its methods are for one
// goroutine.
type Symbols struct {
	exe   string
	known map[uint64]string // "file:line:column", "" for an address that is nowhere
}

// NewSymbols returns the symbols of an executable with debug information, which is read
// when it is needed first.
func NewSymbols(exe string) *Symbols { return &Symbols{exe: exe, known: map[uint64]string{}} }

// unplaced matches the line of a call whose place Zig's standard library does not know.
var unplaced = regexp.MustCompile(`(?m)^\?\?\?:\?:\?: 0x([0-9a-f]+) in `)

// Complete returns what a quiet copy has printed with the places in it that the executable
// itself would have printed, as far as they are known.
func (s *Symbols) Complete(text string) string {
	found := unplaced.FindAllStringSubmatchIndex(text, -1)
	if found == nil {
		return text
	}
	s.resolve(text, found)
	var b strings.Builder
	last := 0
	for _, m := range found {
		pc, _ := strconv.ParseUint(text[m[2]:m[3]], 16, 64)
		place, ok := s.known[pc]
		if !ok || place == "" {
			continue
		}
		b.WriteString(text[last:m[0]])
		b.WriteString(place)
		last = m[0] + len("???:?:?")
	}
	b.WriteString(text[last:])
	return b.String()
}

// resolve looks up the addresses of the matches that are not known yet. What cannot be
// read stays unknown.
func (s *Symbols) resolve(text string, found [][]int) {
	var pcs []uint64
	for _, m := range found {
		pc, err := strconv.ParseUint(text[m[2]:m[3]], 16, 64)
		if _, ok := s.known[pc]; !ok && err == nil {
			s.known[pc] = ""
			pcs = append(pcs, pc)
		}
	}
	if len(pcs) == 0 {
		return
	}
	file, err := debuginfo.Open(s.exe)
	if err != nil {
		return
	}
	defer file.Close()
	sorted, _ := debuginfo.Sort(pcs)
	locations := make([]debuginfo.Location, len(sorted))
	// Parts that are not sound leave the locations of others.
	_ = file.ResolveWith(context.Background(), sorted, locations, debuginfo.Options{})
	for i, at := range locations {
		if at.File != 0 && at.Line != 0 {
			s.known[sorted[i]] = fmt.Sprintf("%s:%d:%d", file.Path(at.File), at.Line, at.Column)
		}
	}
}
