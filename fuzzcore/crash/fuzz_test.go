package crash

import (
	"path/filepath"
	"regexp"
	"testing"
	"unicode/utf8"
)

var hex16 = regexp.MustCompile(`^[0-9a-f]{16}$`)

// FuzzAnalyze checks that any text makes a usable report. Its seeds are the
// captured traces.
func FuzzAnalyze(f *testing.F) {
	files, err := filepath.Glob(filepath.Join("testdata", "traces", "go1.22", "*.txt"))
	if err != nil || len(files) == 0 {
		f.Fatalf("no traces: %v", err)
	}
	for _, file := range files {
		raw := readTrace(f, file)
		f.Add(int(raw.How), raw.ExitCode, raw.Signal, raw.Text, raw.Output, raw.Test)
	}
	f.Fuzz(func(t *testing.T, how, exit, signal int, text, output, test string) {
		raw := Raw{
			How: How(how), ExitCode: exit, Signal: signal, Text: text, Output: output,
			Package: "example.com/crashes/parse", Dir: "/src/parse", Test: test,
			Modules: []Module{{Path: "example.com/crashes", Dir: "/src"}},
		}
		r := Analyze(raw)
		if r.Kind == "" || !hex16.MatchString(r.Signature) || len(r.Message) > maxMessage+len("…") || !utf8.ValidString(r.Message) {
			t.Errorf("report %+v", r)
		}
		if len(r.Frames) > maxFrames {
			t.Errorf("%d frames", len(r.Frames))
		}
		if again := Analyze(raw); again.Signature != r.Signature {
			t.Error("the signature depends on more than the crash")
		}
	})
}
