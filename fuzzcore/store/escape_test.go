package store

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestEscape(t *testing.T) {
	for name, want := range map[string]string{
		"example.com/mod/pkg":           "example.com+mod+pkg",
		"github.com/BurntSushi/toml":    "github.com+BurntSushi+toml,00801",
		"git.sr.ht/~user/x":             "git.sr.ht+~user+x",
		"gopkg.in/yaml.v3":              "gopkg.in+yaml.v3",
		"example.com/gtk+":              "example.com+gtk%2b",
		"FuzzParse":                     "FuzzParse,11",
		"Fuzzparse":                     "Fuzzparse,1",
		"FuzzÄ":                         "Fuzz%c3%84,1",
		"root.test.find magic":          "root.test.find%20magic",
		".hidden":                       "%2ehidden",
		"..":                            "%2e%2e",
		".":                             "%2e",
		"dot.":                          "dot%2e",
		"a,b":                           "a%2cb",
		"100%":                          "100%25",
		"":                              "%",
		"C:\\x\x00\n":                   "C%3a%5cx%00%0a,1",
		strings.Repeat("a", 200):        strings.Repeat("a", 200),
		strings.Repeat("a", 201):        strings.Repeat("a", 199) + "%/aa",
		strings.Repeat("a/", 200) + "b": strings.Repeat("a+", 99) + "a%/" + strings.Repeat("+a", 99) + "+%/a+b",
	} {
		if got := escape(name); got != want {
			t.Errorf("escape(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestUnescapeRefuses(t *testing.T) {
	for _, name := range []string{
		"", "a%", "a%4", "a%4g", "%41", "a b", "a/b", "FuzzParse,102", "FuzzParse,110", "fuzzparse,", "a,b,c", ".x", "x.", "ä", "\u212a", "corpus.json ",
	} {
		if got, err := unescape(name); err == nil {
			t.Errorf("unescape(%q) = %q, want an error", name, got)
		}
	}
}

// TestUnescapeWithoutCase reads names as a file system without upper case
// returns them.
func TestUnescapeWithoutCase(t *testing.T) {
	for _, name := range []string{"fuzzparse,11", "FUZZPARSE,11", "FuzzParse,11"} {
		if got, err := unescape(name); err != nil || got != "FuzzParse" {
			t.Errorf("unescape(%q) = %q, %v", name, got, err)
		}
	}
}

func TestNamesIn(t *testing.T) {
	names := []string{
		"", "..", "A", "a", "b%", "github.com/BurntSushi/toml",
		strings.Repeat("x", 200), strings.Repeat("x", 201), strings.Repeat("x/Y", 300),
	}
	slices.Sort(names)
	dir := t.TempDir()
	for _, name := range names {
		makeDirs(t, filepath.Join(dir, "folders", escape(name)))
		makeDirs(t, filepath.Dir(filepath.Join(dir, "files", escape(name))))
		makeFile(t, filepath.Join(dir, "files", escape(name)+".json"), nil)
	}
	makeDirs(t, filepath.Join(dir, "folders", "not ours"))
	makeFile(t, filepath.Join(dir, "folders", "file"), nil)
	makeFile(t, filepath.Join(dir, "files", "file.txt"), nil)
	for sub, extension := range map[string]string{"folders": "", "files": ".json", "missing": ""} {
		found, err := namesIn(filepath.Join(dir, sub), extension)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, f := range found {
			got = append(got, f.name)
			if f.path != filepath.Join(dir, sub, escape(f.name)+extension) {
				t.Errorf("path of %q is %s", f.name, f.path)
			}
		}
		if sub != "missing" && !slices.Equal(got, names) || sub == "missing" && got != nil {
			t.Errorf("%s: %q, want %q", sub, got, names)
		}
	}
}

// FuzzEscape checks that every name can be a file name and be read back, even
// if the file system does not tell upper from lower case. Then no two names can
// be the same file.
func FuzzEscape(f *testing.F) {
	for _, name := range []string{"github.com/BurntSushi/toml", "FuzzX", "..", "", "a%b,c+d", "Ä\xff", strings.Repeat("Aa/", 200)} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		path := escape(name)
		if !filepath.IsLocal(path) || filepath.Clean(path) != path {
			t.Fatalf("escape(%q) = %q is not a clean local path", name, path)
		}
		for element := range strings.SplitSeq(path, "/") {
			if len(element) > maxElement || strings.HasPrefix(element, tempPrefix) {
				t.Errorf("escape(%q) has the element %q", name, element)
			}
		}
		for _, seen := range []string{path, strings.ToLower(path), strings.ToUpper(path)} {
			if back, err := unescape(strings.ReplaceAll(seen, more+"/", "")); err != nil || back != name {
				t.Errorf("%q is read back from %q as %q, %v", name, seen, back, err)
			}
		}
		if back, err := unescape(name); err == nil && back != "" && !strings.EqualFold(strings.ReplaceAll(escape(back), more+"/", ""), name) {
			t.Errorf("unescape(%q) = %q, which is escaped as %q", name, back, escape(back))
		}
	})
}

func makeDirs(t *testing.T, path string) {
	t.Helper()
	if err := os.MkdirAll(path, 0o777); err != nil {
		t.Fatal(err)
	}
}

func makeFile(t testing.TB, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o666); err != nil {
		t.Fatal(err)
	}
}
