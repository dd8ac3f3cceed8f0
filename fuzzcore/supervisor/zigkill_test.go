package supervisor

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/fuzzls/fuzzls/fuzzcore/abi"
	"github.com/fuzzls/fuzzls/fuzzcore/store"
	"github.com/fuzzls/fuzzls/fuzzcore/zigtest/programs"
)

// This file tests campaigns of Zig in which processes are killed, and that run out of
// disk.

// running returns what a campaign in a directory runs: the processes of Zig's executables
// by the number of their instance.
func running(root string) map[string]int {
	found := map[string]int{}
	links, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, link := range links {
		data, err := os.ReadFile(link)
		if err != nil || !strings.Contains(string(data), "--cache-dir="+root) || strings.Contains(string(data), "--manifest=") {
			continue
		}
		args := strings.Split(string(data), "\x00")
		i := slices.IndexFunc(args, func(arg string) bool { return strings.HasPrefix(arg, "--cache-dir=") })
		found[filepath.Base(args[i])] = pidOf(link)
	}
	return found
}

// TestZigInstanceKilled kills the processes of instances, the one that writes inputs
// first. Others take their places and nothing is lost.
func TestZigInstanceKilled(t *testing.T) {
	root := t.TempDir()
	z := newZigCampaign(t, root, []string{"walks"}, func(c *Config) { c.Jobs = 2 }).start()
	z.await(func(s Snapshot) bool {
		return s.Tests[0].Unique > 2 && len(running(root)) == 2 && len(z.corpus("walks")) > 0
	})
	for _, instance := range []string{"0", "1", "0"} {
		pid := running(root)[instance]
		kept, runs := z.corpus("walks"), z.snapshot().Tests[0].Runs
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		z.await(func(s Snapshot) bool {
			now := running(root)[instance]
			return now != 0 && now != pid && s.Tests[0].Runs > runs+1000
		})
		if len(kept) > 0 && len(z.corpus("walks")) == 0 {
			t.Error("the inputs are gone")
		}
	}
	if report := z.finish(); len(report.Tests[0].Crashes) != 0 {
		t.Errorf("a process that was killed counts as a crash: %+v", report.Tests[0].Crashes)
	}
	if left := running(root); len(left) != 0 {
		t.Errorf("processes %v are left", left)
	}
	if _, err := os.Stat(filepath.Join(z.state.FuzzTest(".", "all.test.walks").Dir(), "zig")); err == nil {
		t.Error("the cache is left")
	}
}

const zigSupervisorEnv = "FUZZLS_ZIG_SUPERVISOR"

// zigSupervisor runs a campaign until it is killed.
func zigSupervisor(root string) {
	var t killedTB
	os.Unsetenv(zigSupervisorEnv)
	newZigCampaign(&t, root, []string{"walks"}, func(c *Config) { c.Jobs = 2 }).start()
	select {}
}

// killedTB is the test in a process that will be killed.
type killedTB struct{ testing.TB }

func (*killedTB) Helper()                   {}
func (*killedTB) Cleanup(func())            {}
func (*killedTB) Setenv(name, value string) { os.Setenv(name, value) }
func (*killedTB) TempDir() string           { return os.TempDir() }
func (*killedTB) Fatal(args ...any)         { panic(args) }

// TestZigSupervisorKilled kills the supervisor: no process is left, and the next campaign
// takes over what the instances had kept.
func TestZigSupervisorKilled(t *testing.T) {
	root := t.TempDir()
	programs.ForTest(t, "all", programs.All, programs.ReleaseSafe)
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), zigSupervisorEnv+"="+root, "TMPDIR="+t.TempDir())
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	home := filepath.Join(root, store.DirName, "tests", "%2e", "all.test.walks", "zig")
	inputs := func() []string {
		files, _ := filepath.Glob(filepath.Join(home, "*", "f", abi.HexName(abi.Wyhash(0, []byte("all.test.walks"))), "?"))
		return files
	}
	for len(running(root)) < 2 || len(inputs()) < 3 {
		time.Sleep(time.Millisecond) // another process's doing: nobody tells
	}
	cmd.Process.Kill()
	cmd.Wait()
	for len(running(root)) > 0 {
		time.Sleep(time.Millisecond)
	}
	var left [][]byte
	for _, path := range inputs() {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		left = append(left, data)
	}
	z := newZigCampaign(t, root, []string{"walks"}, func(c *Config) { c.OnlyCorpus = true })
	if _, err := z.prepareZig(); err != nil {
		t.Fatal(err)
	}
	kept := z.corpus("walks")
	for _, data := range left {
		if !slices.Contains(kept, store.EntryName(data)) {
			t.Errorf("input %x is lost", data)
		}
	}
}

// TestZigFullDisk fuzzes where there is no room for what Zig's fuzzer writes, and where
// there is some, but not for long.
func TestZigFullDisk(t *testing.T) {
	for _, room := range []int64{16 << 10, 92 << 10} {
		root := t.TempDir()
		if err := syscall.Mount("tmpfs", root, "tmpfs", 0, "size=16m"); err != nil {
			if os.Getenv("CI") != "" {
				t.Fatalf("mounting a small file system: %v", err)
			}
			t.Skipf("NOT TESTED: a full disk: mounting needs root: %v", err)
		}
		defer syscall.Unmount(root, syscall.MNT_DETACH)
		z := newZigCampaign(t, root, []string{"walks"}, nil)
		if _, err := z.prepareZig(); err != nil {
			t.Fatal(err)
		}
		fillDisk(t, filepath.Join(root, "filler"), room)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // room is left if that passes
		defer cancel()
		_, err := z.Run(ctx)
		if err == nil || !strings.Contains(err.Error(), "no space left on device") {
			t.Errorf("with %d bytes: %v\n%s", room, err, z.notices)
		}
	}
}

// fillDisk writes a file that leaves so many bytes of its file system.
func fillDisk(t *testing.T, path string, room int64) {
	t.Helper()
	var fs syscall.Statfs_t
	if err := syscall.Statfs(filepath.Dir(path), &fs); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, make([]byte, int64(fs.Bavail)*fs.Bsize-room), 0o666); err != nil {
		t.Fatal(err)
	}
}
