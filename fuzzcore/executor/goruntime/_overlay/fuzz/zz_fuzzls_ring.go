package fuzz

// This file is the executor's copy of the ring's layout. Its master, with the
// meaning of each field, is fuzzcore/abi/ring.go of fuzzls; a test compares them.

const (
	ringMagic      = 0x66757a7a6c730003
	ringEnv        = "FUZZLS_RING"
	describeEnv    = "FUZZLS_DESCRIBE"
	ringHeaderSize = 4096
	ringSlotSize   = 64
	ringText       = 32 << 10
	maxCompares    = 4096
	compareText    = 48
)

const (
	ringWantCounters = 1 << iota
	ringWantCompares
	ringWantBlocks
)

const (
	ringNew = 1 << iota
	ringFailed
	ringSkipped
)

const (
	ringHello = 1
	ringReady = 2
)

type ringHeader struct {
	Magic                                uint64
	Size                                 uint64
	Slots, InputSize                     uint64
	SlotsOffset, SlotStride, TextsOffset uint64
	SeenOffset, BaselineOffset           uint64
	ArenaOffset, ArenaSize               uint64
	Edges, Cells                         uint64
	State                                uint32
	Hooks                                uint32
	MemoryLimit                          uint64
	EarlyOffset                          uint64

	Head   uint64
	WakeAt uint64
	_      [112]byte

	Tail     uint64
	Sleeping uint32
	_        uint32
	Slow     uint64
	_        [104]byte
}

type ringSlot struct {
	Len, Want      uint32
	Arena          uint64
	Flags, Edges   uint32
	Path           uint64
	Text, Compares uint32
	Seed           uint32
	Donor, Limit   uint32
	Nanos          uint32
	_              [8]byte
}

// compareRecord is abi.Compare.
type compareRecord struct {
	Site         uint32
	Kind         uint8
	LenA, LenB   uint8
	_            uint8
	A, B         uint64
	TextA, TextB [compareText]byte
	_            [8]byte
}
