package debuginfo

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// This file defines the second opinion on chains that llvm-symbolizer agrees with: that
// of gimli and of elfutils. What they answer differently is told apart here, by what is
// known of them; anything else is a bug.

// opinion is what there is to know about one address.
type opinion struct {
	ours, gimli []peerFrame
	elfutils    peerFrame // the innermost place
}

// difference is a way in which a peer is known to differ.
type difference struct {
	name string
	is   func(opinion) bool
}

// gimliDifferences are those of addr2line with gimli.
var gimliDifferences = []difference{
	// A row with line 0 has a column, too, but gimli's Location cannot say one without
	// a line.
	{"no column without a line", func(o opinion) bool {
		return slices.EqualFunc(o.ours, o.gimli, func(a, b peerFrame) bool {
			if a.line == 0 {
				a.column = 0
			}
			return a == b
		})
	}},
	// It answers nothing for units without ranges, such as assembly.
	{"unknown to gimli", func(o opinion) bool { return len(o.gimli) == 0 && o.ours[0].place() == o.elfutils }},
}

// elfutilsDifferences are those of eu-addr2line. It believes .debug_aranges, which
// clang and Go leave out. In each, gimli has to be with us.
var elfutilsDifferences = []difference{
	{"no .debug_aranges", func(o opinion) bool { return o.elfutils.file == "??" && o.withGimli() }},
	// It lets the last row of a sequence reach to the next one.
	{"padding", func(o opinion) bool { return o.ours[0].file == "??" && len(o.gimli) == 0 && o.elfutils.line != 0 }},
	// Where only the C units of a program with cgo have .debug_aranges, it takes the
	// last of them for the units behind it.
	{"unit without .debug_aranges", func(o opinion) bool {
		return o.withGimli() && strings.HasPrefix(o.elfutils.file, "/_/GOROOT/src/runtime/cgo/") && strings.HasSuffix(o.elfutils.file, ".c")
	}},
}

// withGimli reports whether gimli agrees, as far as it can.
func (o opinion) withGimli() bool {
	return slices.Equal(o.ours, o.gimli) || gimliDifferences[0].is(o)
}

// compareSecond compares chains with what gimli and elfutils say.
func compareSecond(t *testing.T, file string, pcs []uint64, ours [][]peerFrame) {
	t.Helper()
	gimli, elfutils := askGimli(t, file, pcs), askElfutils(t, file, pcs)
	counts := map[string]int{}
	explain := func(o opinion, peer string, list []difference) {
		for _, d := range list {
			if d.is(o) {
				counts[d.name]++
				return
			}
		}
		t.Fatalf("%v\n%s differs: gimli %v, elfutils %v", o.ours, peer, o.gimli, o.elfutils)
	}
	for i := range pcs {
		o := opinion{ours[i], gimli[i], elfutils[i]}
		unknown := o.ours[0].file == "??"
		if !slices.Equal(o.ours, o.gimli) && !(unknown && len(o.gimli) == 0) {
			explain(o, "gimli", gimliDifferences)
		}
		if o.ours[0].place() != o.elfutils && !(unknown && o.elfutils.file == "??") {
			explain(o, "elfutils", elfutilsDifferences)
		}
	}
	t.Logf("%d addresses, differences: %v", len(pcs), counts)
}

// TestExtraAgainstPeers compares large executables, which DEBUGINFO_FILES names,
// separated as in PATH: addresses of all their code.
func TestExtraAgainstPeers(t *testing.T) {
	for _, file := range filepath.SplitList(os.Getenv("DEBUGINFO_FILES")) {
		t.Run(file, func(t *testing.T) { comparePeers(t, file, textAddresses(mustOpen(t, file), 4000), absentCallFile) })
	}
}
