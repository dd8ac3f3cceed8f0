package debuginfo

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// This file holds files that are made to waste memory or time against the bound that
// the package documentation states.

// hostileSize is the size of the larger section of each hostile file.
const hostileSize = 1 << 20

// elfSections assembles an ELF file of 64 KiB of code at 0x1000 and these sections,
// as name, contents pairs.
func elfSections(pairs ...string) []byte {
	names := "\x00.text\x00"
	file := make([]byte, elfHeaderSize)
	type header struct {
		name, kind   uint32
		flags, addr  uint64
		offset, size uint64
		link         uint32
		_            uint32
		_, _         uint64
	}
	headers := []header{{}, {name: 1, kind: 8, flags: 6, addr: testText.lo, size: testText.hi - testText.lo}} // .text, SHT_NOBITS
	for i := 0; i < len(pairs); i += 2 {
		h := header{name: uint32(len(names)), kind: 1, offset: uint64(len(file)), size: uint64(len(pairs[i+1]))}
		switch pairs[i] {
		case ".symtab": // its names are in the section behind it
			h.kind, h.link = 2, uint32(len(headers)+1)
		case ".note": // each has all bytes up to here
			h.kind, h.offset, h.size = 7, 0, uint64(len(file))
		}
		names += pairs[i] + "\x00"
		file = append(file, pairs[i+1]...)
		headers = append(headers, h)
	}
	headers = append(headers, header{kind: 3, offset: uint64(len(file)), size: uint64(len(names))})
	file = append(file, names...)
	start := file[:elfHeaderSize]
	copy(start, "\x7fELF\x02\x01\x01")
	le := binary.LittleEndian
	le.PutUint16(start[elfTypeAt:], 2)
	le.PutUint16(start[elfMachineAt:], 62)
	le.PutUint64(start[elfSectionsAt:], uint64(len(file)))
	le.PutUint16(start[elfSectionSizeAt:], elfSectionSize)
	le.PutUint16(start[elfSectionCountAt:], uint16(len(headers)))
	le.PutUint16(start[elfNamesAt:], uint16(len(headers)-1))
	var b bytes.Buffer
	_ = binary.Write(&b, le, headers)
	return append(file, b.Bytes()...)
}

// dwarfUnit returns a unit of .debug_info of version 4 with that body.
func dwarfUnit(abbrevs uint32, body []byte) []byte {
	u := binary.LittleEndian.AppendUint32(nil, uint32(7+len(body)))
	u = append(u, 4, 0)
	u = binary.LittleEndian.AppendUint32(u, abbrevs)
	return append(append(u, 8), body...)
}

func u32(v uint32) string { return string(binary.LittleEndian.AppendUint32(nil, v)) }
func u64(v uint64) string { return string(binary.LittleEndian.AppendUint64(nil, v)) }

// lineUnit is a line table of version 2 with these file entries and this program.
func lineUnit(files, program string) string {
	const operands = "\x00\x01\x01\x01\x01\x00\x00\x00\x01\x00\x00\x01"
	header := "\x01\x01\xfb\x0e\x0d" + operands + "\x00" + files + "\x00"
	body := "\x02\x00" + u32(uint32(len(header))) + header + program
	return u32(uint32(len(body))) + body
}

// startAt is the opcodes that start a sequence at an address.
func startAt(addr uint64) string { return "\x00\x09\x02" + u64(addr) }

// packedZeros are the compressed sections of hostile files that are 100 MiB of zeros.
var packedZeros = []string{"info", "line", "abbrev"}

// hostiles are the files.
func hostiles() map[string][]byte {
	long := strings.Repeat("d", hostileSize/2) + "\x00"
	fill := func(piece func(i int) string) string {
		var b strings.Builder
		for i := 0; b.Len() < hostileSize; i++ {
			b.WriteString(piece(i))
		}
		return b.String()
	}
	files := map[string][]byte{}
	// Units without anything but their header and a code.
	root := "\x01\x11\x00\x00\x00\x00" // DW_TAG_compile_unit, no attributes
	files["many units"] = elfSections(".debug_abbrev", root, ".debug_line", lineUnit("a\x00\x00\x00\x00", ""),
		".debug_info", fill(func(int) string { return string(dwarfUnit(0, []byte{1})) }))
	// Units with a line table each and long directories that differ.
	dirs := "\x01\x11\x00\x10\x17\x1b\x0e\x11\x01\x12\x06\x00\x00\x00" // stmt_list, comp_dir strp, low_pc, high_pc data4
	table := lineUnit("a\x00\x00\x00\x00", startAt(testText.lo)+"\x01\x02\x01\x01\x00\x01\x01")
	count := 0
	info := fill(func(i int) string {
		count++
		return string(dwarfUnit(0, []byte("\x01"+u32(uint32(i*len(table)))+u32(uint32(i))+u64(testText.lo+uint64(i%30000))+u32(1))))
	})
	files["long directories"] = elfSections(".debug_abbrev", dirs, ".debug_info", info, ".debug_str", long,
		".debug_line", strings.Repeat(table, count))
	files["units of one name"] = elfSections(".debug_abbrev", strings.Replace(dirs, "\x1b\x0e", "\x03\x0e", 1), ".debug_info", info, ".debug_str", long,
		".debug_line", strings.Repeat(table, count))
	shorter := strings.Repeat(strings.Repeat("d", maxText-2)+"\x00", hostileSize/maxText)
	files["long directories that are accepted"] = elfSections(".debug_abbrev", dirs, ".debug_info", info, ".debug_str", shorter,
		".debug_line", strings.Repeat(table, count))
	// One table whose rows name files in one long directory.
	var names, program strings.Builder
	names.WriteString("")
	program.WriteString(startAt(testText.lo))
	for i := range 30000 {
		names.WriteString(string(rune('a'+i%26)) + "/" + string(rune('a'+i/26%26)) + string(rune('a'+i/676%26)) + "\x00\x00\x00\x00")
		program.WriteString("\x04" + string(binary.AppendUvarint(nil, uint64(i+1))) + "\x01\x02\x01")
	}
	program.WriteString("\x00\x01\x01")
	files["long paths"] = elfSections(".debug_abbrev", dirs, ".debug_str", long,
		".debug_info", string(dwarfUnit(0, []byte("\x01"+u32(0)+u32(0)+u64(testText.lo)+u32(30000)))),
		".debug_line", lineUnit(names.String(), program.String()))
	files["long paths that are accepted"] = elfSections(".debug_abbrev", dirs, ".debug_str", shorter,
		".debug_info", string(dwarfUnit(0, []byte("\x01"+u32(0)+u32(0)+u64(testText.lo)+u32(30000)))),
		".debug_line", lineUnit(names.String(), program.String()))
	// Rows without end, sequences over each other, numbers without end.
	files["rows"] = elfSections(".debug_line", lineUnit("a\x00\x00\x00\x00", startAt(testText.lo)+strings.Repeat("\xff", hostileSize)))
	files["sequences"] = elfSections(".debug_line", lineUnit("a\x00\x00\x00\x00",
		fill(func(int) string { return startAt(testText.lo) + "\x01\x02\x80\x80\x02\x00\x01\x01" })))
	files["numbers"] = elfSections(".debug_line", lineUnit("a\x00\x00\x00\x00", startAt(testText.lo)+"\x02"+strings.Repeat("\x80", hostileSize)))
	files["many tables"] = elfSections(".debug_line", strings.Repeat(lineUnit("", ""), hostileSize/40))
	files["many file entries"] = elfSections(".debug_line", lineUnit(strings.Repeat("a\x00\x00\x00\x00", hostileSize/5), startAt(testText.lo)+"\x01\x02\x05\x00\x01\x01"))
	// Entries nested, and functions for the same addresses.
	deep := "\x01\x11\x01\x00\x00\x02\x2e\x01\x11\x01\x12\x0b\x00\x00\x03\x0b\x01\x00\x00\x00"
	files["deep entries"] = elfSections(".debug_abbrev", deep, ".debug_line", table, ".debug_info", string(dwarfUnit(0, []byte("\x01"+strings.Repeat("\x03", hostileSize)))))
	files["deep functions"] = elfSections(".debug_abbrev", deep, ".debug_line", table,
		".debug_info", string(dwarfUnit(0, []byte("\x01"+strings.Repeat("\x02"+u64(testText.lo)+"\x70", hostileSize/10)))))
	indexed := "\x01\x11\x01\x11\x01\x12\x06\x00\x00\x02\x2e\x00\x11\x21\x00\x12\x21\x10\x00\x00\x00" // low_pc, high_pc by implicit constants
	files["functions of a byte"] = elfSections(".debug_abbrev", indexed, ".debug_line", table, ".debug_addr", u64(testText.lo)+u64(testText.lo),
		".debug_info", string(dwarfUnit(0, []byte("\x01"+u64(testText.lo)+u32(0x8000)+strings.Repeat("\x02", hostileSize)))))
	// References in a circle.
	circle := "\x01\x11\x01\x00\x00\x02\x2e\x00\x11\x01\x12\x0b\x31\x13\x00\x00\x00"
	files["circle"] = elfSections(".debug_abbrev", circle, ".debug_line", table,
		".debug_info", string(dwarfUnit(0, []byte("\x01"+fill(func(i int) string { return "\x02" + u64(testText.lo) + "\x70" + u32(uint32(12+14*i)) })))))
	// Abbreviations: many, with many attributes, and tables that overlap.
	files["abbreviations"] = elfSections(".debug_line", table,
		".debug_abbrev", "\x01\x11\x01\x11\x01\x12\x06\x00\x00"+fill(func(i int) string { return string(binary.AppendUvarint(nil, uint64(i+2))) + "\x34\x00\x00\x00" })+"\x00",
		".debug_info", string(dwarfUnit(0, []byte("\x01"+u64(testText.lo)+u32(0x8000)+"\x00"))))
	files["attributes"] = elfSections(".debug_line", table,
		".debug_abbrev", "\x01\x11\x01\x11\x01\x12\x06"+strings.Repeat("\x03\x08\x03\x0b", hostileSize/4)+"\x00\x00\x00",
		".debug_info", string(dwarfUnit(0, []byte("\x01"+u64(testText.lo)+u32(0x8000)+strings.Repeat("\x00", hostileSize)))))
	files["overlapping abbreviations"] = elfSections(".debug_line", table,
		".debug_abbrev", strings.Repeat("\x01\x11\x01\x11\x01\x12\x06\x00\x00", hostileSize/9),
		".debug_info", fill(func(i int) string {
			return string(dwarfUnit(uint32(9*i%(hostileSize/2)), []byte("\x01"+u64(testText.lo)+u32(0x8000)+"\x00")))
		}))
	// Entries that refer to one of as many units, each with a table of its own that reaches
	// over those of the others.
	referring := "\x01\x11\x01\x11\x01\x12\x06\x00\x00\x02\x2e\x00\x11\x01\x12\x0b\x31\x10\x00\x00\x00"
	var entries, targets strings.Builder
	const targetSize = 24
	for i := range hostileSize / 64 {
		entries.WriteString("\x02" + u64(testText.lo+uint64(i%30000)) + "\x01" + u32(uint32(targetSize*i+11)))
		targets.Write(dwarfUnit(uint32(len(referring)+9*i), []byte("\x01"+u64(0)+u32(0))))
	}
	files["references to many tables"] = elfSections(".debug_line", table,
		".debug_abbrev", referring+strings.Repeat("\x01\x11\x00\x11\x01\x12\x06\x00\x00", hostileSize/64),
		".debug_info", targets.String()+string(dwarfUnit(0, []byte("\x01"+u64(testText.lo)+u32(0x8000)+entries.String()+"\x00"))))
	// Lists of addresses that many units share.
	shared := "\x01\x11\x00\x55\x17\x00\x00\x00"
	files["shared ranges"] = elfSections(".debug_abbrev", shared, ".debug_line", table,
		".debug_ranges", fill(func(i int) string { return u64(testText.lo+uint64(i%4000*8)) + u64(testText.lo+uint64(i%4000*8+4)) })+u64(0)+u64(0),
		".debug_info", fill(func(int) string { return string(dwarfUnit(0, []byte("\x01"+u32(0)))) }))
	// Symbols that share their long names, notes and section names that do, bytes that are
	// many when they are decompressed.
	files["symbols"] = elfSections(".symtab", fill(func(i int) string {
		return u32(uint32(i)) + "\x12\x00\x01\x00" + u64(testText.lo+uint64(i%30000)) + u64(0)
	}), ".strtab", strings.Repeat("s", maxSymbolName-1)+"\x00")
	notes := []string{"data", fill(func(int) string { return u32(4) + u32(0) + u32(1) + "GNU\x00" })}
	for range 10000 {
		notes = append(notes, ".note", "")
	}
	files["notes"] = elfSections(notes...)
	for _, name := range packedZeros {
		var b bytes.Buffer
		w := zlib.NewWriter(&b)
		_, _ = w.Write(make([]byte, 100*hostileSize))
		_ = w.Close()
		packed := b.String() + strings.Repeat("\x00", hostileSize) // so that the ratio is believed
		files["zeros in "+name] = elfSections(".debug_abbrev", root, ".debug_line", table,
			".zdebug_"+name, "ZLIB"+string(binary.BigEndian.AppendUint64(nil, 100*hostileSize))+packed)
	}
	return files
}

// allocatedPerByte is how much all calls may allocate together for each byte of a file,
// as the package documentation says.
const allocatedPerByte = 512

// TestHostileFiles checks that each file is read in memory that the documentation
// allows for, and that problems are format errors that name a section.
func TestHostileFiles(t *testing.T) {
	for name, data := range hostiles() {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			f, err := openBytes(data)
			if err != nil {
				t.Fatal(err)
			}
			err = exerciseFile(f)
			runtime.ReadMemStats(&after)
			allocated := after.TotalAlloc - before.TotalAlloc
			t.Logf("%d bytes for each of the file's %d; %v", allocated/uint64(len(data)), len(data), err)
			var format *FormatError
			if err != nil && !errors.Is(err, ErrNoLines) && (!errors.As(err, &format) || format.Section == "") {
				t.Errorf("error %v names no section", err)
			}
			limit := uint64(allocatedPerByte*len(data) + namesSlack)
			if slices.Contains(packedZeros, strings.TrimPrefix(name, "zeros in ")) {
				limit = 10 * 100 * hostileSize // each call decompresses them
			}
			if allocated > limit {
				t.Errorf("%d bytes allocated, at most %d are allowed", allocated, limit)
			}
		})
	}
}

// TestManySkeletons checks that a .dwo file with the units of many skeletons is read
// once, not once for each: with the square of their number this test would not end.
func TestManySkeletons(t *testing.T) {
	const count = 40000
	abbrevs := "\x01\x11\x00\xb0\x42\x08\xb1\x42\x07\x11\x01\x12\x0b\x00\x00\x00" // GNU_dwo_name, GNU_dwo_id, low_pc, high_pc
	others := "\x01\x11\x01\xb1\x42\x07\x00\x00\x02\x2e\x00\x03\x08\x11\x01\x12\x0b\x00\x00\x00"
	var skeletons, units strings.Builder
	for i := range count {
		at := u64(testText.lo + uint64(i%30000))
		skeletons.Write(dwarfUnit(0, []byte("\x01program.dwo\x00"+u64(uint64(i))+at+"\x01")))
		units.Write(dwarfUnit(0, []byte("\x01"+u64(uint64(i))+"\x02f\x00"+at+"\x01\x00")))
	}
	table := lineUnit("a\x00\x00\x00\x00", startAt(testText.lo)+"\x01\x02\x01\x01\x00\x01\x01")
	f, err := openPair(elfSections(".debug_abbrev", abbrevs, ".debug_info", skeletons.String(), ".debug_line", table),
		elfSections(".debug_abbrev.dwo", others, ".debug_info.dwo", units.String()))
	if err != nil {
		t.Fatal(err)
	}
	var pcs []uint64
	for pc := testText.lo; pc < testText.lo+30000; pc++ {
		pcs = append(pcs, pc)
	}
	for i, chain := range ownChains(t, f, pcs, true, Options{}) {
		if chain[0].name != "f" {
			t.Fatalf("%#x is in %v", pcs[i], chain)
		}
	}
}
