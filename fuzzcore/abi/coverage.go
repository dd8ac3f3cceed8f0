package abi

import (
	"errors"
	"fmt"
	"math"
	"math/bits"
	"os"
	"runtime/debug"
	"sync/atomic"
	"syscall"
	"unsafe"
)

// This file defines the coverage file: what a build's points are and which of
// them have been hit, shared live by every process that fuzzes or watches it.
//
// The layout is SeenPcsHeader of Zig's std/Build/abi.zig on 64-bit machines,
// all little-endian:
//
//	u64 runs · u64 unique runs · u64 n · u64 bits[ceil(n/64)] · u64 pc[n]
//
// Bit i%64 of word i/64 is point i. Bits and counters only ever grow.

const (
	// coverageHeader is the size in bytes of what precedes the bits.
	coverageHeader = 3 * 8
	// headerWords is the same in words: runs, unique runs, number of points.
	headerWords = 3
	// maxPoints is the largest number of points: they are numbered by u32 in
	// other layouts.
	maxPoints = math.MaxUint32
)

// What can be wrong with a coverage file. The errors of OpenCoverage and
// MapCoverage wrap one of these and say which file, what was found, what was
// expected and what to do.
var (
	// ErrTruncated: the file ends before the bits and PCs that it promises.
	ErrTruncated = errors.New("coverage file is truncated")
	// ErrOtherLength: the file is whole but is for another number of points, or
	// there is more in it than its points.
	ErrOtherLength = errors.New("coverage file has another length")
	// ErrWrongPCs: the file has as many points, but other ones.
	ErrWrongPCs = errors.New("coverage file belongs to another build")
	// ErrIncomplete: the file is there but its maker has not filled it yet.
	ErrIncomplete = errors.New("coverage file is not filled yet")
	// ErrNoPoints: the build has no instrumented points.
	ErrNoPoints = errors.New("no instrumented points")
)

// A CoverageFile is an open coverage file. Its methods may be called by several
// goroutines, except Close, which must be the last.
type CoverageFile struct {
	path string
	// file holds the shared lock of a file from OpenCoverage; nil for a reader.
	file *os.File
	pcs  []uint64
	id   uint64
	// mapped is the live map of the header and the bits; words is the same memory.
	mapped []byte
	words  []uint64
	// fault is set once a reader finds that the mapped memory has gone.
	fault atomic.Pointer[error]
}

// OpenCoverage opens the coverage file of the build with these points for
// counting, and creates it if it does not exist. Its directory must exist. The
// file keeps a shared lock until Close, so that nobody takes it for unused. pcs
// is kept and must not change.
//
// A file that does not fit gives ErrTruncated, ErrOtherLength or ErrWrongPCs
// and is left as it is.
func OpenCoverage(path string, pcs []uint64) (*CoverageFile, error) {
	if len(pcs) == 0 {
		return nil, fmt.Errorf("coverage file %s: %w: build the target with instrumentation", path, ErrNoPoints)
	}
	if len(pcs) > maxPoints {
		return nil, fmt.Errorf("coverage file %s: %d points are more than the %d that can be numbered", path, len(pcs), uint32(maxPoints))
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return nil, fmt.Errorf("opening coverage file: %w", err)
	}
	c, err := newCoverageWriter(file, pcs)
	if err != nil {
		file.Close()
		return nil, err
	}
	return c, nil
}

func newCoverageWriter(file *os.File, pcs []uint64) (*CoverageFile, error) {
	if err := lockCoverage(file, pcs); err != nil {
		return nil, err
	}
	found, err := readPCs(file)
	if err != nil {
		return nil, err
	}
	if err := samePCs(file.Name(), found, pcs); err != nil {
		return nil, err
	}
	c := &CoverageFile{path: file.Name(), file: file, pcs: pcs, id: CoverageID(pcs)}
	return c, c.mapBits(file, syscall.PROT_READ|syscall.PROT_WRITE)
}

// MapCoverage maps an existing coverage file for reading what others count in
// it. It takes no lock: a lock held by a reader at the moment when a worker
// first fills the file would make that worker give up.
func MapCoverage(path string) (*CoverageFile, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("opening coverage file: %w", err)
	}
	defer file.Close() // the map outlives the descriptor
	pcs, err := readPCs(file)
	if err != nil {
		return nil, err
	}
	c := &CoverageFile{path: path, pcs: pcs, id: CoverageID(pcs)}
	if err := c.mapBits(file, syscall.PROT_READ); err != nil {
		return nil, err
	}
	return c, nil
}

// Close unmaps the file and gives up the lock.
func (c *CoverageFile) Close() error {
	err := syscall.Munmap(c.mapped)
	c.mapped, c.words = nil, nil
	if c.file != nil {
		err = errors.Join(err, c.file.Close())
	}
	return err
}

// Path returns the path that the file was opened by.
func (c *CoverageFile) Path() string { return c.path }

// Len returns the number of points.
func (c *CoverageFile) Len() int { return len(c.pcs) }

// PCs returns the addresses of the points, unslid. It must not be changed; it
// stays valid after Close.
func (c *CoverageFile) PCs() []uint64 { return c.pcs }

// ID returns the coverage id: CoverageID(PCs()).
func (c *CoverageFile) ID() uint64 { return c.id }

// Runs returns how many runs have been counted, over all workers and campaigns.
func (c *CoverageFile) Runs() uint64 { return c.header(0) }

// Unique returns how many runs were kept as new, over all campaigns.
func (c *CoverageFile) Unique() uint64 { return c.header(1) }

// AddRuns counts n more runs. The file must come from OpenCoverage.
func (c *CoverageFile) AddRuns(n uint64) { atomic.AddUint64(c.writable(0), n) }

// AddUnique counts n more runs that were kept. The file must come from OpenCoverage.
func (c *CoverageFile) AddUnique(n uint64) { atomic.AddUint64(c.writable(1), n) }

// Set marks a point in [0, Len()) as hit and reports whether it already was.
// The file must come from OpenCoverage.
func (c *CoverageFile) Set(point int) (was bool) {
	if uint(point) >= uint(len(c.pcs)) {
		panic(fmt.Sprintf("abi: CoverageFile.Set(%d) of %d points", point, len(c.pcs)))
	}
	bit := uint64(1) << (point % 64)
	return atomic.OrUint64(c.writable(headerWords+point/64), bit)&bit != 0
}

// Or marks all points whose bit is set in words and returns how many of them
// nobody had hit before. There may be fewer words than the file has; bits from
// Len() on are ignored. The file must come from OpenCoverage.
func (c *CoverageFile) Or(words []uint64) (fresh int) {
	n := min(len(words), bitWords(len(c.pcs)))
	for i, w := range words[:n] {
		fresh += bits.OnesCount64(c.orWord(i, w))
	}
	return fresh
}

// Claim does what Or does, and leaves in words only the bits that nobody had set
// before. Of all processes that reach a point, exactly one claims it.
func (c *CoverageFile) Claim(words []uint64) (fresh int) {
	n := min(len(words), bitWords(len(c.pcs)))
	for i, w := range words[:n] {
		words[i] = c.orWord(i, w)
		fresh += bits.OnesCount64(words[i])
	}
	clear(words[n:])
	return fresh
}

// orWord marks the points of one word and returns those that nobody had hit before.
func (c *CoverageFile) orWord(i int, w uint64) (fresh uint64) {
	if i == len(c.pcs)/64 {
		w &= 1<<(len(c.pcs)%64) - 1 // the padding stays zero
	}
	live := c.writable(headerWords + i)
	// Usually there is nothing to add: then the shared cache line is only read.
	if w&^atomic.LoadUint64(live) == 0 {
		return 0
	}
	return w &^ atomic.OrUint64(live, w)
}

// Bits copies the live bits to dst, which is reallocated if it is too short, and
// returns it, ceil(Len()/64) words long.
func (c *CoverageFile) Bits(dst []uint64) []uint64 {
	n := bitWords(len(c.pcs))
	if cap(dst) < n {
		dst = make([]uint64, n)
	}
	dst = dst[:n]
	if c.Err() != nil {
		return dst
	}
	defer c.catchFault(debug.SetPanicOnFault(true))
	for i := range dst {
		dst[i] = atomic.LoadUint64(&c.words[headerWords+i])
	}
	return dst
}

// DiffInto appends to points, in ascending order, every point that is hit now
// and whose bit is not set in seen, and sets those bits in seen. seen is the
// caller's snapshot of the last look, made by Bits or all zero, ceil(Len()/64)
// words long. It allocates only if points lacks the capacity.
func (c *CoverageFile) DiffInto(seen []uint64, points []uint32) (found []uint32) {
	found = points
	if c.Err() != nil {
		return found
	}
	defer c.catchFault(debug.SetPanicOnFault(true))
	live := c.words[headerWords:]
	for i, old := range seen[:len(live)] {
		now := atomic.LoadUint64(&live[i])
		if now == old {
			continue
		}
		for fresh := now &^ old; fresh != 0; fresh &= fresh - 1 {
			found = append(found, uint32(64*i+bits.TrailingZeros64(fresh)))
		}
		seen[i] = old | now
	}
	return found
}

// Err tells why the live file can no longer be read: it was truncated while it
// was mapped. From then on nothing new is seen: Bits, DiffInto and the counts
// return what they have. A worker that counts in such a file ends with a fault
// and gets ErrTruncated when it opens the file again.
func (c *CoverageFile) Err() error {
	if err := c.fault.Load(); err != nil {
		return *err
	}
	return nil
}

// Covered returns how many points have been hit.
func (c *CoverageFile) Covered() (n int) { return c.CoveredOf(nil) }

// CoveredOf returns how many of the points whose bit is set in mask have been hit; nil
// means all points. mask may have fewer words than the file: what is missing is zero.
func (c *CoverageFile) CoveredOf(mask []uint64) (n int) {
	if c.Err() != nil {
		return 0
	}
	defer c.catchFault(debug.SetPanicOnFault(true))
	words := bitWords(len(c.pcs))
	if mask == nil {
		for i := range words {
			n += bits.OnesCount64(atomic.LoadUint64(&c.words[headerWords+i]))
		}
		return n
	}
	for i, wanted := range mask[:min(len(mask), words)] {
		n += bits.OnesCount64(atomic.LoadUint64(&c.words[headerWords+i]) & wanted)
	}
	return n
}

// header returns a counter of the header, guarded like the bits.
func (c *CoverageFile) header(i int) (n uint64) {
	if c.Err() != nil {
		return 0
	}
	defer c.catchFault(debug.SetPanicOnFault(true))
	return atomic.LoadUint64(&c.words[i])
}

// writable returns a word of the map to change.
func (c *CoverageFile) writable(i int) *uint64 {
	if c.file == nil {
		panic("abi: " + c.path + " is mapped for reading only")
	}
	return &c.words[i]
}

// catchFault is deferred around reads of mapped memory, which faults when
// somebody truncates the file: an editor's server must survive that. before is
// the goroutine's setting to go back to.
func (c *CoverageFile) catchFault(before bool) {
	debug.SetPanicOnFault(before)
	problem := recover()
	if problem == nil {
		return
	}
	if _, isFault := problem.(interface{ Addr() uintptr }); !isFault {
		panic(problem)
	}
	err := fmt.Errorf("%w: %s shrank while it was open: stop the campaign and delete the file", ErrTruncated, c.path)
	c.fault.Store(&err)
}

// mapBits maps the header and the bits; the PCs never change and are kept apart.
func (c *CoverageFile) mapBits(file *os.File, protection int) error {
	size := coverageHeader + 8*bitWords(len(c.pcs))
	mapped, err := syscall.Mmap(int(file.Fd()), 0, size, protection, syscall.MAP_SHARED)
	if err != nil {
		return fmt.Errorf("mapping coverage file %s: %w", c.path, err)
	}
	c.mapped = mapped
	c.words = unsafe.Slice((*uint64)(unsafe.Pointer(&mapped[0])), size/8)
	return nil
}

// bitWords returns how many words hold n bits.
func bitWords(n int) int { return (n + 63) / 64 }
