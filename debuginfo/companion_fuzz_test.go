package debuginfo

import (
	"os"
	"path/filepath"
	"testing"
)

// This file fuzzes files that belong together: an executable with its split units,
// and a debug file with its supplementary file.

// FuzzCompanions checks that no pair of an executable and a file that completes it
// makes this package panic or hang. The second one is taken for the package of the
// first one's split units, for its .dwo file, and for its supplementary file.
func FuzzCompanions(f *testing.F) {
	for _, pair := range splitPairs(f) {
		f.Add(pair[0], pair[1])
	}
	pair := supplementedPair(f)
	f.Add(pair[0], pair[1])
	f.Fuzz(func(t *testing.T, main, other []byte) {
		file, err := openPair(main, other)
		if err == nil {
			_ = exerciseFile(file)
		}
	})
}

// openPair opens an executable with its companion, both in memory.
func openPair(main, other []byte) (*File, error) {
	f, err := openBytes(main)
	if err != nil {
		return nil, err
	}
	companion, err := f.files.parse(mappedInput("other", other), f.files.options)
	if err != nil {
		return nil, err
	}
	d := &f.image.debug
	d.once.Do(func() { d.image = f.image })
	d.supplementaryOnce.Do(func() { d.supplementary = &debugSections{img: companion, keep: true} })
	d.splits.searched = true
	d.splits.pack, _ = openPackage(companion)
	d.splits.files = map[string]dwoFile{}
	for _, name := range []string{"/program.dwo", "program.dwo"} {
		d.splits.files[name] = dwoFile{image: companion}
	}
	return f, nil
}

// splitPairs returns small executables with the package or the .dwo file of their
// split units.
func splitPairs(tb testing.TB) [][2][]byte {
	tb.Helper()
	var pairs [][2][]byte
	for _, c := range splitCompilers[:4] {
		dir := writeFiles(tb, "program.c", bareSource)
		compiler := splitTool(tb, c.compiler)
		args := append(c.flags, "-O2", "-ffunction-sections", "-c", "program.c")
		run(tb, dir, nil, compiler, args...)
		run(tb, dir, nil, compiler, "-nostdlib", "-static", "-Wl,--build-id=none", "-Wl,-z,max-page-size=64", "-o", "program", "program.o")
		program := filepath.Join(dir, "program")
		other := "program.dwo"
		if c.name != "gcc dwarf5" { // llvm-dwp does not end on its small unit
			packUnits(tb, c.packer, program)
			other = "program.dwp"
		}
		pairs = append(pairs, [2][]byte{readFile(tb, program), readFile(tb, filepath.Join(dir, other))})
	}
	return pairs
}

// supplementedPair returns a debug file and its supplementary file.
func supplementedPair(tb testing.TB) [2][]byte {
	tb.Helper()
	need(tb, "dwz")
	need(tb, "gcc")
	dir := writeFiles(tb, "main.c", bareSource+commonTypes)
	for _, out := range []string{"one", "two"} {
		run(tb, dir, nil, "gcc", "-O2", "-gdwarf-5", "-nostdlib", "-static", "-Wl,-z,max-page-size=64", "-o", out, "main.c")
	}
	run(tb, dir, nil, "dwz", "-m", "common", "one", "two")
	return [2][]byte{readFile(tb, filepath.Join(dir, "one")), readFile(tb, filepath.Join(dir, "common"))}
}

// commonTypes is enough to be worth dwz's while.
const commonTypes = `
struct a_rather_long_name_for_a_structure { int member_number_one, member_number_two; struct a_rather_long_name_for_a_structure *next; };
struct another_rather_long_name { struct a_rather_long_name_for_a_structure first, second, third; long long_member, longer_member; };
enum a_long_enumeration { the_first_enumerator, the_second_enumerator, the_third_enumerator } the_variable;
int consume(struct another_rather_long_name *argument) { return argument->first.member_number_one + the_variable; }
`

func readFile(tb testing.TB, name string) []byte {
	tb.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		tb.Fatal(err)
	}
	return data
}
