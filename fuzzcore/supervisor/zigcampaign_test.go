package supervisor

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/fuzzls/fuzzls/fuzzcore/coverage"
	"github.com/fuzzls/fuzzls/fuzzcore/store"
	"github.com/fuzzls/fuzzls/fuzzcore/target"
	"github.com/fuzzls/fuzzls/fuzzcore/worker"
	"github.com/fuzzls/fuzzls/fuzzcore/zigtest"
	"github.com/fuzzls/fuzzls/fuzzcore/zigtest/programs"
)

// This file runs campaigns of real Zig executables, with the test binary as their
// workers.

// realWorker is `fuzzls worker`.
func realWorker() {
	manifest := flag.String("manifest", "", "")
	seed := flag.String("seed", "", "")
	flag.String("listen", "", "")
	flag.String("cache-dir", "", "")
	flag.Parse()
	m, err := target.LoadManifest(*manifest)
	if err == nil {
		number, _ := strconv.ParseUint(*seed, 0, 32)
		ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
		defer stop()
		err = worker.Run(ctx, worker.Config{Manifest: m, Seed: uint32(number), Version: "test"}, os.Stdin, os.Stdout)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// zigTarget describes a fuzz test of programs.All, as a builder does.
func zigTarget(t testing.TB, state *store.State, mode, exe, name string) target.Test {
	t.Helper()
	d, err := zigtest.Describe(context.Background(), zigtest.Config{Exe: exe}, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	points := &coverage.Points{ID: d.ID, PCs: d.PCs, Edges: len(d.PCs)}
	var data bytes.Buffer
	if err := points.Encode(&data); err != nil {
		t.Fatal(err)
	}
	if err := state.SavePoints(points.ID, data.Bytes()); err != nil {
		t.Fatal(err)
	}
	full := "all.test." + name
	if err := state.FuzzTest(".", full).Create(); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Dir(exe)
	return target.Test{
		Language: target.Zig, Name: full, Package: ".", Func: full, File: filepath.Join(dir, "all.zig"), Line: 1,
		Sources: dir, Exe: exe, Dir: state.Root(), Schema: target.RawSchema(), CoverageID: d.ID,
		Zig: &target.ZigTest{Name: full, Version: programs.Version, Optimize: mode},
	}
}

// zigCampaign is a campaign of Zig fuzz tests that a test looks at while it runs.
type zigCampaign struct {
	*Campaign
	t       testing.TB
	state   *store.State
	notices *notices

	mu      sync.Mutex
	last    Snapshot      // guarded by mu
	changed chan struct{} // something has changed
	stop    context.CancelFunc
	ended   chan struct{} // closed when report and err are set
	report  *Report
	err     error
}

// newZigCampaign prepares a campaign of fuzz tests of programs.All.
func newZigCampaign(t testing.TB, root string, names []string, change func(*Config)) *zigCampaign {
	t.Helper()
	exe := programs.ForTest(t, "all", programs.All, programs.ReleaseSafe)
	state, err := store.Open(root)
	if err != nil {
		t.Fatal(err)
	}
	z := &zigCampaign{t: t, state: state, changed: make(chan struct{}, 1), ended: make(chan struct{})}
	z.notices = &notices{changed: z.changed}
	config := Config{
		State: state, Root: root, Jobs: 1, Worker: []string{os.Args[0]}, Notice: z.notices.add, Seed: 1,
		Timeout: 20 * time.Second, MemoryLimit: 1 << 30, Processors: 1, Observe: z.observe,
	}
	for _, name := range names {
		config.Tests = append(config.Tests, zigTarget(t, state, programs.ReleaseSafe, exe, name))
	}
	if change != nil {
		change(&config)
	}
	if z.Campaign, err = New(config); err != nil {
		t.Fatal(err)
	}
	return z
}

func (z *zigCampaign) observe(s Snapshot) {
	z.mu.Lock()
	z.last = s
	z.mu.Unlock()
	select {
	case z.changed <- struct{}{}:
	default:
	}
}

func (z *zigCampaign) snapshot() Snapshot {
	z.mu.Lock()
	defer z.mu.Unlock()
	return z.last
}

// start starts the campaign, which finish ends.
func (z *zigCampaign) start() *zigCampaign {
	ctx, stop := context.WithCancel(context.Background())
	z.stop = stop
	go func() {
		z.report, z.err = z.Run(ctx)
		close(z.ended)
	}()
	z.t.Cleanup(func() { stop(); <-z.ended })
	return z
}

// await waits until done says so of what the campaign shows, or the campaign has ended.
func (z *zigCampaign) await(done func(Snapshot) bool) {
	z.t.Helper()
	for {
		s := z.snapshot()
		if len(s.Tests) > 0 && done(s) {
			return
		}
		select {
		case <-z.changed:
		case <-z.ended:
			z.t.Fatalf("the campaign has ended: %v\n%s", z.err, z.notices)
		}
	}
}

// finish stops the campaign and returns its report.
func (z *zigCampaign) finish() *Report {
	z.t.Helper()
	z.stop()
	return z.wait()
}

// wait waits for the campaign's own end and returns its report.
func (z *zigCampaign) wait() *Report {
	z.t.Helper()
	<-z.ended
	if z.err != nil {
		z.t.Fatalf("%v\n%s", z.err, z.notices)
	}
	return z.report
}

// corpus returns the entries that are kept of a fuzz test.
func (z *zigCampaign) corpus(name string) []string {
	z.t.Helper()
	names, err := z.state.FuzzTest(".", "all.test."+name).Corpus().List()
	if err != nil {
		z.t.Fatal(err)
	}
	return names
}

// pidOf returns the process id in a path in /proc.
func pidOf(path string) int {
	pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
	return pid
}
