package debuginfo

import (
	"testing"
)

// This file tests that what is skipped for a few addresses changes no answer.

// TestSparse resolves all addresses together, and then few at a time.
func TestSparse(t *testing.T) {
	files := map[string]string{
		"go": buildGo(t, goSource, nil),
		"c":  buildC(t, "-g", "-O1", "-ffunction-sections"),
	}
	for name, file := range files {
		t.Run(name, func(t *testing.T) {
			f := mustOpen(t, file)
			text := f.image.text
			step := max(1, (text.hi-text.lo)/20_000)
			var pcs []uint64
			for pc := text.lo; pc < text.hi; pc += step { // those between functions too
				pcs = append(pcs, pc)
			}
			want := chains(t, f, pcs, Options{})
			for _, size := range []int{1, 7, 300} {
				few := mustOpen(t, file)
				for i := 0; i+size <= len(pcs); i += max(size, len(pcs)/40) {
					for k, got := range chains(t, few, pcs[i:i+size], Options{}) {
						if got != want[i+k] {
							t.Fatalf("%#x of %d addresses:\n%swant\n%s", pcs[i+k], size, got, want[i+k])
						}
					}
				}
			}
		})
	}
}
