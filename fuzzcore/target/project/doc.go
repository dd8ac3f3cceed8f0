// Package project finds and prepares the fuzz tests of a folder, in all languages: it
// is all that those who show and run fuzz tests need to know of languages.
//
// Each language has a package that finds and builds (golang, …) and answers as a
// [target.Found]; languages.go lists them. What is wrong in one language never hides the
// fuzz tests of another: it becomes a problem beside them.
package project
