package supervisor

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/fuzzls/fuzzls/fuzzcore/abi"
	"github.com/fuzzls/fuzzls/fuzzcore/provenance"
	"github.com/fuzzls/fuzzls/fuzzcore/store"
	"github.com/fuzzls/fuzzls/fuzzcore/target"
	"github.com/fuzzls/fuzzls/fuzzcore/zigtest/programs"
)

// This file tests campaigns of Zig's own fuzz executables: what they must do, and what
// Zig's build runner does not.

// TestZigCrashes runs fuzz tests that fail in all ways until each has crashed, and goes on
// with all of them.
func TestZigCrashes(t *testing.T) {
	names := []string{"panics", "two ways", "leaks", "returns error", "logs error", "segfaults", "walks"}
	z := newZigCampaign(t, t.TempDir(), names, func(c *Config) { c.Jobs = 2 }).start()
	z.await(func(s Snapshot) bool {
		for i := range s.Tests[:6] {
			if s.Tests[i].Crashes == 0 || i == 1 && s.Tests[i].Crashes < 2 {
				return false
			}
		}
		return true
	})
	seen := z.snapshot()
	z.await(func(s Snapshot) bool { // the instances go on
		for i := range s.Tests {
			if s.Tests[i].Runs <= seen.Tests[i].Runs {
				return false
			}
		}
		return true
	})
	report := z.finish()
	for i, says := range []string{"boom in parse", "way", "leak", "BadValue", "bad nine", "access to address 0x0"} {
		for _, c := range report.Tests[i].Crashes {
			if !strings.Contains(c.Message+c.Kind, says) {
				t.Errorf("%s crashes with %+v, want %q", names[i], c, says)
			}
		}
	}
	if n := len(report.Tests[1].Crashes); n != 2 {
		t.Errorf("%d crashes that differ, want 2: %+v", n, report.Tests[1].Crashes)
	}
	if n := len(report.Tests[6].Crashes); n != 0 {
		t.Errorf("%d crashes of a fuzz test that never fails", n)
	}
	if len(z.corpus("walks")) == 0 {
		t.Error("no inputs are kept")
	}
}

// TestZigLimit runs fuzz tests for a number of cycles, twice.
func TestZigLimit(t *testing.T) {
	root := t.TempDir()
	const cycles = 5000
	var first *Report
	for again := range 2 {
		z := newZigCampaign(t, root, []string{"walks", "words"}, func(c *Config) { c.Limit = cycles; c.Jobs = 2 }).start()
		report := z.wait()
		for i, test := range report.Tests {
			if made := test.Runs.After - test.Runs.Before; made < cycles || made > cycles+cycles/2 {
				t.Errorf("%s: %d runs for %d cycles", test.Name, made, cycles)
			}
			if again == 1 && test.Runs.Before != first.Tests[i].Runs.After {
				t.Errorf("%s: values do not accumulate: %v, then %v", test.Name, first.Tests[i].Runs, test.Runs)
			}
			if test.Points.After == 0 || test.Unique.After == 0 && i == 0 {
				t.Errorf("%s: %v points, %v unique runs", test.Name, test.Points, test.Unique)
			}
		}
		first = report
	}
	if first.Tests[0].Points.After == first.Tests[1].Points.After {
		t.Logf("both fuzz tests cover %d points", first.Tests[0].Points.After)
	}
}

// TestZigLimitWithCrashes counts the cycles of fuzz tests that crash all the time.
func TestZigLimitWithCrashes(t *testing.T) {
	z := newZigCampaign(t, t.TempDir(), []string{"two ways"}, func(c *Config) { c.Limit = 60 }).start()
	report := z.wait()
	if made := report.Tests[0].Runs.After; made < 30 || made > 120 {
		t.Errorf("%d runs for 60 cycles", made)
	}
	if len(report.Tests[0].Crashes) != 2 {
		t.Errorf("crashes %+v", report.Tests[0].Crashes)
	}
}

// TestZigHang watches fuzz tests that do not come back.
func TestZigHang(t *testing.T) {
	names := []string{"hangs", "sleeps", "grows"}
	z := newZigCampaign(t, t.TempDir(), names, func(c *Config) { c.Jobs = 2; c.Timeout = 3 * time.Second; c.MemoryLimit = 300 << 20 }).start()
	z.await(func(s Snapshot) bool {
		return s.Tests[0].Crashes > 0 && s.Tests[1].Crashes > 0 && s.Tests[2].Crashes > 0
	})
	report := z.finish()
	for i, kind := range []string{"hang", "hang", "out of memory"} {
		if c := report.Tests[i].Crashes[0]; c.Kind != kind {
			t.Errorf("%s: %+v", names[i], c)
		}
	}
}

// TestZigStops looks at what is left of a campaign: nothing that only stopping makes.
func TestZigStops(t *testing.T) {
	z := newZigCampaign(t, t.TempDir(), []string{"words"}, func(c *Config) { c.Jobs = 2 }).start()
	z.await(func(s Snapshot) bool { return s.Tests[0].Runs > 20_000 })
	before := z.snapshot().Tests[0].Points
	kept := len(z.corpus("words"))
	report := z.finish()
	// Zig's code that prints a stack has more than a thousand points.
	if after := report.Tests[0].Points.After; after > before+100 {
		t.Errorf("%d points before the end, %d after it", before, after)
	}
	if n := len(z.corpus("words")); n > kept+3 {
		t.Errorf("%d inputs before the end, %d after it", kept, n)
	}
	if len(report.Tests[0].Crashes) != 0 {
		t.Errorf("stopping makes crashes: %+v", report.Tests[0].Crashes)
	}
}

// TestZigMinimize makes the input of a crash smaller, in both modes.
func TestZigMinimize(t *testing.T) {
	for _, mode := range []string{programs.Debug, programs.ReleaseSafe} {
		exe := programs.ForTest(t, "all", programs.All, mode)
		state, err := store.Open(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		test := zigTarget(t, state, mode, exe, "panics")
		checker, err := NewChecker(t.Context(), CheckConfig{Test: &test, Sources: target.NewSources(nil, &test), Timeout: time.Minute, MemoryLimit: 1 << 30})
		if err != nil {
			t.Fatal(err)
		}
		defer checker.Close()
		stream, _ := target.RawStream([]byte("\x08\x00\x00\x00PANxyz78 and more that is not read"))
		found, err := checker.Run(t.Context(), stream)
		if err != nil || found == nil {
			t.Fatalf("%s: %+v, %v", mode, found, err)
		}
		report := checker.Analyze(found)
		smaller, err := checker.Minimize(t.Context(), found, &report, 1)
		if err != nil || smaller == nil {
			t.Fatalf("%s: %+v, %v", mode, smaller, err)
		}
		data, _ := target.RawBytes(smaller.Input)
		if len(data) > 8 || !strings.Contains(string(data), "PAN") || checker.Analyze(smaller).Signature != report.Signature {
			t.Errorf("%s: minimized to %q", mode, data)
		}
	}
}

// TestZigFirsts asks which inputs reached the points of a fuzz test first.
func TestZigFirsts(t *testing.T) {
	z := newZigCampaign(t, t.TempDir(), []string{"walks"}, func(c *Config) { c.Limit = 20_000 }).start()
	z.wait()
	id := z.config.Tests[0].CoverageID
	test := z.state.FuzzTest(".", "all.test.walks")
	file, err := abi.MapCoverage(test.CoveragePath(id))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	log, err := provenance.Open(test, id, file.Len())
	if err != nil {
		t.Fatal(err)
	}
	origins, inputs := map[provenance.Origin]int{}, map[string]bool{}
	for point := range uint32(file.Len()) {
		if file.Bits(nil)[point/64]>>(point%64)&1 == 0 {
			continue
		}
		record, ok := log.First(point)
		if !ok {
			t.Errorf("nothing is known of point %d", point)
		}
		origins[record.Origin]++
		if record.Input != "" {
			inputs[record.Input] = true
		}
	}
	// The code around the fuzz test is reached by the empty input, its ways by others.
	if origins[provenance.Seed] == 0 || origins[provenance.Mutant] == 0 || len(inputs) < 2 {
		t.Errorf("points by origin %v, by inputs %v", origins, inputs)
	}
	for path := range inputs {
		if _, err := os.Stat(path); err != nil {
			t.Error(err)
		}
	}
}

// TestZigNothingToFuzz runs tests that cannot be fuzzed, beside one that can.
func TestZigNothingToFuzz(t *testing.T) {
	says := map[string]string{
		"bad seed": "options.corpus", "no fuzz test": "does not call std.testing.fuzz", "is skipped": "SkipZigTest",
	}
	for _, limit := range []uint64{0, 1000} {
		names := []string{"bad seed", "no fuzz test", "is skipped", "words"}
		z := newZigCampaign(t, t.TempDir(), names, func(c *Config) { c.Limit = limit }).start()
		if limit == 0 {
			z.await(func(s Snapshot) bool {
				for _, want := range says {
					if !strings.Contains(z.notices.String(), want) {
						return false
					}
				}
				return s.Tests[3].NewRuns > 1000
			})
			z.stop()
		}
		report := z.wait()
		for name, want := range says {
			if !strings.Contains(z.notices.String(), want) {
				t.Errorf("limit %d: %s: nobody is told of %q:\n%s", limit, name, want, z.notices)
			}
		}
		if len(report.Tests[0].Crashes) != 1 || len(report.Tests[1].Crashes)+len(report.Tests[2].Crashes) != 0 {
			t.Errorf("limit %d: crashes %+v", limit, report.Tests)
		}
		if report.Tests[3].Runs.After < 1000 {
			t.Errorf("limit %d: %v runs of the fuzz test that can run", limit, report.Tests[3].Runs)
		}
	}
}

// TestZigManyTests gives workers more fuzz tests than they keep processes of.
func TestZigManyTests(t *testing.T) {
	names := []string{"walks", "words", "is rare", "asks nothing", "panics", "two ways", "leaks", "returns error", "logs error", "segfaults", "recurses"}
	z := newZigCampaign(t, t.TempDir(), names, func(c *Config) { c.Jobs = 2 }).start()
	var first []uint64
	z.await(func(s Snapshot) bool {
		if first == nil {
			first = make([]uint64, len(s.Tests))
		}
		twice := true // all have runs, and more of them later
		for i := range s.Tests {
			if first[i] == 0 {
				first[i] = s.Tests[i].Runs
			}
			twice = twice && first[i] > 0 && s.Tests[i].Runs > first[i]
		}
		return twice
	})
	report := z.finish()
	for i, name := range names[:4] {
		if len(report.Tests[i].Crashes) != 0 {
			t.Errorf("%s: %+v", name, report.Tests[i].Crashes)
		}
	}
}

// TestZigCorpusOnly runs what is kept and nothing else, an input that crashes among it.
func TestZigCorpusOnly(t *testing.T) {
	root := t.TempDir()
	z := newZigCampaign(t, root, []string{"panics"}, func(c *Config) { c.OnlyCorpus = true })
	corpus := z.state.FuzzTest(".", "all.test.panics").Corpus()
	for _, input := range []string{"\x01\x00\x00\x00x", "\x03\x00\x00\x00PAN", "\x03\x00\x00\x00PAx", "\x03\x00\x00\x00Pxx"} {
		if _, _, err := corpus.Add([]byte(input)); err != nil {
			t.Fatal(err)
		}
	}
	report := z.start().wait()
	if len(report.Tests[0].Crashes) != 1 || report.Tests[0].Runs.After < 3 || report.Tests[0].Runs.After > 8 {
		t.Errorf("%+v", report.Tests[0])
	}
	if names := z.corpus("panics"); len(names) != 3 {
		t.Errorf("inputs %v: the one that crashes is to be gone, the others not", names)
	}
}
