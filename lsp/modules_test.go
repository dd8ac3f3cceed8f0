package lsp

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// tree makes files, empty ones, and returns their directory.
func tree(t *testing.T, files ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestWorkspaceDirs(t *testing.T) {
	dir := tree(t,
		"one/go.mod", "one/sub/x.go", "one/nested/go.mod",
		"two/deep/go.mod", "two/.hidden/go.mod", "two/vendor/m/go.mod", "two/testdata/go.mod",
		"two/node_modules/x/go.mod", "two/_skipped/go.mod",
		"two/"+strings.Repeat("d/", maxDepth+1)+"go.mod",
		"work/go.work", "work/a/go.mod", "work/b/go.mod", "none/x.txt")
	for _, test := range []struct{ folders, want string }{
		{"one", "one"},
		{"one/sub", "one/sub"},
		{"one one/sub", "one"},
		{"one/sub one", "one"},
		{"one one/nested", "one one/nested"},
		{"two", "two/deep"},
		{"two two/deep", "two/deep"},
		{"work", "work"},
		{"work work/a", "work"},
		{"work/a work/b", "work/a work/b"},
		{"none", ""},
		{"missing", ""},
		{".", "one two/deep work"},
	} {
		var folders, want []string
		for _, name := range strings.Fields(test.folders) {
			folders = append(folders, filepath.Join(dir, name))
		}
		for _, name := range strings.Fields(test.want) {
			want = append(want, filepath.Join(dir, name))
		}
		if got := workspaceDirs(folders); len(got)+len(want) > 0 && !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v, want %v", test.folders, got, want)
		}
	}
}

func TestModulesAreBounded(t *testing.T) {
	var files []string
	for i := range maxModules + 10 {
		files = append(files, strings.Repeat("m", i+1)+"/go.mod")
	}
	if got, _ := lookBelow(tree(t, files...)); len(got) != maxModules {
		t.Errorf("%d modules, want %d", len(got), maxModules)
	}
}

func TestWithin(t *testing.T) {
	for _, test := range []struct {
		path, dir string
		want      bool
	}{
		{"/a/b", "/a", true}, {"/a", "/a", true}, {"/ab", "/a", false}, {"/a", "/a/b", false}, {"/a", "/", true},
	} {
		if within(test.path, test.dir) != test.want {
			t.Errorf("within(%q, %q) is %v", test.path, test.dir, !test.want)
		}
	}
}
