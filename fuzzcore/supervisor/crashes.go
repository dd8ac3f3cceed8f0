package supervisor

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"sync"
	"time"

	"github.com/fuzzls/fuzzls/fuzzcore/abi"
	"github.com/fuzzls/fuzzls/fuzzcore/crash"
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
	meta   CrashMeta // as it was saved last

	described []byte // the input whose values are kept beside it
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
	k.describeAll()
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
	report := worker.Analyze(t, k.campaign.config.Modules, k.campaign.tests[test].sources, c)
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
	defer k.changed(kept)
	if k.recall(kept) {
		k.reopen(kept)
		k.shrink(kept, c)
		return
	}
	if err := k.save(kept); err != nil {
		k.campaign.notice("keeping a crash of %s: %v", t.Name, err)
	} else if k.campaign.config.Crashed == nil {
		k.campaign.notice("%s crashed at %s: %s", t.Func, kept.meta.Location, report)
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
	if report := worker.Analyze(t, k.campaign.config.Modules, k.campaign.tests[kept.test].sources, c); report.Signature == kept.report.Signature {
		kept.report = report
	}
	kept.input, kept.text, kept.output = c.Input, c.Text, c.Output
	if err := k.save(kept); err != nil {
		k.campaign.notice("keeping a smaller input of a crash: %v", err)
	}
	k.changed(kept)
}

// changed tells the campaign's owner of a crash.
func (k *crashKeeper) changed(kept *keptCrash) {
	if tell := k.campaign.config.Crashed; tell != nil {
		tell(kept.test, kept.report.Signature)
	}
}

// reopen notes that a crash that an earlier campaign found happens still, and where it is
// in the present source.
func (k *crashKeeper) reopen(kept *keptCrash) {
	t := k.campaign.tests[kept.test].test
	meta, err := k.files().SeenAgain(t, &kept.report, kept.meta)
	if err != nil {
		k.campaign.notice("counting a known crash of %s: %v", t.Name, err)
	}
	kept.meta = meta
}

// save writes the crash into the state and its input where plain `go test` finds it. The
// caller holds k.mu.
func (k *crashKeeper) save(kept *keptCrash) error {
	meta, err := k.files().Save(k.campaign.tests[kept.test].test, &CrashContent{
		Report: kept.report, Input: kept.input, Text: kept.text, Output: kept.output,
	}, kept.meta.Reproducer)
	if err != nil {
		return err
	}
	kept.meta = meta
	return nil
}

func (k *crashKeeper) files() *CrashFiles {
	config := &k.campaign.config
	return &CrashFiles{State: config.State, Root: config.Root, ReplayFlags: config.ReplayFlags, Timeout: config.Timeout}
}

// recall fills in what an earlier campaign has kept of a crash. It reports false if
// there is nothing, or its reproducer is gone.
func (k *crashKeeper) recall(kept *keptCrash) bool {
	input, meta, err := k.files().Load(k.campaign.tests[kept.test].test, kept.report.Signature)
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			k.campaign.notice("%v", err)
		}
		return false
	}
	kept.known, kept.input, kept.meta = true, input, meta
	if len(InputValues(k.files().absolute(meta.Reproducer))) > 0 {
		kept.described = input
	}
	return true
}

// reports returns what is told of a fuzz test's crashes at the end.
func (k *crashKeeper) reports(test int) []CrashReport {
	k.mu.Lock()
	defer k.mu.Unlock()
	reports := []CrashReport{}
	for _, kept := range k.order[test] {
		reports = append(reports, CrashReport{
			Signature: kept.report.Signature, Kind: string(kept.report.Kind), Message: kept.report.Message,
			Location: k.files().location(k.campaign.tests[kept.test].test, &kept.report), Inputs: kept.inputs, Known: kept.known,
			FirstRun: kept.first.Run, FirstTime: time.Duration(kept.first.Nanos),
			Reproducer: kept.meta.Reproducer, Replay: kept.meta.Replay,
		})
	}
	return reports
}
