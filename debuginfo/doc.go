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
//     ranges hold is answered by the first line table that has a row for it.
//   - Code that the linker dropped stays in the line table under an address
//     outside of the executable's code (0, 1, -1, -2), and is not looked at.
//
// They equal those of Zig's std.debug.Coverage, except that Zig lets the last row
// of a sequence reach into the gap behind it. [File.ResolveLiteral] takes rows
// with line 0 as answers, as llvm-symbolizer does: the file is known then and the
// line is 0.
//
// # What is supported
//
// ELF executables and shared objects for amd64 and arm64; DWARF 2 to 5, 32-bit
// and 64-bit; debug sections compressed with zlib or zstd. Object files (.o),
// split DWARF, separate debug files, Mach-O and PE are not supported yet, and
// inlined calls are not reported yet: a location is the innermost one.
//
// # Bad files
//
// A file that is truncated or corrupt ends in a [FormatError] that names the
// section and the offset. Memory is bounded by a small multiple of the file's
// size, and by at most 512 times the size of a compressed section.
package debuginfo
