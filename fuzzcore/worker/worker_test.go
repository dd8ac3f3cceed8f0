package worker

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/fuzzls/fuzzls/fuzzcore/abi"
	"github.com/fuzzls/fuzzls/fuzzcore/crash"
	"github.com/fuzzls/fuzzls/fuzzcore/executor"
	"github.com/fuzzls/fuzzls/fuzzcore/store"
	"github.com/fuzzls/fuzzls/fuzzcore/target"
)

// This file tests what a worker decides by itself. The end-to-end tests of the
// command run real workers.

func TestPickTriesEverythingFirst(t *testing.T) {
	tests := []*hopState{{}, {}, {}}
	rng := rand.New(rand.NewPCG(1, 1))
	for want := range tests {
		if got := pick(rng, tests, 0); got != want {
			t.Errorf("test %d before %d had its first turn", got, want)
		}
		tests[want].batches++
	}
	if got := pick(rng, []*hopState{{}, {}, {}}, 4); got != 1 {
		t.Errorf("instance 4 begins with test %d, want 1", got)
	}
}

func TestPickPrefersFinders(t *testing.T) {
	tests := []*hopState{
		{batches: 100, sinceFind: 90, lastFind: 10, covered: 10},
		{batches: 100, sinceFind: 0, lastFind: 290, covered: 10},
		{batches: 100, sinceFind: 99, lastFind: 1, covered: 10},
	}
	rng := rand.New(rand.NewPCG(1, 1))
	var turns [3]int
	for range 10_000 {
		turns[pick(rng, tests, 0)]++
	}
	if turns[1] < 9*turns[0] || turns[0] <= turns[2] || turns[2] == 0 {
		t.Errorf("turns %v: want nearly all for the second, some for the others", turns)
	}
}

func TestPickLeavesOutWhatIsDone(t *testing.T) {
	tests := []*hopState{{batches: 1, done: true}, {batches: 1}, {batches: 1, done: true}}
	rng := rand.New(rand.NewPCG(1, 1))
	for range 100 {
		if got := pick(rng, tests, 0); got != 1 {
			t.Fatalf("test %d has its turn", got)
		}
	}
	tests[1].done = true
	if got := pick(rng, tests, 0); got != -1 {
		t.Errorf("test %d has its turn though all are done", got)
	}
}

func TestCrashFilter(t *testing.T) {
	var f crashFilter
	analyzed := 0
	take := func(text string, size int) bool {
		return f.take(executor.Failed, text, make([]byte, size), func() crash.Report {
			analyzed++
			word, _, _ := strings.Cut(text, " ")
			return crash.Report{Signature: word}
		})
	}
	if !take("a 0x12", 10) || !take("b 0x12", 10) {
		t.Error("a new signature is not told of")
	}
	if take("a 0x34", 10) || take("a 0x56", 11) {
		t.Error("the same again is told of")
	}
	if !take("a 0x78", 9) || take("a 0x78", 9) {
		t.Error("a smaller input must be told of, once")
	}
	if analyzed != 2 {
		t.Errorf("%d texts analyzed: they differ in digits only", analyzed)
	}
	if len(f.again) != 1 || f.again[0].more != 3 {
		t.Errorf("counted %+v, want 3 of a", f.again)
	}
}

func TestBatchCost(t *testing.T) {
	var c batchCost
	if got := c.limit(256); got != 16 {
		t.Errorf("first batch of %d", got)
	}
	for _, step := range []struct {
		edges uint32
		want  int
	}{{10, 256}, {400, 64}, {5000, 16}} {
		c = batchCost{}
		c.add(step.edges)
		if got := c.limit(256); got != step.want {
			t.Errorf("%d edges a run: batches of %d, want %d", step.edges, got, step.want)
		}
	}
}

// TestBadMessages starts workers that are told nonsense.
func TestBadMessages(t *testing.T) {
	root := t.TempDir()
	if _, err := store.Open(root); err != nil {
		t.Fatal(err)
	}
	message := func(tag abi.Tag, body []byte) string { return string(abi.AppendMessage(nil, tag, body)) }
	start := abi.StartFuzzing{Kind: abi.LimitForever}
	unknown := abi.StartFuzzing{Names: []string{"example.com/m.FuzzGone"}}
	for says, in := range map[string]string{
		"waiting for start_fuzzing":  "",
		"cut off":                    "abc",
		"tag 0x7":                    message(abi.TagNewFuzzInput, nil),
		"names no fuzz test":         message(abi.TagStartFuzzing, start.Append(nil)),
		"FuzzGone no longer exists":  message(abi.TagStartFuzzing, unknown.Append(nil)),
		"malformed message body":     message(abi.TagStartFuzzing, []byte{9}),
		"4294967295 bytes":           string(binary.LittleEndian.AppendUint64(nil, 0xffffffff00000006)),
		"waiting for start_fuzzing:": "",
	} {
		var out bytes.Buffer
		config := Config{Manifest: &target.Manifest{Root: root}, Version: "test"}
		err := Run(context.Background(), config, strings.NewReader(in), &out)
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("told %q: %v, want %q", in, err, says)
		}
		tag, body, err := abi.ReadMessage(&out)
		if err != nil || tag != abi.TagZigVersion || string(body) != "test" {
			t.Errorf("first message %#x %q, %v", tag, body, err)
		}
	}
}

func TestPendingInputs(t *testing.T) {
	var p pendingInputs
	var in bytes.Buffer
	for i := range pendingLimit + 2 {
		input := abi.FuzzInput{Test: 1, Data: binary.LittleEndian.AppendUint32(nil, uint32(i))}
		abi.WriteMessage(&in, abi.TagNewFuzzInput, input.Append(nil))
	}
	if err := p.read(&in, 2); err != io.EOF {
		t.Fatal(err)
	}
	if p.waiting(0) || !p.waiting(1) {
		t.Error("the inputs wait for the wrong fuzz test")
	}
	var got []uint32
	p.take(1, func(data []byte) { got = append(got, binary.LittleEndian.Uint32(data)) })
	if len(got) != pendingLimit || got[0] != 2 {
		t.Errorf("%d inputs from number %d, want the newest %d", len(got), got[0], pendingLimit)
	}
	if p.waiting(1) {
		t.Error("inputs wait twice")
	}
	in.Reset()
	abi.WriteMessage(&in, abi.TagNewFuzzInput, abi.FuzzInput{Test: 2}.Append(nil))
	if err := p.read(&in, 2); err == nil || !strings.Contains(err.Error(), "fuzz test 2 of 2") {
		t.Errorf("an input for a fuzz test that is not there: %v", err)
	}
}
