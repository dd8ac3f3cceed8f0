// Package frontier knows how near the runs of a fuzz test came at each comparison: which
// outcomes it had, and which operands were nearest to equal without being equal. It is
// what an editor can say about a condition that only ever went one way.
//
// The main worker of a campaign adds the comparisons that runs recorded to a Table and
// saves that to .fuzzls/tests/<target>/<test>/compares/<id>.json from time to time; the
// places of the sites are in coverage.Points.Compares.
//
// Only some runs record their comparisons (the confirmations of finds, the corpus, and a
// sample of the others), each only so many: an outcome that is not here may have happened.
package frontier
