package abi

import "sync/atomic"

// This file defines the ring: the memory that a worker shares with its executor
// process, the process that runs inputs. The Go runtime of an executor holds its
// own copy of these structs (goruntime/_overlay/fuzz/zz_fuzzls_ring.go); a test
// there compares the two, offset by offset.
//
// The memory is one file, mapped by both sides:
//
//	RingHeader                    one page
//	[Slots](RingSlot, input)      SlotsOffset, SlotStride bytes apart
//	[Slots]failure text           TextsOffset, RingText bytes each
//	seen map                      SeenOffset, one byte for each edge
//	baseline bitset               BaselineOffset, one bit for each cell
//	baseline counters             EarlyOffset, one byte for each edge
//	arena                         ArenaOffset, ArenaSize bytes
//
// The host writes an input and its slot, then publishes it by storing Head. The
// executor runs slots in order and stores Tail after each. A run number n lives
// in slot n modulo Slots. If the executor process dies, run number Tail is the
// one it died in.
//
// Either side sleeps on a pipe (its bell) and says so first: the executor sets
// Sleeping, the host sets WakeAt; then each looks once more before it sleeps.
// The other side rings by writing one byte.

// RingMagic is the value of RingHeader.Magic: "fuzzls" and the version of the
// layout, so that an executable built with another version is refused.
const RingMagic = 0x66757a7a6c730003

// RingEnv names the environment variable that holds the executor's three
// descriptors: "memory,bell to read,bell to write", in decimal.
const RingEnv = "FUZZLS_RING"

// DescribeEnv names the environment variable that holds the path of the file
// into which a target started to describe itself writes its description.
const DescribeEnv = "FUZZLS_DESCRIBE"

// RingHeaderSize is the size of the first part of the ring: one page, so that it
// can be mapped before the rest of the layout is known.
const RingHeaderSize = 4096

// RingText is the most bytes of a failure's text that are kept: room for a few
// hundred stack frames. It is memory that only failing runs touch.
const RingText = 32 << 10

// MaxCompares is the most comparisons that one run records: more than the
// distinct comparisons of a typical parser, in 512 KiB.
const MaxCompares = 4096

// CompareSize is the size of a Compare in bytes.
const CompareSize = 128

// What a slot asks for, RingSlot.Want: what to record, and that the fuzz test's own
// mutator makes the input first.
const (
	RingWantCounters = 1 << iota
	RingWantCompares
	RingWantBlocks
	RingWantMutate
)

// What a target has of its own, RingHeader.Hooks.
const (
	// RingMutates: a mutator, so that slots may ask for RingWantMutate.
	RingMutates = 1 << iota
	// RingCrosses: its mutator is given a second input, RingSlot.Donor, if there is one.
	RingCrosses
)

// What happened in a run, RingSlot.Flags.
const (
	// RingNew: the run passed and hit something that is not in the seen map.
	RingNew = 1 << iota
	// RingFailed: the fuzz test failed; its text is in the slot's text.
	RingFailed
	// RingSkipped: the fuzz test rejected the input.
	RingSkipped
)

// States of an executor process, RingHeader.State.
const (
	// RingStarting: set by the host before it starts the process.
	RingStarting uint32 = iota
	// RingHello: the process has set Edges and Cells, and waits for the layout.
	RingHello
	// RingReady: the process takes inputs.
	RingReady
)

// RingHeader is the ring's first part. The fields that change during runs lie on
// cache lines of their own, by writer.
type RingHeader struct {
	// Magic is RingMagic; set by the host.
	Magic uint64
	// Size is the length of the whole memory; 0 until the host has laid it out.
	Size uint64
	// Slots is the number of slots, a power of two; InputSize is how many bytes of
	// input fit into one.
	Slots, InputSize uint64
	// Offsets and sizes of the parts, see above; set by the host with Size.
	SlotsOffset, SlotStride, TextsOffset uint64
	SeenOffset, BaselineOffset           uint64
	ArenaOffset, ArenaSize               uint64
	// Edges and Cells are the numbers of edge counters and of block cells; set by
	// the process before RingHello.
	Edges, Cells uint64
	// State is a Ring state.
	State uint32
	// Hooks says what the target has of its own; set by the process before RingHello.
	Hooks uint32
	// MemoryLimit is how many bytes the process may have resident, so that its
	// garbage collector can keep away from that; set by the host.
	MemoryLimit uint64
	// EarlyOffset is the offset of the baseline counters; set by the host with Size.
	EarlyOffset uint64

	// Head is how many runs the host has published.
	Head uint64
	// WakeAt, if not 0, is the Tail at which the sleeping host wants the bell.
	WakeAt uint64
	_      [112]byte

	// Tail is how many runs are finished.
	Tail uint64
	// Sleeping is 1 while the executor sleeps until the host rings.
	Sleeping uint32
	_        uint32
	// Slow counts the runs that took the slow path, for tests and tuning.
	Slow uint64
	_    [104]byte
}

// RingSlotSize is the size of a RingSlot, one cache line; the input follows it.
const RingSlotSize = 64

// RingSlot describes one run.
type RingSlot struct {
	// Len is the input's length; Want says what to record; Arena is the offset,
	// in the whole memory, of the room for it. Set by the host; with RingWantMutate,
	// the executor sets Len to the length of what it has made before it runs it.
	Len, Want uint32
	Arena     uint64
	// Flags is what happened; Edges is the number of edges hit and Path a hash of
	// their set; Text is the length of the failure text, Compares the number of
	// comparisons recorded. Set by the executor.
	Flags, Edges   uint32
	Path           uint64
	Text, Compares uint32
	// With RingWantMutate: Seed is the mutator's seed; Donor is the length of a second
	// input, which follows the first, or 0; Limit is the longest that the input may
	// become. Set by the host.
	Seed, Donor, Limit uint32
	// Nanos is how long the run took in nanoseconds, at most; only of runs that record
	// their counters. Set by the executor; 0 if it does not measure.
	Nanos uint32
	_     [8]byte
}

// RingRoom is where in a slot's piece of the arena each record lies, and how long
// the piece is. Counters are at 0.
type RingRoom struct {
	Blocks, Compares, Size uint64
}

// NewRingRoom returns the room that a run needs for what it wants: the counters,
// one byte for each edge; the blocks, a bitset of 64-bit words; the comparisons,
// MaxCompares records. Each part begins at a multiple of 64 bytes.
func NewRingRoom(want uint32, edges, cells uint64) RingRoom {
	var room RingRoom
	if want&RingWantCounters != 0 {
		room.Blocks = roundUp(edges, 64)
	}
	room.Compares = room.Blocks
	if want&RingWantBlocks != 0 {
		room.Compares += roundUp(roundUp(cells, 64)/8, 64)
	}
	room.Size = room.Compares
	if want&RingWantCompares != 0 {
		room.Size += MaxCompares * CompareSize
	}
	return room
}

// arenaRuns is how many runs that want everything fit into the arena at once:
// two batches of confirmations on a good second, at 0.5 MiB each.
const arenaRuns = 32

// LayOut fills in the sizes and offsets of the ring from Slots, InputSize, Edges
// and Cells, and returns the size of the whole memory.
func (h *RingHeader) LayOut() uint64 {
	h.SlotsOffset = RingHeaderSize
	// A slot and the beginning of its input share a pair of cache lines, which
	// processors fetch together. An odd number of pairs: slots, most of them short,
	// then spread over all sets of the caches.
	h.SlotStride = roundUp(RingSlotSize+h.InputSize, 128) | 128
	h.TextsOffset = roundUp(h.SlotsOffset+h.SlotStride*h.Slots, 4096)
	h.SeenOffset = h.TextsOffset + RingText*h.Slots
	h.BaselineOffset = h.SeenOffset + roundUp(h.Edges, 4096)
	h.EarlyOffset = h.BaselineOffset + roundUp(roundUp(h.Cells, 64)/8, 4096)
	h.ArenaOffset = h.EarlyOffset + roundUp(h.Edges, 4096)
	all := uint32(RingWantCounters | RingWantCompares | RingWantBlocks)
	h.ArenaSize = arenaRuns * NewRingRoom(all, h.Edges, h.Cells).Size
	return h.ArenaOffset + roundUp(h.ArenaSize, 4096)
}

// Publish stores Head and reports whether the executor sleeps and must be rung.
func (h *RingHeader) Publish(head uint64) (ring bool) {
	atomic.StoreUint64(&h.Head, head)
	return atomic.LoadUint32(&h.Sleeping) != 0 && atomic.SwapUint32(&h.Sleeping, 0) != 0
}

func roundUp(n, multiple uint64) uint64 {
	return (n + multiple - 1) / multiple * multiple
}
