package supervisor

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/fuzzls/fuzzls/fuzzcore/abi"
	"github.com/fuzzls/fuzzls/fuzzcore/crash"
	"github.com/fuzzls/fuzzls/fuzzcore/target/golang/gocorpus"
	"github.com/fuzzls/fuzzls/fuzzcore/worker"
)

// This file defines crashKeeper: which crashes a campaign has seen, and what is
// kept of each.

// crashKeeper keeps one entry for each signature of each fuzz test, with its
// smallest input. Its methods are safe for concurrent use.
type crashKeeper struct {
	campaign *Campaign
	work     chan *keptCrash // to the minimizer
	group    sync.WaitGroup
	cancel   context.CancelFunc

	mu      sync.Mutex
	crashes []map[string]*keptCrash // guarded by mu; by fuzz test and signature
	order   [][]*keptCrash          // guarded by mu; by fuzz test, in the order found
}

// keptCrash is one signature of one fuzz test. crashKeeper.mu guards what changes.
type keptCrash struct {
	test   int
	report crash.Report
	first  abi.Crash
	known  bool // an earlier campaign has saved it

	input  []byte // smallest Smith stream so far
	text   string // what the target said of it
	output string // what it printed
	inputs uint64
	files  crashFiles
}

// CrashMeta is what is stored with a crash, for those who read the state without a
// campaign.
type CrashMeta struct {
	crash.Report
	Package string `json:"package"`
	Func    string `json:"func"`
	// Location is that of the top frame, Reproducer and Replay say how to see the
	// crash again; paths are relative to the workspace's root.
	Location   string `json:"location"`
	Reproducer string `json:"reproducer"`
	Replay     string `json:"replay"`
}

// minimizeQueue is how many crashes may wait to be minimized. A campaign that finds
// more new signatures at once leaves the rest as they were found.
const minimizeQueue = 64

func newCrashKeeper(c *Campaign) *crashKeeper {
	k := &crashKeeper{campaign: c, work: make(chan *keptCrash, minimizeQueue)}
	k.crashes = make([]map[string]*keptCrash, len(c.tests))
	k.order = make([][]*keptCrash, len(c.tests))
	for i := range k.crashes {
		k.crashes[i] = map[string]*keptCrash{}
	}
	return k
}

// start begins to minimize crashes in the background.
func (k *crashKeeper) start() {
	ctx, cancel := context.WithCancel(context.Background())
	k.cancel = cancel
	k.group.Go(func() {
		for kept := range k.work {
			if ctx.Err() == nil {
				k.minimize(ctx, kept)
			}
		}
	})
}

// stop ends the minimizer and waits for it: at once if ctx has ended, otherwise when
// it has done what was given to it. Nothing may be added any more.
func (k *crashKeeper) stop(ctx context.Context) {
	defer context.AfterFunc(ctx, k.cancel)()
	close(k.work)
	k.group.Wait()
	k.cancel()
}

// count returns the number of signatures of a fuzz test.
func (k *crashKeeper) count(test int) int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return len(k.order[test])
}

// again counts inputs of a signature that is known already.
func (k *crashKeeper) again(test int, signature string, n uint64) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if kept := k.crashes[test][signature]; kept != nil {
		kept.inputs += n
	}
}

// add takes a crash that a worker found: it keeps a new signature, or a smaller
// input of one that is known.
func (k *crashKeeper) add(test int, c *abi.Crash) {
	t := k.campaign.tests[test].test
	report := worker.Analyze(t, k.campaign.config.Modules, c)
	k.mu.Lock()
	defer k.mu.Unlock()
	if kept := k.crashes[test][report.Signature]; kept != nil {
		kept.inputs++
		k.shrink(kept, c)
		return
	}
	kept := &keptCrash{test: test, report: report, first: *c, input: c.Input, text: c.Text, output: c.Output, inputs: 1}
	k.crashes[test][report.Signature] = kept
	k.order[test] = append(k.order[test], kept)
	if k.recall(kept) {
		k.shrink(kept, c)
		return
	}
	if err := k.save(kept); err != nil {
		k.campaign.notice("keeping a crash of %s: %v", t.Name, err)
	} else {
		k.campaign.notice("%s crashed at %s: %s", t.Func, k.location(kept), report)
	}
	select {
	case k.work <- kept:
	default:
	}
}

// shrink replaces a crash's input by a smaller one. The caller holds k.mu.
func (k *crashKeeper) shrink(kept *keptCrash, c *abi.Crash) {
	if len(c.Input) < len(kept.input) {
		k.replace(kept, c)
	}
}

// replace gives a crash another input, and what that input makes the fuzz test say.
// The caller holds k.mu.
func (k *crashKeeper) replace(kept *keptCrash, c *abi.Crash) {
	if bytes.Equal(c.Input, kept.input) {
		return
	}
	t := k.campaign.tests[kept.test].test
	if report := worker.Analyze(t, k.campaign.config.Modules, c); report.Signature == kept.report.Signature {
		kept.report = report
	}
	kept.input, kept.text, kept.output = c.Input, c.Text, c.Output
	if err := k.save(kept); err != nil {
		k.campaign.notice("keeping a smaller input of a crash: %v", err)
	}
}

// location returns file:line of the top frame, relative to the root.
func (k *crashKeeper) location(kept *keptCrash) string {
	top := kept.report.Top
	t := k.campaign.tests[kept.test].test
	if top.File == "" {
		return fmt.Sprintf("%s:%d", k.relative(t.File), t.Line)
	}
	file := top.File
	if !filepath.IsAbs(file) {
		file = filepath.Join(t.Dir, file)
	}
	return fmt.Sprintf("%s:%d", k.relative(file), top.Line)
}

func (k *crashKeeper) relative(path string) string {
	rel, err := filepath.Rel(k.campaign.config.Root, path)
	if err != nil || strings.HasPrefix(rel, "..") {
		return path
	}
	return rel
}

// crashFiles is where the input of a crash is, and how to run it.
type crashFiles struct{ reproducer, replay string }

// save writes the crash into the state and its input where plain `go test` finds
// it. The caller holds k.mu.
func (k *crashKeeper) save(kept *keptCrash) error {
	t := k.campaign.tests[kept.test].test
	data, err := gocorpus.Marshal(kept.input, t.Types)
	if err != nil {
		return err
	}
	superseded := kept.files.reproducer
	if kept.files, err = k.placeReproducer(kept, data); err != nil {
		return err
	}
	if superseded != "" && superseded != kept.files.reproducer {
		os.Remove(filepath.Join(k.campaign.config.Root, superseded)) // one too many does no harm
	}
	text := kept.text
	if kept.output != "" {
		text += "\n--- standard output ---\n" + kept.output
	}
	crashes := k.campaign.config.State.FuzzTest(t.Package, t.Func).Crashes()
	meta := CrashMeta{
		Report: kept.report, Package: t.Package, Func: t.Func, Location: k.location(kept),
		Reproducer: kept.files.reproducer, Replay: kept.files.replay,
	}
	if superseded == "" {
		_, err := crashes.Save(kept.report.Signature, map[string][]byte{inputFile: data, reportFile: []byte(text)}, meta)
		return err
	}
	return errors.Join(
		crashes.Put(kept.report.Signature, inputFile, data),
		crashes.Put(kept.report.Signature, reportFile, []byte(text)),
		crashes.SetMeta(kept.report.Signature, meta))
}

// inputFile and reportFile are the names of the input and of what the target said
// among a crash's files in the state.
const (
	inputFile  = "input"
	reportFile = "report.txt"
)

// recall fills in what an earlier campaign has kept of a crash. It reports false if
// there is nothing, or its reproducer is gone.
func (k *crashKeeper) recall(kept *keptCrash) bool {
	t := k.campaign.tests[kept.test].test
	saved, err := k.campaign.config.State.FuzzTest(t.Package, t.Func).Crashes().List()
	if err != nil {
		k.campaign.notice("%v", err)
	}
	for _, c := range saved {
		if c.Signature != kept.report.Signature {
			continue
		}
		var meta CrashMeta
		if json.Unmarshal(c.Meta, &meta) != nil {
			return false
		}
		data, err := os.ReadFile(filepath.Join(k.campaign.config.Root, meta.Reproducer))
		if err != nil {
			return false
		}
		input, err := gocorpus.Unmarshal(data, t.Types)
		if err != nil {
			return false
		}
		kept.known, kept.input, kept.files = true, input, crashFiles{meta.Reproducer, meta.Replay}
		return true
	}
	return false
}

// placeReproducer writes a crash's input into the package's testdata, where plain
// `go test` runs it, as `go test -fuzz` does. Where that cannot be written, such as
// in a module cache, the command says how to get it there.
func (k *crashKeeper) placeReproducer(kept *keptCrash, data []byte) (crashFiles, error) {
	t := k.campaign.tests[kept.test].test
	path := crash.ReproducerPath(t.Dir, t.Func, data)
	replay := crash.ReplayCommand(crash.Replay{
		Root: k.campaign.config.Root, Dir: t.Dir, Test: t.Func, Name: filepath.Base(path), Flags: k.campaign.config.ReplayFlags,
		Timeout: k.replayTimeout(kept),
	})
	err := os.MkdirAll(filepath.Dir(path), 0o755)
	if err == nil {
		err = os.WriteFile(path, data, 0o644)
	}
	if err == nil {
		return crashFiles{k.relative(path), replay}, nil
	}
	fallback := filepath.Join(k.campaign.config.State.FuzzTest(t.Package, t.Func).Dir(), filepath.Base(path))
	if writeErr := os.WriteFile(fallback, data, 0o644); writeErr != nil {
		return crashFiles{}, fmt.Errorf("writing the reproducer: %w; %w", err, writeErr)
	}
	replay = fmt.Sprintf("mkdir -p %s && cp %s %s && %s", filepath.Dir(path), fallback, path, replay)
	return crashFiles{k.relative(fallback), replay}, nil
}

// replayTimeout returns the time limit of a replay that would not end by itself, and
// 0 for others.
func (k *crashKeeper) replayTimeout(kept *keptCrash) time.Duration {
	switch kept.report.Kind {
	case crash.Hang, crash.Deadlock:
		return k.campaign.config.Timeout
	}
	return 0
}

// reports returns what is told of a fuzz test's crashes at the end.
func (k *crashKeeper) reports(test int) []CrashReport {
	k.mu.Lock()
	defer k.mu.Unlock()
	reports := []CrashReport{}
	for _, kept := range k.order[test] {
		reports = append(reports, CrashReport{
			Signature: kept.report.Signature, Kind: string(kept.report.Kind), Message: kept.report.Message,
			Location: k.location(kept), Inputs: kept.inputs, Known: kept.known,
			FirstRun: kept.first.Run, FirstTime: time.Duration(kept.first.Nanos),
			Reproducer: kept.files.reproducer, Replay: kept.files.replay,
		})
	}
	return reports
}
