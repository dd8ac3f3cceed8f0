// Package provenance knows which input of a fuzz test reached each point first, and
// when.
//
// The coverage file says that a point was reached. Of all workers that reach it at about
// the same time exactly one turns its bit on (abi.CoverageFile.Claim); that worker
// appends a record to the log of the fuzz test and build:
//
//	.fuzzls/tests/<target>/<test>/first/<id>.log   records, see Record
//	.fuzzls/tests/<target>/<test>/first/<hash>     inputs, in the language's corpus format
//
// An input stays there although the corpus may have replaced it by a shorter one. It is
// a hard link to the corpus file while there is one, so most cost no room on the disk.
//
// Points that were covered before there was a log, or by a worker that was killed before
// it wrote, are simply unknown.
package provenance
