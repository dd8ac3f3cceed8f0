// Package debuginfo turns addresses of executables into source locations, many
// at once.
//
// A symbolizer is usually asked about one address at a time, so it first builds
// a searchable index of the whole line table and then searches it. Coverage has
// the opposite need: all instrumented addresses of a build, once. This package
// therefore takes a sorted batch and makes one pass: it splits the addresses
// over the compilation units that own them, runs the line programs of just those
// units straight from the mapped file, and writes each answer into the caller's
// slice when the program passes its address. No row is stored, no table is
// searched per address, and no file name is built before somebody asks for it.
//
//	f, err := debuginfo.Open("x.test")
//	...
//	defer f.Close()
//	sorted, perm := debuginfo.Sort(pcs)
//	locations := make([]debuginfo.Location, len(sorted))
//	err = f.Resolve(sorted, locations)
//	for i, l := range locations {
//		fmt.Println(perm[i], f.Path(l.File), l.Line)
//	}
//
// # Addresses
//
// Addresses are those that the linker gave, as in the symbol table: subtract the
// load bias from the addresses of a running position-independent executable. An
// address stands for the instruction that holds it; a return address taken from
// a stack belongs to the call before it, so pass it minus one.
//
// # Which row answers
//
// The line table is a list of rows, each in force from its address to the next
// row's. Compilers write rows with line 0 for instructions that belong to no
// line. The rules of [File.Resolve] are:
//
//   - The answer is the last row at or below the address that has a line. A row
//     with line 0 leaves the row before it in force.
//   - Of several rows at one address the last one counts.
//   - A sequence (a run of rows up to its end_sequence) answers for nothing
//     below its first row or from its end on. Between sequences, and where a
//     sequence so far has had rows with line 0 only, the location is unknown:
//     the zero [Location].
//   - If several units describe one address (functions folded by the linker), the
//     unit that comes first in .debug_info answers. If one unit has several
//     sequences for it, the last of them answers. An address that no unit's
//     ranges hold is answered by the first line table that has a row for it, of those
//     with a sequence that starts where no unit's ranges are, and that of the unit
//     below the address.
//   - Code that the linker dropped stays in the line table under an address
//     outside of the executable's code (0, 1, -1, -2), and is not looked at.
//
// They equal those of Zig's std.debug.Coverage, except that Zig lets the last row
// of a sequence reach into the gap behind it. [File.ResolveLiteral] takes rows
// with line 0 as answers, as llvm-symbolizer does: the file is known then and the
// line is 0.
//
// # Functions and inlined calls
//
// [File.ResolveCalls] also finds the function that holds each address, and the
// calls that were inlined into it there, in one pass over the entries of the units
// that own addresses:
//
//	calls, err := f.ResolveCalls(ctx, sorted, locations, debuginfo.Options{})
//	for i := range sorted {
//		frames = calls.AppendFrames(frames[:0], i)
//		for _, frame := range frames { // the innermost first
//			fmt.Println(f.Func(frame.Func).Name, f.Path(frame.File), frame.Line)
//		}
//	}
//
// The rules are:
//
//   - The innermost entry (DW_TAG_subprogram, DW_TAG_inlined_subroutine) whose
//     addresses hold the address answers; of entries side by side the last. The
//     frames are it and the entries around it, up to the machine function.
//   - The place of the innermost frame is what the line table says, the others are
//     the places of the calls as the entries say. A call without DW_AT_call_file has
//     no file; llvm-symbolizer takes file 0 of the line table.
//   - Names come from the entry itself or from those that it refers to, in other
//     units too (link-time optimization). The symbol table is not asked: for parts
//     that a compiler split off (f.cold), [File.Function] knows that symbol.
//   - Addresses of units that do not say which addresses they own (DWARF 2 with
//     several sections) belong to the first unit with a function there.
//   - DW_AT_sibling is believed: what it jumps over is not looked at. Neither
//     .debug_aranges nor .debug_names is used, since producers leave them out.
//
// # Speed and goroutines
//
// A call shares its work between goroutines, by units and, for large line programs,
// by parts of them; [Options] has their number, and [File.ResolveWith] ends early
// when a context does. The answer does not depend on the number of goroutines, but
// the numbers of files and functions do.
//
// The line program of a unit that owns an address is run from its start, at some 200 to
// 400 MB/s, unless Go's linker wrote it: then the functions without an address are
// skipped. Nothing is kept of it, so a second batch takes as long as the first.
//
// A [Cache] (see [OpenOptions]) keeps the answers for large batches in files. A process
// that asks for the same addresses of the same build reads them back in a few
// milliseconds for a million addresses, without a look at the debug information.
//
// # What is supported
//
// Formats: ELF and Mach-O (thin and universal) and PE executables, shared libraries
// and object files (.o, .obj), for amd64 and arm64, 64-bit and little-endian. DWARF 2
// to 5, 32-bit and 64-bit; debug sections compressed with zlib or zstd, or named
// .zdebug; object files with compact relocations (CREL), too.
//
// Not supported, and refused with an error that says so: PDB files, 32-bit and
// big-endian files, other processors. Not looked at are the object files of a Mach-O
// executable without a dSYM bundle (make one with dsymutil), and the symbols that
// Fedora's executables have in .gnu_debugdata: functions then have no names.
//
// Sections of object files have no addresses. They are laid out one after the other
// from 0, code first and in the order of the file, each aligned as it asks for: in an
// object with one code section, addresses are offsets in it. Symbols are where their
// sections are.
//
// # Where the debug information is
//
// If the file itself has no DWARF, it is searched for, and [File.DebugFile] says where
// it was found:
//
//   - ELF: by build id in the directory .build-id of /usr/lib/debug (see
//     [OpenOptions]) and in the cache of debuginfod, then by the name in
//     .gnu_debuglink, next to the file, in .debug next to it, and in the same place
//     below /usr/lib/debug. The build ids must agree, or else the CRC-32.
//   - Mach-O: in the dSYM bundle next to the file, or next to the application that it
//     is in. The UUIDs must agree.
//   - Go executables of any format without DWARF (-ldflags=-w): lines and functions
//     come from the table that Go's runtime has for tracebacks, of Go 1.18 or newer.
//
// Nothing is downloaded. Strings and entries that dwz has moved to a supplementary
// file are read from there. The entries of split units (-gsplit-dwarf) are read from
// the .dwp file next to the executable, or from the .dwo files that the skeletons name,
// once functions are asked for; lines do not need them. What was tried is in the errors.
//
// # Paths
//
// [File.Path] is what the compiler wrote, joined with the directory of the compilation:
// the path of another machine, perhaps. [SourceFinder] finds the file on this one.
//
// # Bad files
//
// A file that is truncated or corrupt ends in a [FormatError] that names the section
// and the offset. Memory is bounded by the sizes of the files that are read: what all
// calls but those for names allocate together is at most 512 bytes, mostly below 50,
// for each byte of the sections that they read, and some hundred for each address and
// call. A compressed section is refused if it is larger than 1 MiB and 128 times its
// compressed form, and what comes of Go's table is at most 64 times its size. Mapped
// files count for nothing; of a file that is read through [OpenReader], the sections
// that are needed are in memory.
package debuginfo
