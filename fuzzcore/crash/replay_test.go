package crash

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestReplayCommand(t *testing.T) {
	for _, tc := range []struct {
		replay Replay
		want   string
	}{
		{Replay{Root: "/w", ModuleDir: "/w", Dir: "/w/a/b", Test: "FuzzX", Name: "0123456789abcdef"},
			`go test -run='^FuzzX$/^0123456789abcdef$' ./a/b`},
		{Replay{Root: "/w", ModuleDir: "/w", Dir: "/w", Test: "FuzzX", Name: "n", Flags: []string{"-race", "-tags=a b"}},
			`go test -race '-tags=a b' -run='^FuzzX$/^n$' .`},
		{Replay{Root: "/w", ModuleDir: "/w/sub mod", Dir: "/w/sub mod/p", Test: "FuzzX", Name: "n"},
			`cd 'sub mod' && go test -run='^FuzzX$/^n$' ./p`},
		{Replay{Root: "/w", ModuleDir: "/w/sub", Dir: "/w/sub/p", GoWork: true, Test: "FuzzX", Name: "n"},
			`go test -run='^FuzzX$/^n$' ./sub/p`},
		{Replay{Root: "/w", ModuleDir: "/w", Dir: "/w/it's", Test: "FuzzX", Name: "n"},
			`go test -run='^FuzzX$/^n$' './it'\''s'`},
	} {
		if got := ReplayCommand(tc.replay); got != tc.want {
			t.Errorf("got  %s\nwant %s", got, tc.want)
		}
	}
}

// The reproducer and the command do what they are for: plain go test fails on
// that input, and only runs that one.
func TestReproducerReplays(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{
		"go.mod":    "module example.com/m\n\ngo 1.22\n",
		"m_test.go": "package m\n\nimport \"testing\"\n\nfunc FuzzM(f *testing.F) {\n\tf.Fuzz(func(t *testing.T, s string) {\n\t\tif s == \"bad\" {\n\t\t\tt.Fatal(\"it is bad\")\n\t\t}\n\t})\n}\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	file := []byte("go test fuzz v1\nstring(\"bad\")\n")
	path := ReproducerPath(dir, "FuzzM", file)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, file, 0o644); err != nil {
		t.Fatal(err)
	}
	command := ReplayCommand(Replay{Root: dir, ModuleDir: dir, Dir: dir, Test: "FuzzM", Name: filepath.Base(path)})
	cmd := exec.Command("sh", "-c", command)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOFLAGS=-buildvcs=false")
	out, err := cmd.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "--- FAIL: FuzzM/"+filepath.Base(path)) || !strings.Contains(string(out), "it is bad") {
		t.Errorf("%s: %v\n%s", command, err, out)
	}
}
