package abi

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
)

// openEnv makes a process of the test binary count in the coverage file it
// names; see countInFile.
const openEnv = "ABI_TEST_COVERAGE_FILE"

func TestMain(m *testing.M) {
	if path := os.Getenv(openEnv); path != "" {
		if err := countInFile(path); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func TestCoverageFileBytes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "v")
	c := openCoverage(t, path, []uint64{0x1000, 0x1010, 0x1020})
	c.AddRuns(0x0102)
	c.AddRuns(1)
	c.AddUnique(2)
	if c.Set(2) {
		t.Error("point 2 was set in a new file")
	}
	if !c.Set(2) {
		t.Error("point 2 was not set after Set(2)")
	}
	want := unhex(t, `
		0301000000000000 0200000000000000 0300000000000000
		0400000000000000
		0010000000000000 1010000000000000 2010000000000000`)
	if got := readFile(t, path); !bytes.Equal(got, want) {
		t.Errorf("file is\n%s, want\n%s", hex.Dump(got), hex.Dump(want))
	}
	if c.ID() != 0x4d683265086d6bfe || c.Len() != 3 || c.Path() != path {
		t.Errorf("id %x, %d points, path %s", c.ID(), c.Len(), c.Path())
	}
}

func TestCoverageSize(t *testing.T) {
	// A size measured with Zig 0.16.0, and the borders of a word.
	for n, want := range map[int]int64{9495: 77176, 1: 40, 63: 536, 64: 544, 65: 560} {
		path := filepath.Join(t.TempDir(), "v")
		openCoverage(t, path, somePCs(n))
		if info, err := os.Stat(path); err != nil || info.Size() != want {
			t.Errorf("%d points: %v, %v, want %d bytes", n, info.Size(), err, want)
		}
	}
}

func TestCoverageAccumulates(t *testing.T) {
	path := filepath.Join(t.TempDir(), "v")
	pcs := somePCs(100)
	first := openCoverage(t, path, pcs)
	first.AddRuns(5)
	first.Set(99)
	second := openCoverage(t, path, pcs)
	second.AddRuns(7)
	if was := second.Set(99); !was {
		t.Error("the second user does not see the first one's point")
	}
	second.Set(0)
	reader, err := MapCoverage(path)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	if reader.Runs() != 12 || reader.Unique() != 0 || reader.Covered() != 2 {
		t.Errorf("runs %d, unique %d, covered %d, want 12, 0, 2", reader.Runs(), reader.Unique(), reader.Covered())
	}
	if !slices.Equal(reader.PCs(), pcs) || reader.ID() != CoverageID(pcs) {
		t.Error("the reader sees other PCs")
	}
	first.AddUnique(3)
	if reader.Unique() != 3 {
		t.Error("the reader's map is not live")
	}
}

func TestCoverageOr(t *testing.T) {
	for _, n := range []int{1, 63, 64, 65, 200} {
		c := openCoverage(t, filepath.Join(t.TempDir(), "v"), somePCs(n))
		all := slices.Repeat([]uint64{^uint64(0)}, 10)
		c.Set(0)
		if got := c.Or(all); got != n-1 {
			t.Errorf("%d points: Or of everything found %d new, want %d", n, got, n-1)
		}
		if got := c.Or(all); got != 0 {
			t.Errorf("%d points: Or found %d new the second time", n, got)
		}
		if c.Covered() != n {
			t.Errorf("%d of %d points covered", c.Covered(), n)
		}
		if c.Or(nil) != 0 {
			t.Error("Or of nothing found something")
		}
	}
}

func TestCoverageCoveredOf(t *testing.T) {
	file, err := OpenCoverage(filepath.Join(t.TempDir(), "v"), make([]uint64, 130))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	file.Or([]uint64{0b1101, 1, 0b10})
	for _, test := range []struct {
		mask []uint64
		want int
	}{{nil, 5}, {[]uint64{}, 0}, {[]uint64{0b0111}, 2}, {[]uint64{^uint64(0), 0, 2, 7}, 4}} {
		if got := file.CoveredOf(test.mask); got != test.want {
			t.Errorf("of %v: %d, want %d", test.mask, got, test.want)
		}
	}
}

func TestCoverageClaim(t *testing.T) {
	for _, n := range []int{1, 63, 64, 65, 200} {
		c := openCoverage(t, filepath.Join(t.TempDir(), "v"), somePCs(n))
		c.Set(0)
		words := slices.Repeat([]uint64{^uint64(0)}, 10)
		if got := c.Claim(words); got != n-1 {
			t.Errorf("%d points: Claim of everything found %d new, want %d", n, got, n-1)
		}
		want := make([]uint64, 10)
		for p := 1; p < n; p++ {
			want[p/64] |= 1 << (p % 64)
		}
		if !slices.Equal(words, want) {
			t.Errorf("%d points: Claim leaves %x, want %x", n, words, want)
		}
		if got := c.Claim(words); got != 0 || slices.Max(words) != 0 {
			t.Errorf("%d points: Claim found %d new the second time and leaves %x", n, got, words)
		}
	}
}

// TestCoverageClaimIsExclusive lets several writers claim the same points.
func TestCoverageClaimIsExclusive(t *testing.T) {
	const n, writers = 10_000, 4
	path := filepath.Join(t.TempDir(), "v")
	claims := make([]int, writers)
	var all sync.WaitGroup
	for w := range writers {
		c := openCoverage(t, path, somePCs(n))
		all.Go(func() {
			words := make([]uint64, bitWords(n))
			for p := range n {
				clear(words)
				words[p/64] = ^uint64(0)
				claims[w] += c.Claim(words)
			}
		})
	}
	all.Wait()
	total := 0
	for _, k := range claims {
		total += k
	}
	if total != n {
		t.Errorf("%d points are claimed %d times: %v", n, total, claims)
	}
}

func TestCoverageDiffInto(t *testing.T) {
	path := filepath.Join(t.TempDir(), "v")
	c := openCoverage(t, path, somePCs(130))
	c.Set(5)
	reader, err := MapCoverage(path)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	seen := reader.Bits(nil)
	for _, p := range []int{129, 64, 5, 6} {
		c.Set(p)
	}
	if got := reader.DiffInto(seen, []uint32{1000}); !slices.Equal(got, []uint32{1000, 6, 64, 129}) {
		t.Errorf("DiffInto = %v", got)
	}
	if got := reader.DiffInto(seen, nil); len(got) != 0 {
		t.Errorf("a second DiffInto = %v", got)
	}
	if !slices.Equal(seen, reader.Bits(make([]uint64, 1, 8))) {
		t.Error("the snapshot was not brought up to date")
	}
}

func TestCoverageProblems(t *testing.T) {
	pcs := somePCs(70)
	whole := coverageBytes(pcs)
	otherPC := bytes.Clone(whole)
	otherPC[len(otherPC)-8*68]++ // the PC of point 2
	for _, test := range []struct {
		name    string
		content []byte
		want    error
		text    string
		mapWant error // what a reader without the build's PCs says
	}{
		{"half header", whole[:10], ErrTruncated, "has 10 bytes of 24: delete the file", ErrTruncated},
		{"half PCs", whole[:300], ErrTruncated, "has 300 bytes of 600", ErrTruncated},
		{"one byte less", whole[:599], ErrTruncated, "has 599 bytes of 600", ErrTruncated},
		{"one word more", append(bytes.Clone(whole), 0, 0, 0, 0, 0, 0, 0, 0), ErrOtherLength, "has 608 bytes where its 70 points take 600", ErrOtherLength},
		{"fewer points", coverageBytes(pcs[:69]), ErrOtherLength, "has 69 points, the build has 70", nil},
		{"more points than memory", append(unhexString("00000000000000000000000000000000ffffffffffffffff"), whole...), ErrOtherLength, "promises 18446744073709551615 points", ErrOtherLength},
		{"other PCs", otherPC, ErrWrongPCs, "has PC 0x101021 for point 2, the build has 0x101020", nil},
		{"no points", make([]byte, 24), ErrNoPoints, "build the target with instrumentation", ErrNoPoints},
		{"runs but no points", append(unhexString("0100000000000000"), make([]byte, 24)...), ErrIncomplete, "try again once", ErrIncomplete},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "v")
			writeFile(t, path, test.content)
			_, err := OpenCoverage(path, pcs)
			checkError(t, err, test.want, path, test.text)
			if !bytes.Equal(readFile(t, path), test.content) {
				t.Error("the refused file was changed")
			}
			c, err := MapCoverage(path)
			if test.mapWant != nil {
				checkError(t, err, test.mapWant, path, "")
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			c.Close()
		})
	}
}

func TestCoverageOfNothing(t *testing.T) {
	dir := t.TempDir()
	_, err := OpenCoverage(filepath.Join(dir, "v"), nil)
	checkError(t, err, ErrNoPoints, filepath.Join(dir, "v"), "")
	_, err = MapCoverage(filepath.Join(dir, "missing"))
	checkError(t, err, os.ErrNotExist, "missing", "")
	_, err = OpenCoverage(dir, somePCs(1))
	checkError(t, err, syscall.EISDIR, dir, "")
	_, err = MapCoverage(dir)
	checkError(t, err, errNotRegular, dir, "")
	writeFile(t, filepath.Join(dir, "empty"), nil)
	_, err = MapCoverage(filepath.Join(dir, "empty"))
	checkError(t, err, ErrIncomplete, "empty", "try again")
}

// TestCoverageFillerDied opens what a worker leaves that was killed before it
// had written everything.
func TestCoverageFillerDied(t *testing.T) {
	pcs := somePCs(70)
	whole := coverageBytes(pcs)
	for _, size := range []int{0, 100, len(whole)} {
		path := filepath.Join(t.TempDir(), "v")
		left := bytes.Clone(whole[:size])
		copy(left, make([]byte, coverageHeader))
		writeFile(t, path, left)
		c, err := OpenCoverage(path, pcs)
		if err != nil {
			t.Fatalf("%d bytes: %v", size, err)
		}
		c.Close()
		if !bytes.Equal(readFile(t, path), whole) {
			t.Errorf("%d bytes: the file was not filled again", size)
		}
	}
}

// TestCoverageLocks checks that a user of the file keeps it locked for as long
// as it is open, and a reader does not.
func TestCoverageLocks(t *testing.T) {
	path := filepath.Join(t.TempDir(), "v")
	c, err := OpenCoverage(path, somePCs(3))
	if err != nil {
		t.Fatal(err)
	}
	tryLock := func(how int) error {
		other, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer other.Close()
		return flock(other, how|syscall.LOCK_NB)
	}
	if err := tryLock(syscall.LOCK_SH); err != nil {
		t.Errorf("a shared lock beside the user: %v", err)
	}
	if err := tryLock(syscall.LOCK_EX); !errors.Is(err, syscall.EWOULDBLOCK) {
		t.Errorf("an exclusive lock beside the user: %v, want it refused", err)
	}
	c.Close()
	reader, err := MapCoverage(path)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	if err := tryLock(syscall.LOCK_EX); err != nil {
		t.Errorf("an exclusive lock beside a reader: %v", err)
	}
}

// TestCoverageWaitsForFiller opens a new file while another process is about
// to fill it.
func TestCoverageWaitsForFiller(t *testing.T) {
	path := filepath.Join(t.TempDir(), "v")
	pcs := somePCs(3)
	filler, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer filler.Close()
	if err := flock(filler, syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	opened := make(chan error, 1)
	go func() {
		c, err := OpenCoverage(path, pcs)
		if err == nil {
			err = c.Close()
		}
		opened <- err
	}()
	if err := fill(filler, pcs); err != nil {
		t.Fatal(err)
	}
	if err := flock(filler, syscall.LOCK_SH); err != nil {
		t.Fatal(err)
	}
	if err := <-opened; err != nil {
		t.Error(err)
	}
}

const (
	countingProcesses = 6
	runsPerProcess    = 1000
)

// countInFile is one of the processes of TestCoverageProcesses.
func countInFile(path string) error {
	c, err := OpenCoverage(path, somePCs(runsPerProcess))
	if err != nil {
		return err
	}
	for i := range runsPerProcess {
		c.AddRuns(1)
		if !c.Set(i) {
			c.AddUnique(1)
		}
	}
	return c.Close()
}

func TestCoverageProcesses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "v")
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var children []*exec.Cmd
	for range countingProcesses {
		child := exec.Command(exe)
		child.Env = append(os.Environ(), openEnv+"="+path)
		child.Stderr = os.Stderr
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		children = append(children, child)
	}
	for _, child := range children {
		if err := child.Wait(); err != nil {
			t.Error(err)
		}
	}
	c, err := MapCoverage(path)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if c.Runs() != countingProcesses*runsPerProcess {
		t.Errorf("%d runs, want %d", c.Runs(), countingProcesses*runsPerProcess)
	}
	if c.Covered() != runsPerProcess || c.Unique() != runsPerProcess {
		t.Errorf("%d covered, %d unique, want %d", c.Covered(), c.Unique(), runsPerProcess)
	}
}

func TestCoverageReaderSurvivesTruncation(t *testing.T) {
	path := filepath.Join(t.TempDir(), "v")
	c := openCoverage(t, path, somePCs(100_000))
	c.Set(70_000)
	reader, err := MapCoverage(path)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	seen := reader.Bits(nil)
	if err := os.Truncate(path, 0); err != nil {
		t.Fatal(err)
	}
	if got := reader.DiffInto(seen, []uint32{7}); !slices.Equal(got, []uint32{7}) {
		t.Errorf("DiffInto of a vanished file = %v", got)
	}
	checkError(t, reader.Err(), ErrTruncated, path, "shrank while it was open")
	if reader.Covered() != 0 || reader.Runs() != 0 || reader.Unique() != 0 || len(reader.Bits(nil)) != len(seen) {
		t.Error("a vanished file still counts")
	}
	if len(reader.PCs()) != 100_000 {
		t.Error("the PCs are gone")
	}
}

func TestCoverageReadOnlyMapRefusesWrites(t *testing.T) {
	path := filepath.Join(t.TempDir(), "v")
	openCoverage(t, path, somePCs(3))
	reader, err := MapCoverage(path)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	defer func() {
		if text := fmt.Sprint(recover()); !strings.Contains(text, "for reading only") {
			t.Errorf("panic %q", text)
		}
	}()
	reader.Set(1)
}

func TestCoverageGoroutines(t *testing.T) {
	c := openCoverage(t, filepath.Join(t.TempDir(), "v"), somePCs(1000))
	var group sync.WaitGroup
	var fresh atomic.Int64
	for i := range 4 {
		group.Go(func() {
			random := rand.New(rand.NewPCG(uint64(i), 0))
			words := make([]uint64, 16)
			for range 100 {
				words[random.IntN(16)] = random.Uint64()
				fresh.Add(int64(c.Or(words)))
				c.AddRuns(1)
			}
		})
	}
	seen := make([]uint64, 16)
	found := 0
	for range 100 {
		found += len(c.DiffInto(seen, nil))
	}
	group.Wait()
	found += len(c.DiffInto(seen, nil))
	if c.Covered() != int(fresh.Load()) || found != c.Covered() || c.Runs() != 400 {
		t.Errorf("covered %d, new in Or %d, new in DiffInto %d, runs %d", c.Covered(), fresh.Load(), found, c.Runs())
	}
}

// FuzzCoverageFile opens any bytes as a coverage file: each way of opening must
// refuse them or work on them, and never change what it refuses.
func FuzzCoverageFile(f *testing.F) {
	whole := coverageBytes(somePCs(3))
	f.Add(whole)
	f.Add(whole[:30])
	f.Add(make([]byte, 56))
	f.Add([]byte{})
	f.Add(append(bytes.Repeat([]byte{255}, 24), whole...))
	pcs := somePCs(3)
	path := filepath.Join(f.TempDir(), "v")
	f.Fuzz(func(t *testing.T, content []byte) {
		writeFile(t, path, content)
		if c, err := MapCoverage(path); err == nil {
			want := int64(coverageHeader + 8*bitWords(c.Len()) + 8*c.Len())
			if want != int64(len(content)) {
				t.Errorf("%d points in %d bytes", c.Len(), len(content))
			}
			c.DiffInto(make([]uint64, bitWords(c.Len())), nil)
			c.Covered()
			if err := c.Close(); err != nil {
				t.Error(err)
			}
		}
		c, err := OpenCoverage(path, pcs)
		if err != nil {
			if !bytes.Equal(readFile(t, path), content) {
				t.Error("the refused file was changed")
			}
			return
		}
		runs := c.Runs()
		c.AddRuns(1)
		if c.Runs() != runs+1 || !slices.Equal(c.PCs(), pcs) {
			t.Errorf("%d runs after %d, PCs %x", c.Runs(), runs, c.PCs())
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
}

func BenchmarkCoverageOr(b *testing.B) {
	c := openCoverage(b, filepath.Join(b.TempDir(), "v"), somePCs(10_000))
	words := slices.Repeat([]uint64{0x8001}, bitWords(10_000))
	b.ReportAllocs()
	for b.Loop() {
		c.Or(words)
	}
	b.ReportMetric(10_000, "points")
}

func BenchmarkCoverageClaim(b *testing.B) {
	c := openCoverage(b, filepath.Join(b.TempDir(), "v"), somePCs(10_000))
	words := slices.Repeat([]uint64{0x8001}, bitWords(10_000))
	scratch := make([]uint64, len(words))
	b.ReportAllocs()
	for b.Loop() {
		copy(scratch, words)
		c.Claim(scratch)
	}
	b.ReportMetric(10_000, "points")
}

func BenchmarkCoverageAddRuns(b *testing.B) {
	c := openCoverage(b, filepath.Join(b.TempDir(), "v"), somePCs(10_000))
	b.ReportAllocs()
	for b.Loop() {
		c.AddRuns(1)
	}
}

func BenchmarkCoverageDiff(b *testing.B) {
	const points = 1_000_000
	path := filepath.Join(b.TempDir(), "v")
	c := openCoverage(b, path, somePCs(points))
	reader, err := MapCoverage(path)
	if err != nil {
		b.Fatal(err)
	}
	defer reader.Close()
	for i := 0; i < points; i += 3 {
		c.Set(i)
	}
	for _, changes := range []int{0, 100} {
		b.Run(fmt.Sprintf("changes=%d", changes), func(b *testing.B) {
			seen := reader.Bits(nil)
			found := make([]uint32, 0, changes)
			b.ReportAllocs()
			for b.Loop() {
				for i := range changes {
					p := 3 * 1000 * i // a point that is set
					seen[p/64] &^= 1 << (p % 64)
				}
				found = reader.DiffInto(seen, found[:0])
				if len(found) != changes {
					b.Fatalf("%d changes found", len(found))
				}
			}
			b.ReportMetric(points, "points")
		})
	}
}

func openCoverage(t testing.TB, path string, pcs []uint64) *CoverageFile {
	t.Helper()
	c, err := OpenCoverage(path, pcs)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

func somePCs(n int) []uint64 {
	pcs := make([]uint64, n)
	for i := range pcs {
		pcs[i] = 0x101000 + 16*uint64(i)
	}
	return pcs
}

// coverageBytes returns an untouched coverage file, built by hand.
func coverageBytes(pcs []uint64) []byte {
	b := make([]byte, 16)
	b = binary.LittleEndian.AppendUint64(b, uint64(len(pcs)))
	b = append(b, make([]byte, 8*((len(pcs)+63)/64))...)
	for _, pc := range pcs {
		b = binary.LittleEndian.AppendUint64(b, pc)
	}
	return b
}

// checkError checks that err wraps want and that its text has path and text.
func checkError(t *testing.T, err, want error, path, text string) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("error %v, want %q", err, want)
	}
	if !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), text) {
		t.Errorf("error %q does not say %q and %q", err, path, text)
	}
}

func unhex(t *testing.T, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.Join(strings.Fields(text), ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func unhexString(text string) []byte {
	b, err := hex.DecodeString(text)
	if err != nil {
		panic(err)
	}
	return b
}

func readFile(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func writeFile(t testing.TB, path string, b []byte) {
	t.Helper()
	if err := os.WriteFile(path, b, 0o666); err != nil {
		t.Fatal(err)
	}
}
