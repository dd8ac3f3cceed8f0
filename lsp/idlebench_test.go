package lsp

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/fuzzls/fuzzls/lsp/lsptest"
)

// This file measures what the server costs while there is nothing to show.

// clockTick is the unit of processor times in /proc: USER_HZ, which is 100 on all Linux
// machines that Go runs on.
const clockTick = 10 * time.Millisecond

// serverTime is the time that a process itself took, without its children.
func serverTime(b *testing.B, pid int) time.Duration {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	must(b, err)
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	var ticks int
	for _, field := range fields[11:13] { // utime, stime
		n, err := strconv.Atoi(string(field))
		must(b, err)
		ticks += n
	}
	return time.Duration(ticks) * clockTick
}

// BenchmarkIdle prints the processor time of the server in each second: with an open
// document and no campaign, then with a campaign and no open document. The second is not
// nothing: the supervisor listens to its workers, and figures change.
//
//	go test -run '^$' -bench Idle -benchtime 1x ./lsp
func BenchmarkIdle(b *testing.B) {
	const watched = 5 * time.Second
	dir := fuzzedModule(b)
	path := filepath.Join(dir, "parse.go")
	for b.Loop() {
		e := lsptest.Start(b, lsptest.Options{Folders: []string{dir}})
		found(e, 1)
		e.Open(path)
		if _, err := e.CodeLens(path); err != nil {
			b.Fatal(err)
		}
		measure := func(unit string) {
			time.Sleep(time.Second) // until what was asked for is done
			before := serverTime(b, e.Process().Pid())
			time.Sleep(watched)
			spent := serverTime(b, e.Process().Pid()) - before
			b.ReportMetric(spent.Seconds()*1000/watched.Seconds(), unit)
		}
		measure("ms-idle/s")
		e.CloseDocument(path)
		must(b, e.Command(commandStart, nil))
		awaitTest(e, func(s TestStatus) bool { return s.State == "running" && s.Figures != nil && s.Figures.NewRuns > 0 })
		measure("ms-fuzzing-unwatched/s")
	}
	b.ReportMetric(0, "ns/op")
}
