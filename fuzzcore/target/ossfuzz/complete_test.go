package ossfuzz

import (
	"archive/zip"
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/fuzzls/fuzzls/fuzzcore/target"
)

// write writes "name", "content" pairs below dir.
func write(t *testing.T, dir string, files ...string) {
	t.Helper()
	for i := 0; i < len(files); i += 2 {
		path := filepath.Join(dir, files[i])
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(files[i+1]), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// zipped returns a zip file of "name", "content" pairs.
func zipped(t *testing.T, files ...string) string {
	t.Helper()
	var b bytes.Buffer
	archive := zip.NewWriter(&b)
	for i := 0; i < len(files); i += 2 {
		w, err := archive.Create(files[i])
		if err == nil {
			_, err = w.Write([]byte(files[i+1]))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestComplete(t *testing.T) {
	dir, ours := t.TempDir(), t.TempDir()
	write(t, dir,
		"parse_seed_corpus/a", "A", "parse_seed_corpus/sub/b", "B", "parse_seed_corpus/.git/c", "C",
		"corpus/parse/d", "D", "corpus/other/e", "E", "named/f", "F", "named/long", strings.Repeat("x", 200),
		"parse.dict", "# comment\nkw=\"GET\"\n\"\\x00\\\"\\\\\"\n", "parse.options", "[libfuzzer]\nmax_len = 100\ndict = more.dict\n[asan]\nmax_len=7\n",
		"more.dict", "a@2=\"POST\"\n", "parse_seed_corpus.zip", zipped(t, "../../evil", "Z", "dir/y", "Y", "big", strings.Repeat("x", 101)))
	test := &target.Test{Language: target.C}
	notices := Complete(test, Config{
		Dir: dir, Name: "parse", SeedDirs: []string{filepath.Join(dir, "named")}, MaxInput: 1000,
		Unpacked: filepath.Join(ours, "unpacked"), DictionaryTo: filepath.Join(ours, "tokens"),
	})
	if len(notices) != 1 || !strings.HasPrefix(notices[0], "2 seeds are left out, such as ") {
		t.Errorf("notices %q", notices)
	}
	var seeds []string
	for i := range test.SeedFiles {
		stream, err := test.Seed(i, 100)
		if err != nil {
			t.Fatal(err)
		}
		data, err := test.MarshalInput(stream)
		if err != nil {
			t.Fatal(err)
		}
		seeds = append(seeds, string(data))
	}
	if got := strings.Join(seeds, ""); got != "FABDZY" {
		t.Errorf("seeds %q", got)
	}
	tokens, err := target.LoadDictionary(test.Dictionary)
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	for _, token := range tokens {
		texts = append(texts, string(token.Text))
	}
	if want := []string{"POST", "GET", "\x00\"\\"}; !slices.Equal(texts, want) {
		t.Errorf("tokens %q, want %q", texts, want)
	}
	if test.MaxInput != 100 {
		t.Errorf("the longest input has %d bytes", test.MaxInput)
	}
}

func TestCompleteBadInput(t *testing.T) {
	dir, ours := t.TempDir(), t.TempDir()
	write(t, dir, "p_seed_corpus.zip", "no zip file", "p.dict", "good=\"1\"\nbad=1\n", "p.options", "[libfuzzer]\nmax_len=all\n")
	test := &target.Test{Language: target.C}
	notices := strings.Join(Complete(test, Config{
		Dir: dir, Name: "p", SeedDirs: []string{filepath.Join(dir, "missing")}, Dictionary: filepath.Join(dir, "none.dict"),
		MaxInput: 1000, Unpacked: filepath.Join(ours, "unpacked"), DictionaryTo: filepath.Join(ours, "tokens"),
	}), "\n")
	for _, want := range []string{"missing is left out", "p_seed_corpus.zip is left out", "p.dict:2: expected name=", `max_len "all"`, "none.dict"} {
		if !strings.Contains(notices, want) {
			t.Errorf("no %q in:\n%s", want, notices)
		}
	}
	if tokens, err := target.LoadDictionary(test.Dictionary); err != nil || len(tokens) != 1 {
		t.Errorf("tokens %v, %v", tokens, err)
	}
}

// Any text is either a dictionary or has a first line that makes no sense.
func FuzzParseDictionary(f *testing.F) {
	f.Add([]byte("# c\na=\"b\\x41\"\n\"\"\n"))
	f.Add([]byte("a=\"\\\""))
	f.Fuzz(func(t *testing.T, data []byte) {
		tokens, line, err := parseDictionary(data)
		if err != nil && (line < 1 || line > bytes.Count(data, []byte("\n"))+1) {
			t.Fatalf("line %d of %q: %v", line, data, err)
		}
		for _, token := range tokens {
			if len(token.Text) == 0 || len(token.Text) > len(data) {
				t.Fatalf("%q has a token %q", data, token.Text)
			}
		}
	})
}
