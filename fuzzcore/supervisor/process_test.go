package supervisor

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fuzzls/fuzzls/fuzzcore/abi"
	"github.com/fuzzls/fuzzls/fuzzcore/coverage"
	"github.com/fuzzls/fuzzls/fuzzcore/store"
	"github.com/fuzzls/fuzzls/fuzzcore/target"
)

// This file tests the supervisor with workers that misbehave: the test binary
// itself, started again.

const fakeWorkerEnv = "FUZZLS_FAKE_WORKER"

func TestMain(m *testing.M) {
	if how := os.Getenv(fakeWorkerEnv); how != "" {
		fakeWorker(how)
		return
	}
	if len(os.Args) > 1 && strings.HasPrefix(os.Args[1], "--listen=") {
		realWorker()
		return
	}
	if root := os.Getenv(zigSupervisorEnv); root != "" {
		zigSupervisor(root)
		return
	}
	os.Exit(m.Run())
}

// fakeWorker behaves as how says, once it has been told to start.
func fakeWorker(how string) {
	tag, body, err := abi.ReadMessage(os.Stdin)
	if err != nil || tag != abi.TagStartFuzzing {
		os.Exit(3)
	}
	start, err := abi.DecodeStartFuzzing(body)
	if err != nil {
		os.Exit(4)
	}
	frame := func(tag, length uint32, body string) {
		header := binary.LittleEndian.AppendUint32(nil, tag)
		os.Stdout.Write(append(binary.LittleEndian.AppendUint32(header, length), body...))
	}
	switch how {
	case "garbage":
		io.WriteString(os.Stdout, "this is no message, it is a line of text")
	case "half":
		frame(uint32(abi.TagNotice), 100, "cut")
		return
	case "huge":
		frame(uint32(abi.TagBroadcastFuzzInput), 1<<32-1, "")
	case "unknown":
		frame(12345, 0, "")
	case "other test":
		frame(uint32(abi.TagBroadcastFuzzInput), 5, "\x07\x00\x00\x00x")
	case "bad crash":
		frame(uint32(abi.TagCrash), 3, "abc")
	case "dies":
		fmt.Fprintln(os.Stderr, "something is wrong")
		os.Exit(7)
	case "done":
		return
	case "relay":
		fakeRelay(start.Amount)
		return
	case "deaf":
		select {} // never reads, never writes
	}
	io.Copy(io.Discard, os.Stdin) // a worker ends with its stdin
}

// fakeRelay sends an input as instance 0, and confirms as the others what came.
func fakeRelay(instance uint64) {
	input := abi.FuzzInput{Test: 0, Data: []byte("found")}
	if instance == 0 {
		abi.WriteMessage(os.Stdout, abi.TagBroadcastFuzzInput, input.Append(nil))
		io.Copy(io.Discard, os.Stdin)
		return
	}
	tag, body, err := abi.ReadMessage(os.Stdin)
	text := fmt.Sprintf("instance %d got tag %d %q %v", instance, tag, body, err)
	abi.WriteMessage(os.Stdout, abi.TagNotice, abi.Notice{Test: abi.NoTest, Text: text}.Append(nil))
	io.Copy(io.Discard, os.Stdin)
}

// fakeCampaign prepares a campaign whose workers behave as how says.
func fakeCampaign(t *testing.T, how string, change func(*Config)) (*Campaign, *notices) {
	t.Helper()
	t.Setenv(fakeWorkerEnv, how)
	root := t.TempDir()
	state, err := store.Open(root)
	if err != nil {
		t.Fatal(err)
	}
	points := &coverage.Points{PCs: []uint64{0x1000, 0x1010}, Edges: 2}
	points.ID = abi.CoverageID(points.PCs)
	var data bytes.Buffer
	if err := points.Encode(&data); err != nil {
		t.Fatal(err)
	}
	if err := state.SavePoints(points.ID, data.Bytes()); err != nil {
		t.Fatal(err)
	}
	if err := state.FuzzTest("m", "FuzzX").Create(); err != nil {
		t.Fatal(err)
	}
	n := &notices{changed: make(chan struct{}, 1)}
	config := Config{
		State: state, Root: root, Jobs: 1, Worker: []string{os.Args[0]}, Notice: n.add,
		Tests: []target.Test{{Name: "m.FuzzX", Package: "m", Func: "FuzzX", CoverageID: points.ID}},
	}
	if change != nil {
		change(&config)
	}
	campaign, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	return campaign, n
}

// notices collects what the user is told.
type notices struct {
	mu      sync.Mutex
	text    bytes.Buffer // guarded by mu
	changed chan struct{}
}

func (n *notices) add(line string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	fmt.Fprintln(&n.text, line)
	select {
	case n.changed <- struct{}{}:
	default:
	}
}

func (n *notices) String() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.text.String()
}

// wait waits until part has been said.
func (n *notices) wait(part string) {
	for !strings.Contains(n.String(), part) {
		<-n.changed
	}
}

func TestWorkersThatMisbehave(t *testing.T) {
	for how, says := range map[string]string{
		"garbage":    "its messages make no sense",
		"half":       "cut off",
		"huge":       "4294967295 bytes",
		"unknown":    "tag 0x3039 is unknown",
		"other test": "fuzz test 7 of 1",
		"bad crash":  "crash",
		"dies":       "something is wrong",
	} {
		t.Run(how, func(t *testing.T) {
			campaign, notices := fakeCampaign(t, how, nil)
			_, err := campaign.Run(t.Context())
			if err == nil || !strings.Contains(err.Error(), says) || !strings.Contains(err.Error(), "3 times in a row") {
				t.Errorf("error %v, want %q", err, says)
			}
			if got := strings.Count(notices.String(), "starting it again"); got != restartLimit-1 {
				t.Errorf("%d restarts:\n%s", got, notices)
			}
		})
	}
}

func TestWorkerThatIsDone(t *testing.T) {
	campaign, _ := fakeCampaign(t, "done", func(c *Config) { c.Limit = 1 })
	report, err := campaign.Run(t.Context())
	if err != nil || len(report.Tests) != 1 {
		t.Errorf("report %+v, %v", report, err)
	}
}

func TestRelay(t *testing.T) {
	campaign, notices := fakeCampaign(t, "relay", func(c *Config) { c.Jobs = 3 })
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() {
		_, err := campaign.Run(ctx)
		ended <- err
	}()
	for _, instance := range []string{"1", "2"} {
		notices.wait("instance " + instance + " got tag 7 \"\\x00\\x00\\x00\\x00found\" <nil>")
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// TestDeafWorker stops a worker that ignores everything but signals.
func TestDeafWorker(t *testing.T) {
	campaign, _ := fakeCampaign(t, "deaf", nil)
	ctx, stop := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer stop()
	if _, err := campaign.Run(ctx); err != nil {
		t.Error(err)
	}
}

func TestQueueDropsOldest(t *testing.T) {
	q := newQueue()
	frame := make([]byte, queueLimit/4)
	for i := range 8 {
		f := append([]byte(nil), frame...)
		f[0] = byte(i)
		q.put(f)
	}
	if got, ok := q.take(); !ok || got[0] != 4 {
		t.Errorf("the oldest frame is %d, want 4", got[0])
	}
	q.close()
	if _, ok := q.take(); ok {
		t.Error("a closed queue gives a frame")
	}
}
