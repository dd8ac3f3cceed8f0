// Package store keeps the state of a workspace on disk: corpora, crashes,
// builds and coverage files. It knows where things are and how they get there
// whole; what the bytes mean is its callers' business.
//
// Everything is in the folder .fuzzls at the root of the workspace:
//
//	.gitignore              "*": the folder ignores itself
//	campaign.lock           locked while a campaign runs; holds its process id
//	v/<id>                  coverage file of a build, see abi.CoverageFile
//	points/<id>.json.gz     what the points of a build stand for
//	sources/<sha256>.gz     the text of a source file that was built
//	builds/                 executables, as their builders arrange them
//	targets/<target>.json   the latest build of each target
//	zig/<id>                what runs of a Zig executable, during a campaign only
//	tests/<target>/<test>/  one fuzz test:
//	    corpus/<hash>       inputs that are kept
//	    aside/<hash>        inputs that could not be used, each with <hash>.reason
//	    crashes/<signature>/  reproducers, crash.json and status.json
//	    v/<id>              coverage file of this fuzz test alone
//	    first/<id>.log      which input reached each point first, see package provenance
//	    first/<hash>        those inputs
//	    compares/<id>.json  what its runs compared, see package frontier
//	    zig/<id>/           where Zig's own fuzzer works, during a campaign only
//
// <id> is abi.HexName of a coverage id. <hash> is the first 16 hexadecimal
// digits of the input's SHA-256, the name that `go test` gives an input too.
// <target> (for Go an import path), <test> and <signature> are escaped so that
// any name can be a file name and be read back from it: github.com/BurntSushi/toml
// is github.com+BurntSushi+toml,00801. See escape.
//
// # Writing
//
// Every file but the logs of first inputs, which grow, appears under its name at once
// and whole: it is written under a temporary name beside it and renamed. The temporary file (or directory) is
// locked while its writer lives; those of killed writers are removed when the
// next campaign takes the campaign lock.
//
// Only crashes are forced to the disk (fsync), since a crash may be found once
// and never again. A corpus gets hundreds of inputs a second when it is young,
// and forcing each would be slower than fuzzing; a killed process loses nothing
// anyway, and what a power failure damages does not match its name any longer
// and is found by Corpus.Read. The rest can be built again.
//
// Several processes may use a State at the same time. Only one of them can hold
// the campaign lock.
package store
