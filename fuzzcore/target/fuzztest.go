package target

// This file defines what is known of a fuzz test before it is built, whatever its
// language.

// The languages of fuzz tests, as FuzzTest.Language and Test.Language name them.
const (
	Go   = ""
	C    = "c" // and C++
	Rust = "rust"
	Zig  = "zig"
)

// FuzzTest is a fuzz test in the source, as the finder of its language tells of it.
type FuzzTest struct {
	// Language is Go, C, Rust or Zig.
	Language string `json:"language,omitempty"`
	// Package and Name identify it. In Go they are the import path of the package under
	// test and the function FuzzXxx; elsewhere the directory of the harness relative to
	// the workspace's root, with slashes ("." for the root), and the name of the target. In
	// Zig the directory is that of the build.zig which the file belongs to, or of the file
	// if there is none above it, and the name is Zig's own ("ring.test.push and pop").
	Package string `json:"package"`
	// Module is the path of its Go module; "" in the standard library and in other
	// languages.
	Module string `json:"module,omitempty"`
	// Dir is the directory of the package or of the harness, absolute.
	Dir  string `json:"dir"`
	Name string `json:"name"`
	// File is absolute; Line and Column are those of the name, 1-based, Column
	// counts bytes.
	File   string `json:"file"`
	Line   int    `json:"line"`
	Column int    `json:"column"`
	// FuzzLine is the line of the call of f.Fuzz in Go, of std.testing.fuzz in Zig; 0 if it
	// is not in the function.
	FuzzLine int `json:"fuzz_line,omitempty"`
	// Args are the types that the function given to f.Fuzz takes after *testing.T:
	// the predeclared names as the source has them ("byte" or "uint8") and "[]byte".
	// Fuzz tests of other languages take bytes, and Args is empty.
	Args []string `json:"args"`
	// ArgsKnown is false if the source alone does not tell the types, for instance
	// because a helper calls f.Fuzz; the built target tells them then.
	ArgsKnown bool `json:"args_known"`
	// SeedDirs are the directories whose files are its seeds, absolute, the user's own
	// choice first; only in languages whose inputs are bytes.
	SeedDirs []string `json:"seed_dirs,omitempty"`
}

// FullName is what people and programs call a fuzz test: its package, a dot, its name;
// its name alone if the package is the workspace's root.
func FullName(pkg, name string) string {
	if pkg == "." {
		return name
	}
	return pkg + "." + name
}

// SeedDirSuffix follows a fuzz test's name in the name of the directory beside its harness
// that holds its seeds. OSS-Fuzz has it so, with ".zip" behind it.
const SeedDirSuffix = "_seed_corpus"

// Insertion is text that is put into a file, at a byte offset of the present text.
type Insertion struct {
	Offset int
	Text   string
}

// Declaration is a place in a text that declares a fuzz test.
type Declaration struct {
	// Name is that of the fuzz test; "" if the text does not tell it: then it declares
	// all fuzz tests of its file.
	Name string
	// Offset is the byte offset of the declared function's name in the text, Size its
	// length in bytes.
	Offset, Size int
}
