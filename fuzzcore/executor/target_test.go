package executor

import (
	"context"
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fuzzls/fuzzls/fuzzcore/engine"
	"github.com/fuzzls/fuzzls/fuzzcore/executor/goruntime"
)

// This file builds the tests' target and runs inputs in it.

var buildDir string

func TestMain(m *testing.M) {
	if os.Getenv(hostEnv) != "" {
		beHost()
		return
	}
	dir, err := os.MkdirTemp("", "fuzzls-executor-")
	if err != nil {
		panic(err)
	}
	buildDir = dir
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// built is a build of the target, made once.
type built struct {
	once sync.Once
	exe  string
	err  string
}

var (
	builtMu sync.Mutex
	builds  = map[string]*built{}
)

// buildTarget builds testdata/target with a toolchain ("local" for the one at
// hand) and further flags.
func buildTarget(tb testing.TB, toolchain string, flags ...string) string {
	tb.Helper()
	key := strings.Join(append([]string{toolchain}, flags...), " ")
	builtMu.Lock()
	b := builds[key]
	if b == nil {
		b = &built{exe: filepath.Join(buildDir, strings.ReplaceAll(key, " ", "_"), "target.test")}
		builds[key] = b
	}
	builtMu.Unlock()
	b.once.Do(func() { b.err = build(b.exe, toolchain, flags) })
	if b.err != "" {
		tb.Fatalf("building the target with %s: %s", key, b.err)
	}
	return b.exe
}

func build(exe, toolchain string, flags []string) (failure string) {
	dir := filepath.Dir(exe)
	goCommand := func(name string, env []string, args ...string) (string, error) {
		cmd := exec.Command(name, args...)
		cmd.Dir = filepath.Join("testdata", "target")
		cmd.Env = append(append(os.Environ(), "GOFLAGS=", "GOWORK=off", "GOTOOLCHAIN="+toolchain), env...)
		out, err := cmd.CombinedOutput()
		return strings.TrimSpace(string(out)), err
	}
	env, err := goCommand("go", nil, "env", "GOROOT", "GOMODCACHE")
	lines := strings.Split(env, "\n")
	if err != nil || len(lines) < 2 {
		return env
	}
	lines = lines[len(lines)-2:] // a download says so first
	root, err := goruntime.Root(lines[0], lines[1], filepath.Join(dir, "goroot"))
	if err != nil {
		return err.Error()
	}
	args := []string{"test", "-c", "-vet=off", "-cover", "-covermode=set", "-coverpkg=example.com/target/...",
		"-gcflags=example.com/target/...=-d=libfuzzer", "-o", exe}
	stock := len(flags) > 0 && flags[0] == "stock"
	if stock {
		flags = flags[1:]
	} else {
		overlay, err := goruntime.Overlay(root, filepath.Join(dir, "overlay"))
		if err != nil {
			return err.Error()
		}
		args = append(args, "-overlay", overlay)
	}
	args = append(append(args, flags...), ".")
	out, err := goCommand(filepath.Join(root, "bin", "go"), []string{"GOROOT=" + root, "GOTOOLCHAIN=local"}, args...)
	if err != nil {
		return out
	}
	return ""
}

// config returns a configuration for one fuzz test of the target.
func config(exe, fuzzTest string) Config {
	return Config{
		Exe:      exe,
		Args:     goruntime.Args(fuzzTest),
		Dir:      filepath.Join("testdata", "target"),
		Slots:    64,
		SlotSize: 4096,
		// Long enough that a machine with much to do does not matter.
		Timeout: 30 * time.Second,
	}
}

func startTarget(tb testing.TB, cfg Config) *Executor {
	tb.Helper()
	e, err := Start(context.Background(), cfg)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { e.Close() })
	return e
}

// stream encodes values as a Smith stream.
func stream(values ...any) []byte {
	var b []byte
	for _, v := range values {
		switch v := v.(type) {
		case string:
			b = binary.LittleEndian.AppendUint32(b, uint32(len(v)))
			b = append(b, v...)
		case uint64:
			b = binary.LittleEndian.AppendUint64(b, v)
		default:
			panic("stream: give strings and uint64s")
		}
	}
	return b
}

func push(tb testing.TB, e *Executor, input []byte, want engine.Want) {
	tb.Helper()
	slot := e.Slot()
	if slot == nil {
		tb.Fatal("the ring is full")
	}
	e.Push(copy(slot, input), want)
}

func wait(tb testing.TB, e *Executor) *Result {
	tb.Helper()
	r, err := e.Wait(context.Background())
	if err != nil {
		tb.Fatal(err)
	}
	return r
}

// runOne runs one input by itself.
func runOne(tb testing.TB, e *Executor, want engine.Want, values ...any) *Result {
	tb.Helper()
	push(tb, e, stream(values...), want)
	return wait(tb, e)
}
