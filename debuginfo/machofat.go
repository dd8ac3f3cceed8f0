package debuginfo

import (
	"encoding/binary"
	"fmt"
)

// This file defines the choice among the files in a universal (fat) Mach-O file.
// Layouts: Apple's <mach-o/fat.h>, big-endian.

const (
	// fatMagic64 marks headers with 64-bit offsets (FAT_MAGIC_64).
	fatMagic64 = 0xcafebabf
	// fatEntrySize and fatEntrySize64 are the sizes of a fat_arch (cputype,
	// cpusubtype, offset, size, align: u32) and a fat_arch_64 (offset and size: u64,
	// and four more bytes).
	fatEntrySize   = 20
	fatEntrySize64 = 32
	// maxFatEntries tells universal files from Java classes, which have the same
	// magic and then a version of at least 45.
	maxFatEntries = 40
)

// openUniversal opens the file for the processor that options prefer, or else the
// first that is supported.
func openUniversal(in input, options OpenOptions) (*image, error) {
	header, err := in.bytes(0, 8)
	if err != nil {
		return nil, err
	}
	count := binary.BigEndian.Uint32(header[4:])
	if count > maxFatEntries {
		return nil, in.errorAt(4, "not an executable: a Java class, or a universal Mach-O file of more than 40 files")
	}
	entrySize := uint64(fatEntrySize)
	if binary.BigEndian.Uint32(header) == fatMagic64 {
		entrySize = fatEntrySize64
	}
	entries, err := in.bytes(8, uint64(count)*entrySize)
	if err != nil {
		return nil, err
	}
	var chosen []byte
	for ; len(entries) > 0; entries = entries[entrySize:] {
		switch arch := machArch(binary.BigEndian.Uint32(entries)); {
		case arch == "":
		case arch == options.preferredArch():
			chosen = entries
		case chosen == nil && options.Arch == "":
			chosen = entries
		}
	}
	if chosen == nil {
		return nil, in.errorAt(8, fmt.Sprintf("none of its %d files is for %s", count, wantedArch(options.Arch)))
	}
	offset, size := uint64(binary.BigEndian.Uint32(chosen[8:])), uint64(binary.BigEndian.Uint32(chosen[12:]))
	if entrySize == fatEntrySize64 {
		offset, size = binary.BigEndian.Uint64(chosen[8:]), binary.BigEndian.Uint64(chosen[16:])
	}
	if !in.has(offset, size) {
		return nil, in.errorAt(offset, "a file in this universal file reaches beyond the end: it is truncated")
	}
	member := in.part(offset, size)
	if magic, err := member.bytes(0, 4); err != nil || string(magic) != "\xcf\xfa\xed\xfe" {
		return nil, in.errorAt(offset, "the file here is not a 64-bit Mach-O file")
	}
	return openMachO(member, options)
}

// wantedArch words what openUniversal looks for.
func wantedArch(arch string) string {
	if arch == "" {
		return "x86-64 or arm64"
	}
	return arch
}
