package supervisor

import (
	"context"
	"fmt"
	"io"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/fuzzls/fuzzls/fuzzcore/abi"
)

// This file defines instance: the supervisor's side of one worker process.

// restartLimit is how often in a row a worker may die before it has worked for
// restartWindow: then it will not do better the next time. It is processor time: on a
// busy machine, a worker that only starts and dies may take long, too.
const (
	restartLimit  = 3
	restartWindow = 2 * time.Second
)

// instance is one worker of the campaign: a process, started again when it dies.
type instance struct {
	campaign *Campaign
	share    share
	manifest string
	// processor is the only one that its processes run on; -1 if they may run anywhere.
	// The campaign sets it.
	processor int

	// worked is the processor time of the process that ended last, with that of the
	// executors that it waited for. Only supervise's goroutine uses it.
	worked time.Duration

	mu    sync.Mutex
	queue *queue // guarded by mu; of the process that runs or of the next one
}

func newInstance(c *Campaign, s share, manifest string) *instance {
	w := &instance{campaign: c, share: s, manifest: manifest}
	w.renewQueue()
	return w
}

// send queues a message for the process, or for the next one if it has died.
func (w *instance) send(frame []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.queue.put(frame)
}

// renewQueue makes the queue of the next process, which is told first what to do.
func (w *instance) renewQueue() {
	q := newQueue()
	q.put(w.startMessage())
	w.mu.Lock()
	defer w.mu.Unlock()
	w.queue = q
}

// supervise runs the process until ctx ends or it has done its work, and starts it
// again when it dies.
func (w *instance) supervise(ctx context.Context) error {
	failures := 0
	for ctx.Err() == nil {
		w.worked = 0
		err := w.runOnce(ctx)
		if err == nil || ctx.Err() != nil {
			return nil
		}
		if w.worked > restartWindow {
			failures = 0
		}
		failures++
		if failures >= restartLimit {
			return fmt.Errorf("worker %d died %d times in a row: %w", w.share.instance, failures, err)
		}
		w.campaign.notice("worker %d: %v: starting it again", w.share.instance, err)
	}
	return nil
}

// runOnce runs one process from start to end. It returns nil if the process ended
// because it had done its work.
func (w *instance) runOnce(ctx context.Context) error {
	// The parent-death signal is sent when the thread that started the child ends.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()

	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	cmd := w.command(ctx)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return fmt.Errorf("starting a worker: %w", err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return fmt.Errorf("starting a worker: %w", err)
	}
	var stderr tail
	cmd.Stderr = &stderr
	if err := onProcessor(w.processor, cmd.Start); err != nil {
		return fmt.Errorf("starting a worker: %w", err)
	}
	w.campaign.addAlive(1)
	defer w.campaign.addAlive(-1)

	q := w.queue // only this goroutine replaces it
	var group sync.WaitGroup
	group.Go(func() { feed(stdin, q) })
	readErr := w.read(stdout)
	w.renewQueue()
	q.close()
	if readErr != nil {
		cancel() // its messages make no sense any more
	}
	err = cmd.Wait()
	group.Wait()
	if ended := cmd.ProcessState; ended != nil {
		w.worked = ended.UserTime() + ended.SystemTime()
	}
	if readErr != nil {
		return readErr
	}
	if err != nil {
		return fmt.Errorf("%w%s", err, stderr.indented())
	}
	return nil
}

func (w *instance) command(ctx context.Context) *exec.Cmd {
	c := w.campaign.config
	args := append(c.Worker[1:len(c.Worker):len(c.Worker)], "--listen=-", "--cache-dir="+c.State.Dir(),
		fmt.Sprintf("--seed=%#x", c.Seed), "--manifest="+w.manifest)
	cmd := exec.CommandContext(ctx, c.Worker[0], args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = stopGrace
	return cmd
}

func (w *instance) startMessage() []byte {
	c := w.campaign
	start := abi.StartFuzzing{Kind: abi.LimitForever, Amount: w.share.instance}
	if c.config.limited() {
		start = abi.StartFuzzing{Kind: abi.LimitIterations, Amount: c.config.Limit}
	}
	for _, i := range w.share.tests {
		start.Names = append(start.Names, c.tests[i].test.Name)
	}
	return abi.AppendMessage(nil, abi.TagStartFuzzing, start.Append(nil))
}

// feed writes what is queued to a worker's stdin until the queue is closed, then
// ends that stdin. A worker that died takes nothing more.
func feed(stdin io.WriteCloser, q *queue) {
	defer stdin.Close()
	for {
		frame, ok := q.take()
		if !ok {
			return
		}
		if _, err := stdin.Write(frame); err != nil {
			return
		}
	}
}

func (c *Campaign) addAlive(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.alive += n
}

// tailBytes is how much of a worker's stderr is kept: enough for a stack trace.
const tailBytes = 8 << 10

// tail keeps the last bytes written to it.
type tail struct {
	mu   sync.Mutex
	data []byte // guarded by mu
}

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.data = append(t.data, p...)
	if len(t.data) > 2*tailBytes {
		t.data = append(t.data[:0], t.data[len(t.data)-tailBytes:]...)
	}
	return len(p), nil
}

func (t *tail) indented() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	text := strings.TrimSpace(string(t.data))
	if text == "" {
		return ""
	}
	return "\n\t" + strings.ReplaceAll(text, "\n", "\n\t")
}
