// Package golang finds and builds Go fuzz tests.
//
// # Finding
//
// [Load] finds fuzz tests without compiling or running anything. Which files make
// up which package is the go command's to say: the user's own `go list` is asked,
// so build tags, vendoring, go.work and toolchain lines mean what they mean in a
// build, and what is wrong with a package is said in its words, as a [target.Problem]
// beside the packages that are well. It is run directly rather than through
// golang.org/x/tools/go/packages, which starts only the first "go" on this
// process's PATH and any package driver that the environment names.
//
// A fuzz test is what the go command takes for one: func FuzzXxx(f *testing.F) in
// a test file. Its argument types are told by a type check of the test files
// alone, in which imported packages are empty: f.Fuzz accepts predeclared types
// and []byte only, which no import declares. Where that is not enough, the rest of
// the package is read too, and what is still unknown then is learned from the
// built target.
//
// [Constants] reads, from the source of the packages that a target is made of, the
// texts and numbers that its inputs may have to contain.
package golang
