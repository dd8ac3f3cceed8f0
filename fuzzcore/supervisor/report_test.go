package supervisor

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// This file tests the text and the JSON of reports.

var update = flag.Bool("update", false, "rewrite the golden files")

func testReport() *Report {
	started := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	return &Report{
		Root: "/home/you/m", Seed: 0xc0ffee, Jobs: 2, Limit: 100_000, Started: started,
		Elapsed: 8123 * time.Millisecond, SupervisorCPU: 90 * time.Millisecond,
		Tests: []TestReport{
			{
				Name: "example.com/m.FuzzParse", Package: "example.com/m", Func: "FuzzParse", File: "/home/you/m/m_test.go", Line: 24,
				CoverageID: "fb936ca7cd497310", Runs: Change{50_000, 149_642}, Unique: Change{120, 310},
				Points: Change{160, 165}, TotalPoints: 257, Lines: Change{78, 80}, TotalLines: 110, RunsPerSecond: 32_512,
				Crashes: []CrashReport{
					{
						Signature: "4534e645f2495757", Kind: "panic", Message: "runtime error: index out of range [2] with length 2",
						Location: "m.go:152", FirstRun: 812, FirstTime: 40 * time.Millisecond, Inputs: 171,
						Reproducer: "testdata/fuzz/FuzzParse/df0310958f7f7f13", Replay: "go test -run='^FuzzParse$/^df0310958f7f7f13$' .",
					},
					{
						Signature: "91e21f6a3a6ee81e", Kind: "hang", Location: "m.go:40", Inputs: 1, Known: true,
						Reproducer: "testdata/fuzz/FuzzParse/d79de873123e470b", Replay: "go test -run='^FuzzParse$/^d79de873123e470b$' .",
					},
				},
			},
			{
				Name: "example.com/m/sub.FuzzNothing", Package: "example.com/m/sub", Func: "FuzzNothing", File: "/home/you/m/sub/s_test.go",
				Line: 7, CoverageID: "0000000000000001", Crashes: []CrashReport{},
			},
		},
		Failed: []string{"building example.com/m/bad: it does not compile:\nbad/bad.go:4:9: undefined: name"},
	}
}

func TestReportText(t *testing.T) {
	for _, test := range []struct {
		name   string
		report *Report
		color  bool
	}{
		{"report.txt", testReport(), false},
		{"report-color.txt", testReport(), true},
		{"report-clean.txt", &Report{Root: "/home/you/m", Seed: 1, Jobs: 1, Elapsed: 90 * time.Second, Tests: testReport().Tests[1:]}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			var out strings.Builder
			if err := test.report.WriteText(&out, test.color); err != nil {
				t.Fatal(err)
			}
			golden(t, test.name, out.String())
		})
	}
}

// TestReportJSON guards the field names that programs rely on.
func TestReportJSON(t *testing.T) {
	data, err := json.MarshalIndent(testReport(), "", "\t")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "report.json", string(data)+"\n")
}

func TestShort(t *testing.T) {
	for x, want := range map[float64]string{
		0: "0", 7: "7", 999: "999", 999.6: "1.00k", 1234: "1.23k", 9994: "9.99k", 9996: "10.0k", 48_213: "48.2k",
		99_960: "100k", 999_400: "999k", 999_600: "1.00M", 1.3e6: "1.30M", 2.5e9: "2.50G",
	} {
		if got := Short(x); got != want {
			t.Errorf("Short(%v) = %s, want %s", x, got, want)
		}
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs (-update rewrites it); got\n%s", path, got)
	}
}
