package lsp

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.lsp.dev/protocol"
	"go.lsp.dev/uri"

	"github.com/fuzzls/fuzzls/fuzzcore/abi"
	"github.com/fuzzls/fuzzls/fuzzcore/coverage"
	"github.com/fuzzls/fuzzls/fuzzcore/store"
	"github.com/fuzzls/fuzzls/lsp/lsptest"
	"github.com/fuzzls/fuzzls/lsp/text"
)

// This file measures how long it takes from a bit in a coverage file, or an edit, to the
// notification at the client, and the server's memory. The server is the real one, and
// fuzzes a small module with one worker meanwhile. The file whose bits are set is that of
// a made-up build in the same state, with as many points as is wanted.
//
//	go test -run '^$' -bench Coverage -benchtime 200x ./lsp

// madeUpBuild is a build of files of so many lines; each line is a point.
type madeUpBuild struct {
	paths []string
	lines int
	file  *abi.CoverageFile
	next  int // the next point to set
}

func (m *madeUpBuild) content(i int) []byte {
	var b bytes.Buffer
	for l := range m.lines {
		fmt.Fprintf(&b, "\tx = call%d(x, %d)\n", l, i)
	}
	return b.Bytes()
}

// makeUpBuild adds a build to the state of a module.
func makeUpBuild(b *testing.B, dir string, files, lines int) *madeUpBuild {
	b.Helper()
	state, err := store.Open(dir)
	must(b, err)
	m := &madeUpBuild{lines: lines}
	points := &coverage.Points{}
	for i := range files {
		path := filepath.Join(dir, "big", fmt.Sprintf("file%d.go", i))
		content := m.content(i)
		must(b, os.MkdirAll(filepath.Dir(path), 0o755))
		must(b, os.WriteFile(path, content, 0o644))
		digest := store.SourceDigest(content)
		must(b, state.SaveSource(digest, content))
		points.Files = append(points.Files, coverage.File{Path: path, Own: true, Exact: true, SHA256: digest})
		m.paths = append(m.paths, path)
		for l := range lines {
			p := len(points.PCs)
			points.PCs = append(points.PCs, uint64(0x1000+16*p))
			points.Cells = append(points.Cells, uint32(p))
			points.Spans = append(points.Spans, coverage.Span{Point: uint32(p), File: uint32(i), StartLine: uint32(l + 1), EndLine: uint32(l + 1)})
		}
	}
	points.ID = abi.CoverageID(points.PCs)
	var encoded bytes.Buffer
	must(b, points.Encode(&encoded))
	must(b, state.SavePoints(points.ID, encoded.Bytes()))
	must(b, state.SaveTarget(store.Target{Name: "example.com/big", Coverage: points.ID, Exe: "/none", Built: time.Now()}))
	m.file, err = abi.OpenCoverage(state.CoveragePath(points.ID), points.PCs)
	must(b, err)
	m.file.Set(0)
	m.next = 1
	b.Cleanup(func() { m.file.Close() })
	return m
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

// set sets a bit and returns the file and the line, from 0, that it stands for. It takes
// the files in turn.
func (m *madeUpBuild) set() (path string, line int) {
	point := m.next%len(m.paths)*m.lines + m.next/len(m.paths)
	m.next++
	m.file.Set(point)
	return m.paths[point/m.lines], point % m.lines
}

// fuzzingServer opens the first documents of a made-up build in a server that fuzzes.
func fuzzingServer(b *testing.B, m *madeUpBuild, dir string, documents int) *lsptest.Editor {
	b.Helper()
	e := lsptest.Start(b, lsptest.Options{Folders: []string{dir}, Settings: map[string]any{"jobs": 1}})
	for _, path := range m.paths[:documents] {
		e.Open(path)
		lsptest.AwaitNotification(e, methodCoverage, func(p CoverageParams) bool { return p.TextDocument.URI == uri.File(path) })
	}
	must(b, e.Command(commandStart, nil))
	lsptest.AwaitNotification(e, methodStatus, func(p StatusParams) bool {
		return len(p.Tests) == 1 && p.Tests[0].Figures != nil && p.Tests[0].Figures.Runs > 0 && p.Tests[0].State == "running"
	})
	return e
}

// report reports percentiles, and the server's memory.
func report(b *testing.B, e *lsptest.Editor, times []time.Duration) {
	slices.Sort(times)
	at := func(percent int) float64 { return float64(times[(len(times)-1)*percent/100].Microseconds()) / 1000 }
	b.ReportMetric(at(50), "ms-p50")
	b.ReportMetric(at(95), "ms-p95")
	b.ReportMetric(residentMegabytes(b, e), "server-MB")
	b.ReportMetric(0, "ns/op")
}

// residentMegabytes returns the server's resident memory.
func residentMegabytes(b *testing.B, e *lsptest.Editor) float64 {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", e.Process().Pid()))
	must(b, err)
	_, rest, _ := strings.Cut(string(status), "VmRSS:")
	kilobytes, err := strconv.Atoi(strings.Fields(rest)[0])
	must(b, err)
	return float64(kilobytes) / 1024
}

func BenchmarkCoverageBit(b *testing.B) {
	for _, documents := range []int{1, 100} {
		b.Run(fmt.Sprintf("100k-points/%d-documents", documents), func(b *testing.B) {
			dir := moduleDir(b)
			fuzzls(b, dir, "fuzz", "--limit", "1K", "-j", "1")
			m := makeUpBuild(b, dir, 100, 1000)
			if documents == 1 {
				m = makeUpBuild(b, dir, 1, 100_000)
			}
			e := fuzzingServer(b, m, dir, documents)
			var times []time.Duration
			for b.Loop() {
				mark, begin := e.Mark(), time.Now()
				path, line := m.set()
				lsptest.AwaitFrom(e, mark, methodCoverage, func(p CoverageParams) bool {
					return p.TextDocument.URI == uri.File(path) && slices.ContainsFunc(p.Lines, func(r LineRun) bool {
						return r[0] <= uint32(line) && uint32(line) <= r[1] && r[2] == uint32(LineCovered)
					})
				})
				times = append(times, time.Since(begin))
			}
			report(b, e, times)
		})
	}
}

// BenchmarkCoverageEdit edits a line at the beginning and one at the end of a document of
// 100,000 lines in turn. The time includes the delay that collects edits.
func BenchmarkCoverageEdit(b *testing.B) {
	dir := moduleDir(b)
	fuzzls(b, dir, "fuzz", "--limit", "1K", "-j", "1")
	m := makeUpBuild(b, dir, 1, 100_000)
	path := m.paths[0]
	e := fuzzingServer(b, m, dir, 1)
	var times []time.Duration
	for b.Loop() {
		line := uint32(len(times)%2*99_000 + len(times)/2)
		mark, begin := e.Mark(), time.Now()
		version := e.Edit(path, protocol.Range{Start: protocol.Position{Line: line}, End: protocol.Position{Line: line}}, "//")
		lsptest.AwaitFrom(e, mark, methodCoverage, func(p CoverageParams) bool { return p.TextDocument.Version == version })
		times = append(times, time.Since(begin))
	}
	report(b, e, times)
}

// BenchmarkCoverageMessage measures the work of the server alone: a line of a document of
// 100,000 lines ran, or a key was pressed in it.
func BenchmarkCoverageMessage(b *testing.B) {
	m := &madeUpBuild{lines: 100_000}
	built := m.content(0)
	file := fileOf(string(built), strings.Repeat("-", m.lines))
	maps := &lineMaps{}
	doc := &document{uri: uri.File(testPath), path: testPath, text: text.New(built)}
	for _, edited := range []bool{false, true} {
		b.Run(map[bool]string{false: "run", true: "edit"}[edited], func(b *testing.B) {
			maps.documentOpened(doc)
			d := &coverageDoc{}
			pending := pendingCoverage{doc: doc}
			i, before := 0, processorTime()
			for b.Loop() {
				i++
				if edited {
					at := text.Position{Line: uint32(i * 37 % m.lines)}
					edit := *pending.doc
					edit.text = pending.doc.text.Edit(at, at, text.UTF8, []byte("/"))
					pending.doc = &edit
					if i%50 == 0 {
						pending.doc = doc // saved, as far as the number of edits goes
					}
				} else {
					file.Lines = slices.Clone(file.Lines) // as live.Workspace.File does
					file.Lines[i%m.lines].State = coverage.Covered
				}
				lines, _ := maps.of(testPath, file, pending.doc.text)
				if d.message(pending, file, lines, time.Now()) == nil {
					b.Fatal("nothing changed")
				}
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/1000/float64(b.N), "ms/message")
			b.ReportMetric(float64((processorTime()-before).Microseconds())/1000/float64(i), "cpu-ms/message")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// processorTime is what this process has used.
func processorTime() time.Duration {
	var usage syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &usage) != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
