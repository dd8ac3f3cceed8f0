package zigtest

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/fuzzls/fuzzls/fuzzcore/abi"
	"github.com/fuzzls/fuzzls/fuzzcore/proc"
)

// This file tests children that are not what they should be: the test binary itself,
// started again. Those that speak older forms replay the layouts that are documented of
// them.

const standInEnv = "FUZZLS_ZIG_STAND_IN"

func TestMain(m *testing.M) {
	if how := os.Getenv(standInEnv); how != "" {
		standIn(how)
		return
	}
	os.Exit(m.Run())
}

// frame writes a message of any length that claims to have so many bytes.
func frame(tag abi.Tag, length uint32, body string) {
	header := binary.LittleEndian.AppendUint32(nil, uint32(tag))
	os.Stdout.Write(append(binary.LittleEndian.AppendUint32(header, length), body...))
}

func say(tag abi.Tag, body []byte) { frame(tag, uint32(len(body)), string(body)) }

// standIn behaves as how says.
func standIn(how string) {
	reader := bufio.NewReader(os.Stdin)
	switch how {
	case "exits":
		fmt.Fprintln(os.Stderr, "this is why")
		os.Exit(3)
	case "text":
		fmt.Println("PASS: this is a program like any other")
		return
	case "no version":
		say(abi.TagFuzzTestChange, abi.FuzzTestChange{}.Append(nil))
	case "huge":
		say(abi.TagZigVersion, []byte("0.16.0"))
		frame(abi.TagBroadcastFuzzInput, 1<<32-1, "")
	case "cut":
		say(abi.TagZigVersion, []byte("0.16.0"))
		frame(abi.TagBroadcastFuzzInput, 100, "abc")
		os.Exit(1)
	case "other test":
		say(abi.TagZigVersion, []byte("0.16.0"))
		say(abi.TagBroadcastFuzzInput, abi.FuzzInput{Test: 7, Data: []byte("x")}.Append(nil))
	case "unknown":
		say(abi.TagZigVersion, []byte("0.16.0"))
		say(12345, nil)
	case "short":
		say(abi.TagZigVersion, []byte("0.16.0"))
		say(abi.TagCoverageID, []byte("short"))
	case "deaf":
		say(abi.TagZigVersion, []byte("0.16.0"))
		time.Sleep(time.Hour)
	case "0.15.1", "0.16.0-dev.1234+abcdef", "0.17.0":
		speak(reader, how)
		return
	}
	io.Copy(io.Discard, reader)
}

// speak is a child of a version of Zig that finds one input and ends.
func speak(reader io.Reader, version string) {
	say(abi.TagZigVersion, []byte(version))
	form := FormOf(version)
	id := abi.CoverageIDMessage{ID: 0x1234, Runs: 5, Unique: 6, Seen: 7}
	if form == FormIndex {
		say(abi.TagCoverageID, id.Append(nil)[:8])
	} else {
		say(abi.TagCoverageID, id.Append(nil))
	}
	if form != FormNames {
		if tag, body, err := abi.ReadMessage(reader); tag != abi.TagQueryTestMetadata || len(body) != 0 || err != nil {
			os.Exit(11)
		}
		say(abi.TagTestMetadata, abi.TestMetadata{Names: []string{"a.test.one", "a.test.two"}}.Append(nil))
	}
	tag, body, err := abi.ReadMessage(reader)
	if tag != abi.TagStartFuzzing || err != nil {
		os.Exit(12)
	}
	want := map[Form]string{
		FormIndex: "\x01\x00\x00\x00",
		FormLimit: "\x01\x00\x00\x00\x01\x0a\x00\x00\x00\x00\x00\x00\x00",
		FormNames: "\x01\x0a\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x0a\x00\x00\x00a.test.two",
	}[form]
	if string(body) != want {
		fmt.Fprintf(os.Stderr, "start_fuzzing is %q, want %q\n", body, want)
		os.Exit(13)
	}
	say(abi.TagFuzzStartAddr, abi.FuzzStartAddr{Addr: 0x4321}.Append(nil))
	say(abi.TagBroadcastFuzzInput, abi.FuzzInput{Data: []byte("found")}.Append(nil))
}

// startStandIn starts a stand-in that is told to fuzz a.test.two.
func startStandIn(t *testing.T, how string, start abi.StartFuzzing) *Child {
	t.Helper()
	t.Setenv(standInEnv, how)
	k := proc.NewKeeper()
	t.Cleanup(k.Close)
	start.Names = append(start.Names, "a.test.two")
	c, err := Start(k, Config{Exe: os.Args[0], Cache: t.TempDir(), Start: start})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func TestForms(t *testing.T) {
	for version, start := range map[string]abi.StartFuzzing{
		"0.15.1":                 {Kind: abi.LimitForever},
		"0.16.0-dev.1234+abcdef": {Kind: abi.LimitIterations, Amount: 10},
		"0.17.0":                 {Kind: abi.LimitIterations, Amount: 10},
	} {
		c := startStandIn(t, version, start)
		var entry uint64
		var id abi.CoverageIDMessage
		var input string
		for e := range c.Events() {
			switch e.Tag {
			case abi.TagCoverageID:
				id = e.Coverage
			case abi.TagFuzzStartAddr:
				entry = e.Addr
			case abi.TagBroadcastFuzzInput:
				input = string(e.Input)
			}
		}
		code, signal, err := c.End()
		if code != 0 || signal != 0 || err != nil || entry != 0x4321 || id.ID != 0x1234 || input != "found" {
			t.Errorf("%s: exit %d, signal %d, %v; entry %#x, id %+v, input %q\n%s", version, code, signal, err, entry, id, input, c.Text())
		}
		if (id.Runs == 5) != (FormOf(version) != FormIndex) {
			t.Errorf("%s: coverage_id %+v", version, id)
		}
	}
}

func TestFormOf(t *testing.T) {
	for version, want := range map[string]Form{
		"0.14.1": FormIndex, "0.15.0": FormIndex, "0.15.2": FormIndex, "0.16.0-dev.7+a": FormLimit, "0.16.0": FormNames,
		"0.17.1": FormNames, "1.0.0": FormNames, "": FormNames, "x": FormNames,
	} {
		if got := FormOf(version); got != want {
			t.Errorf("%q speaks form %d, want %d", version, got, want)
		}
	}
	start := abi.StartFuzzing{Names: []string{"a", "b"}}
	if _, err := FormIndex.startBody(start, []string{"a", "b"}); err == nil {
		t.Error("two fuzz tests are told to a child that knows one")
	}
	start = abi.StartFuzzing{Kind: abi.LimitIterations, Names: []string{"a"}}
	if _, err := FormIndex.startBody(start, []string{"a"}); err == nil {
		t.Error("a limit is told to a child that knows none")
	}
	if _, err := FormLimit.startBody(start, []string{"b"}); err == nil {
		t.Error("a fuzz test is told that does not exist")
	}
}

func TestChildrenThatMisbehave(t *testing.T) {
	for how, says := range map[string]string{
		"text":       "bytes", // the text is taken for a length
		"no version": "zig_version comes first",
		"huge":       "4294967295 bytes",
		"other test": "fuzz test 7 of 1",
		"unknown":    "tag 0x3039 is unknown",
		"short":      "malformed message body",
	} {
		c := startStandIn(t, how, abi.StartFuzzing{})
		for range c.Events() {
		}
		if _, _, err := c.End(); err == nil || !strings.Contains(err.Error(), says) || !strings.Contains(err.Error(), "does not speak") {
			t.Errorf("%s: %v, want %q", how, err, says)
		}
	}
	for how, code := range map[string]int{"exits": 3, "cut": 1} {
		c := startStandIn(t, how, abi.StartFuzzing{})
		for range c.Events() {
		}
		got, _, err := c.End()
		if got != code || err != nil {
			t.Errorf("%s: exit %d, %v", how, got, err)
		}
		if how == "exits" && !strings.Contains(c.Text(), "this is why") {
			t.Errorf("%q is what it printed", c.Text())
		}
	}
}

// TestDeafChild sends more than a pipe holds to a child that does not read.
func TestDeafChild(t *testing.T) {
	c := startStandIn(t, "deaf", abi.StartFuzzing{})
	<-c.Events()
	for range 3 * inputsWaiting {
		c.Send(0, make([]byte, 1000))
	}
	c.Send(9, nil) // no such fuzz test
	if n := len(c.inputs); n > inputsWaiting {
		t.Errorf("%d inputs wait", n)
	}
	c.Close()
	if _, signal, err := c.End(); signal != 9 || err != nil {
		t.Errorf("signal %d, %v", signal, err)
	}
}

func TestDescribeOther(t *testing.T) {
	for how, says := range map[string]string{"exits": "this is why", "text": "does not speak"} {
		t.Setenv(standInEnv, how)
		_, err := Describe(t.Context(), Config{Exe: os.Args[0]}, t.TempDir())
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v, want %q", how, err, says)
		}
	}
	t.Setenv(standInEnv, "")
	if _, err := Describe(t.Context(), Config{Exe: "/none"}, t.TempDir()); err == nil {
		t.Error("an executable that is not there describes itself")
	}
}

func TestPrinted(t *testing.T) {
	var p printed
	line := strings.Repeat("x", 999) + "\n"
	for range 1000 {
		io.WriteString(&p, line)
	}
	io.WriteString(&p, "the end")
	text := p.text()
	if len(text) > printedHead+printedTail+100 || !strings.HasSuffix(text, "the end") || !strings.Contains(text, "bytes left out") {
		t.Errorf("%d bytes are kept", len(text))
	}
}

func FuzzRunnerFailure(f *testing.F) {
	f.Add("thread 1 panic: failed to write corpus file '1': NoSpaceLeft\n/x/lib/fuzzer.zig:3:4: 0x1 in f (fuzzer)\n")
	f.Add("Bus error at address 0x1\n???:?:?: 0x114b8e3 in fuzzer.Executable.getCoverageMap (x)\n")
	f.Fuzz(func(_ *testing.T, text string) {
		RunnerFailure(text)
		Crashing(text)
		NewSymbols("/dev/null").Complete(text)
	})
}

// TestDrainAfterDeadline reads what is in a pipe whose deadline has passed.
func TestDrainAfterDeadline(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close() // a stray that holds its end
	io.WriteString(w, "the report")
	r.SetReadDeadline(time.Now().Add(-time.Second))
	var p printed
	if p.drain(r); p.text() != "the report" {
		t.Errorf("%q is what was read", p.text())
	}
}
