package lsp

import (
	"context"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.lsp.dev/uri"

	"github.com/fuzzls/fuzzls/fuzzcore/coverage"
	"github.com/fuzzls/fuzzls/fuzzcore/live"
	"github.com/fuzzls/fuzzls/lsp/text"
)

// This file tests when and what clients are told of coverage, without a server. Time is
// that of testing/synctest: it passes when all goroutines wait.

// fakeSource is a workspace with one file.
type fakeSource struct {
	mu      sync.Mutex // guards what follows
	file    *live.FileCoverage
	watched map[string]int
	asked   int
	// panics: the next question panics.
	panics bool
}

func (f *fakeSource) Watch(path string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.watched[path]++
}

func (f *fakeSource) Unwatch(path string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.watched[path]--
}

func (f *fakeSource) File(string) (*live.FileCoverage, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked++
	if f.panics {
		f.panics = false
		panic("File panics")
	}
	if f.file == nil {
		return nil, false
	}
	file := *f.file
	file.Lines = slices.Clone(file.Lines)
	return &file, true
}

// watches is how many times the file is watched, asks how often it was asked for.
func (f *fakeSource) watches() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.watched[testPath]
}

func (f *fakeSource) asks() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.asked
}

func (f *fakeSource) change(change func(*live.FileCoverage)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change(f.file)
}

// fileOf makes a file of which each line has the state of a character: . - ~ + or > for
// an entry line that is covered.
func fileOf(content, states string) *live.FileCoverage {
	f := &live.FileCoverage{Path: testPath, Build: 1, Text: []byte(content), SHA256: digest([]byte(content)), Exact: true}
	for _, c := range states {
		l := coverage.Line{State: coverage.State(strings.IndexRune(".-~+>", c))}
		if c == '>' {
			l = coverage.Line{State: coverage.Covered, Entry: true}
		}
		f.Lines = append(f.Lines, l)
	}
	return f
}

const testPath = "/m/parse.go"

// pushTest is a push with one open document and a client.
type pushTest struct {
	t      *testing.T
	source *fakeSource
	push   *coveragePush
	maps   *lineMaps
	// sent gets what the client is sent; sending waits for room.
	sent   chan *CoverageParams
	client coverageClient
	// docs are all versions.
	docs map[int32]*document
	doc  *document
}

func newPushTest(t *testing.T, file *live.FileCoverage) *pushTest {
	p := &pushTest{t: t, source: &fakeSource{file: file, watched: map[string]int{}}, sent: make(chan *CoverageParams), docs: map[int32]*document{}, maps: &lineMaps{}}
	p.push = &coveragePush{
		wanted: func() bool { return true },
		source: func(string) coverageSource { return p.source },
		notify: func(ctx context.Context, method string, params any) error {
			select {
			case <-ctx.Done():
			case p.sent <- params.(*CoverageParams):
			}
			return ctx.Err()
		},
		guarded: func(f func()) {
			defer func() { _ = recover() }() // as a server does, which logs it
			f()
		},
		maps: p.maps, wake: make(chan struct{}, 1), open: map[uri.URI]*coverageDoc{},
	}
	return p
}

// run starts the push; it ends with the test.
func (p *pushTest) run() {
	ctx, cancel := context.WithCancel(p.t.Context())
	var wait sync.WaitGroup
	wait.Go(func() { p.push.run(ctx) })
	p.t.Cleanup(func() { cancel(); wait.Wait() })
}

func (p *pushTest) open(content string) {
	p.client = coverageClient{}
	p.doc = &document{uri: uri.File(testPath), path: testPath, version: 1, text: text.New([]byte(content))}
	p.docs[1] = p.doc
	p.maps.documentOpened(p.doc)
	p.push.documentOpened(p.doc)
}

func (p *pushTest) edit(content string) {
	p.doc = &document{uri: p.doc.uri, path: testPath, version: p.doc.version + 1, text: text.New([]byte(content))}
	p.docs[p.doc.version] = p.doc
	p.push.documentChanged(p.doc)
}

func (p *pushTest) close() {
	p.push.documentClosed(p.doc)
	p.maps.documentClosed(p.doc)
}

// receive takes the next message.
func (p *pushTest) receive() *CoverageParams {
	p.t.Helper()
	message := <-p.sent
	if err := p.client.apply(message, p.docs[message.TextDocument.Version].text.Lines()); err != nil {
		p.t.Fatal(err)
	}
	return message
}

// expect takes the next message and compares what the client shows then.
func (p *pushTest) expect(want string) *CoverageParams {
	p.t.Helper()
	message := p.receive()
	if got := p.client.drawn(); got != want {
		p.t.Fatalf("the client shows %s, want %s, after %+v", got, want, message)
	}
	return message
}

// quiet fails if anything is sent before all goroutines wait.
func (p *pushTest) quiet() {
	p.t.Helper()
	time.Sleep(time.Second) // of synctest's time
	select {
	case m := <-p.sent:
		p.t.Fatalf("sent %+v", m)
	default:
	}
}

func pushes(t *testing.T, file *live.FileCoverage, f func(p *pushTest)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		p := newPushTest(t, file)
		p.run()
		f(p)
	})
}

const content = "package m\n\nfunc f() {\n\tg()\n\th()\n}\n"

func TestCoverageFollowsEdits(t *testing.T) {
	pushes(t, fileOf(content, "..>+-"), func(p *pushTest) {
		p.open(content)
		if m := p.expect("..++-.."); !m.Full || !slices.Equal(m.Entries, []uint32{2}) {
			t.Fatalf("first %+v", m)
		}
		p.edit("// new\n" + content)
		if m := p.expect("...++-.."); m.Full || m.Splice == nil || len(m.Lines) > 0 || m.Entries != nil || m.TextDocument.Version != 2 {
			t.Fatalf("lines moved: %+v", m)
		}
		p.edit("// new\n" + strings.Replace(content, "g()", "gg()\n\tggg()", 1))
		p.expect("...+xx-..")
		p.edit(content)
		p.expect("..++-..")
		p.edit(strings.ReplaceAll(content, "\n", "\r\n"))
		if m := p.expect("..++-.."); m.Full || len(m.Lines) > 0 || m.Splice != nil || m.TextDocument.Version != p.doc.version {
			t.Fatalf("nothing but the version changed: %+v", m)
		}
		p.edit(strings.Replace(content, "package m", "package n", 1)) // without code
		p.expect("..++-..")
		p.edit("")
		p.expect(".")
		p.edit(content)
		p.expect("..++-..")
		if p.client.entries[0] != 2 {
			t.Errorf("entries %v", p.client.entries)
		}
	})
}

func TestCoverageOfRuns(t *testing.T) {
	pushes(t, fileOf(content, "..+--"), func(p *pushTest) {
		p.open(content)
		p.expect("..+--..")
		p.edit("\n" + content)
		p.expect("...+--..")
		p.source.change(func(f *live.FileCoverage) {
			f.Lines[4].State = coverage.Partly
			f.Fresh = map[uint32]time.Time{5: time.Now().Add(-time.Second)}
			f.Summary = coverage.Summary{Instrumented: 3, Covered: 1, Partly: 1}
		})
		p.push.linesCovered(nil, "/m/other.go", []uint32{5})
		p.quiet()
		p.push.linesCovered(nil, testPath, []uint32{5})
		m := p.expect("...+-~..")
		if m.Full || len(m.Lines) != 1 || !slices.Equal(m.Fresh, []FreshLine{{5, 2000}}) || m.Summary.Partly != 1 {
			t.Fatalf("%+v", m)
		}
		p.push.linesCovered(nil, testPath, []uint32{5})
		p.quiet() // nothing changed
	})
}

func TestCoverageOfBuilds(t *testing.T) {
	pushes(t, fileOf(content, "..+--"), func(p *pushTest) {
		p.open(content)
		p.expect("..+--..")
		changed := strings.Replace(content, "h()", "i()", 1)
		p.edit(changed)
		p.expect("..+-x..")
		p.source.change(func(f *live.FileCoverage) {
			*f = *fileOf(changed, "..---")
			f.Build = 2
		})
		p.push.coverageReplaced(nil)
		if m := p.expect("..---.."); !m.Full {
			t.Fatalf("after a build: %+v", m)
		}
		p.push.coverageReplaced(nil)
		p.quiet() // of another package
		p.source.change(func(f *live.FileCoverage) { *f = *fileOf(changed, "..+++"); f.Build = 2 })
		p.push.coverageReplaced(nil)
		if m := p.expect("..+++.."); !m.Full {
			t.Fatalf("replaced: %+v", m)
		}
	})
}

func TestCoverageGone(t *testing.T) {
	pushes(t, fileOf(content, "..+--"), func(p *pushTest) {
		p.open(content)
		p.expect("..+--..")
		p.source.mu.Lock()
		p.source.file = nil
		p.source.mu.Unlock()
		p.push.coverageReplaced(nil)
		if m := p.expect("......."); !m.Full || len(m.Lines) != 0 {
			t.Fatalf("%+v", m)
		}
		p.push.coverageReplaced(nil)
		p.edit("package m")
		p.quiet()
	})
}

func TestCoverageOfUnknownText(t *testing.T) {
	file := fileOf(content, "..+--")
	file.Text = nil
	pushes(t, file, func(p *pushTest) {
		p.open("// edited\n" + content)
		p.quiet()
		p.edit(content) // the digest's text
		p.expect("..+--..")
		p.edit("// edited\n" + content) // known by now
		p.expect("...+--..")
	})
}

// TestCoverageAfterPanic: a panic costs one message; the next mark brings all.
func TestCoverageAfterPanic(t *testing.T) {
	pushes(t, fileOf(content, "..+--"), func(p *pushTest) {
		p.open(content)
		p.expect("..+--..")
		p.source.change(func(f *live.FileCoverage) {
			f.Lines[3].State = coverage.Covered
			p.source.panics = true
		})
		p.push.linesCovered(nil, testPath, []uint32{4})
		p.quiet()
		p.push.linesCovered(nil, testPath, []uint32{4})
		if m := p.expect("..++-.."); !m.Full {
			t.Errorf("after a panic: %+v", m)
		}
	})
}

func TestCoverageWatches(t *testing.T) {
	pushes(t, fileOf(content, "..+--"), func(p *pushTest) {
		p.open(content)
		p.expect("..+--..")
		if n := p.source.watches(); n != 1 {
			t.Fatalf("watched %d times", n)
		}
		p.close()
		p.quiet()
		if n := p.source.watches(); n != 0 {
			t.Fatalf("after closing: watched %d times", n)
		}
		p.edit("x") // of a document that is no longer open
		p.push.linesCovered(nil, testPath, nil)
		p.quiet()
		p.open(content) // counts generations from 1 again
		p.expect("..+--..")
	})
}

func TestCoverageOnlyForClientsThatOptIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPushTest(t, fileOf(content, "..+--"))
		p.push.wanted = func() bool { return false }
		p.run()
		p.open(content)
		p.push.coverageReplaced(nil)
		p.quiet()
		if p.source.asks() > 0 || p.source.watches() > 0 {
			t.Errorf("asked %d times, watched %d times", p.source.asks(), p.source.watches())
		}
	})
}

// TestCoverageDebounces edits as fast as can be: lines are mapped once per editDelay.
func TestCoverageDebounces(t *testing.T) {
	pushes(t, fileOf(content, "..+--"), func(p *pushTest) {
		p.open(content)
		p.expect("..+--..")
		before := p.source.asks()
		for range 40 {
			p.edit("//" + string(p.doc.text.Bytes()))
			time.Sleep(time.Millisecond)
		}
		p.expect("..+--..")
		p.quiet()
		if asked := p.source.asks() - before; asked != 1 {
			t.Errorf("40 edits in 40 ms were looked at %d times", asked)
		}
	})
}

// TestCoverageOfSlowClient lets much happen while the client takes nothing: it gets one
// message for all of it.
func TestCoverageOfSlowClient(t *testing.T) {
	pushes(t, fileOf(content, "..---"), func(p *pushTest) {
		p.open(content)
		p.expect("..---..")
		p.source.change(func(f *live.FileCoverage) { f.Lines[2].State = coverage.Covered })
		p.push.linesCovered(nil, testPath, nil)
		synctest.Wait() // the message waits for the client
		for i := range 1000 {
			p.source.change(func(f *live.FileCoverage) { f.Lines[3].State = coverage.State(1 + i%3) })
			p.push.linesCovered(nil, testPath, nil)
			p.edit(strings.Repeat("\n", i) + content)
			time.Sleep(time.Millisecond)
		}
		p.source.change(func(f *live.FileCoverage) { f.Lines[3].State = coverage.Partly })
		p.push.linesCovered(nil, testPath, nil)
		p.edit("\n" + content)
		p.expect("..+--..")
		if m := p.expect("...+~-.."); m.TextDocument.Version != p.doc.version {
			t.Errorf("version %d, the newest is %d", m.TextDocument.Version, p.doc.version)
		}
		p.quiet()
	})
}

// TestCoverageConverges makes random edits, runs and builds: whatever messages that makes,
// the client ends with what a full one would say.
func TestCoverageConverges(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %#x", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	now := time.Now()
	for range 300 {
		built := randomText(random, random.IntN(30))
		file := fileOf(strings.Join(built, "\n"), randomStates(random, len(built)))
		present := slices.Clone(built)
		doc := &coverageDoc{}
		var client coverageClient
		for version := range int32(20) {
			switch random.IntN(6) {
			case 0:
				file.Build++
				file = &live.FileCoverage{Build: file.Build, Text: []byte(strings.Join(present, "\n")), Path: testPath}
				file.Lines = fileOf("", randomStates(random, len(present))).Lines
			case 1, 2:
				file.Lines = fileOf("", randomStates(random, len(file.Lines))).Lines
			default:
				at := random.IntN(len(present) + 1)
				end := min(len(present), at+random.IntN(4))
				present = slices.Replace(present, at, end, randomText(random, random.IntN(4))...)
			}
			d := &document{uri: uri.File(testPath), version: version, text: text.New([]byte(strings.Join(present, "\n")))}
			lines, ok := (&lineMaps{}).of(testPath, file, d.text)
			if !ok {
				t.Fatal("the built text is not known")
			}
			if m := doc.message(pendingCoverage{doc: d}, file, lines, now); m != nil {
				if err := client.apply(m, d.text.Lines()); err != nil {
					t.Fatal(err)
				}
			}
			want := viewOf(file, lines, d.text)
			if !slices.Equal(client.states, want.states) || !slices.Equal(client.entries, want.entries) {
				t.Fatalf("the client shows %s, entries %v, want %s, %v", client.drawn(), client.entries, (&coverageClient{states: want.states}).drawn(), want.entries)
			}
		}
	}
}

func randomText(random *rand.Rand, n int) []string {
	lines := make([]string, n)
	for i := range lines {
		lines[i] = []string{"", "}", "\tx++", "\ty++", "\tz++", "return"}[random.IntN(6)]
	}
	return lines
}

func randomStates(random *rand.Rand, n int) string {
	states := make([]byte, n)
	for i := range states {
		states[i] = "..--~++>"[random.IntN(8)]
	}
	return string(states)
}
