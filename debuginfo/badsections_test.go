package debuginfo

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
)

// This file damages each section of small files and checks that errors say where.

// damages are the ways to spoil bytes.
var damages = []struct {
	name  string
	spoil func(random *rand.Rand, b []byte)
}{
	{"ones", func(_ *rand.Rand, b []byte) {
		for i := range b[:min(len(b), 16)] {
			b[i] = 0xff
		}
	}},
	{"numbers without end", func(_ *rand.Rand, b []byte) {
		for i := range b {
			b[i] = 0x80
		}
	}},
	{"zeros", func(_ *rand.Rand, b []byte) { clear(b) }},
	{"noise", func(random *rand.Rand, b []byte) {
		for i := range b[:min(len(b), 64)] {
			b[i] = byte(random.Uint32())
		}
	}},
}

// damagePlaces is how many places of each section are spoilt, in each way.
const damagePlaces = 60

func TestDamagedSectionsAreNamed(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	named := map[string]int{}
	for _, data := range bareExecutables(t) {
		sound, err := openBytes(data)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range sound.image.sections {
			if s.debugName == "" || s.raw.size == 0 {
				continue
			}
			for _, d := range damages {
				for range damagePlaces {
					checkDamage(t, data, s, random, d.name, d.spoil, named)
				}
			}
		}
	}
	t.Logf("errors by section: %v", named)
	for _, name := range []string{".debug_info", ".debug_abbrev", ".debug_line", ".debug_str", ".debug_ranges", ".debug_rnglists", ".debug_line_str", ".debug_str_offsets"} {
		if named[name] == 0 {
			t.Errorf("no damage led to an error in %s", name)
		}
	}
}

// checkDamage spoils the rest of a section from a random place on, and puts it back.
func checkDamage(t *testing.T, data []byte, s *section, random *rand.Rand, name string, spoil func(*rand.Rand, []byte), named map[string]int) {
	t.Helper()
	part := s.raw.data // lies in data
	at := random.IntN(len(part))
	old := slices.Clone(part[at:])
	spoil(random, part[at:])
	err := exercise(data)
	copy(part[at:], old)
	if err == nil {
		return
	}
	var format *FormatError
	if !errors.As(err, &format) || format.Section == "" {
		t.Errorf("%s+%#x, %s: %v", s.debugName, at, name, err)
		return
	}
	named[format.Section]++
}
