package executor

import (
	"fmt"
	"os"
	"sync/atomic"
	"unsafe"

	"github.com/fuzzls/fuzzls/fuzzcore/abi"
	"golang.org/x/sys/unix"
)

// This file makes and maps the memory of a ring.

// memory is a ring's memory as the host sees it. The target may write anywhere in
// it, so the host takes nothing from it that it relies on: layout is its own copy.
type memory struct {
	file   *os.File
	first  []byte // the header's page, mapped before the rest; header is in it
	all    []byte // everything, once it is laid out
	header *abi.RingHeader
	layout abi.RingHeader
}

// newMemory makes a ring's memory with its header only: what follows depends on
// what the target says of itself.
func newMemory(slots, inputSize int) (*memory, error) {
	fd, err := unix.MemfdCreate("fuzzls-ring", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("making shared memory: %w", err)
	}
	m := &memory{file: os.NewFile(uintptr(fd), "fuzzls-ring")}
	if m.first, err = m.mapSize(abi.RingHeaderSize); err != nil {
		m.close()
		return nil, err
	}
	m.header = (*abi.RingHeader)(unsafe.Pointer(&m.first[0]))
	m.header.Magic = abi.RingMagic
	m.header.Slots, m.header.InputSize = uint64(slots), uint64(inputSize)
	return m, nil
}

// layOut makes the memory as large as the target's edges and cells ask for.
func (m *memory) layOut() error {
	size := m.header.LayOut()
	m.layout = *m.header
	all, err := m.mapSize(int(size))
	if err != nil {
		return fmt.Errorf("%w (for %d slots, %d edges and %d blocks)", err, m.layout.Slots, m.layout.Edges, m.layout.Cells)
	}
	m.all = all
	atomic.StoreUint64(&m.header.Size, size)
	return nil
}

// mapSize makes the file size bytes long and maps it. Pages that nobody touches
// take no memory.
func (m *memory) mapSize(size int) ([]byte, error) {
	if err := m.file.Truncate(int64(size)); err != nil {
		return nil, fmt.Errorf("making %d bytes of shared memory: %w", size, err)
	}
	b, err := unix.Mmap(int(m.file.Fd()), 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("mapping %d bytes of shared memory: %w", size, err)
	}
	return b, nil
}

func (m *memory) close() {
	if m.all != nil {
		unix.Munmap(m.all)
	}
	if m.first != nil {
		unix.Munmap(m.first)
	}
	m.file.Close()
}

// slot returns the slot of a run.
func (m *memory) slot(run uint64) *abi.RingSlot {
	return (*abi.RingSlot)(unsafe.Pointer(&m.all[m.slotOffset(run)]))
}

// input returns a run's room for the input.
func (m *memory) input(run uint64) []byte {
	offset := m.slotOffset(run) + abi.RingSlotSize
	end := offset + m.layout.InputSize
	return m.all[offset:end:end]
}

func (m *memory) slotOffset(run uint64) uint64 {
	return m.layout.SlotsOffset + run&(m.layout.Slots-1)*m.layout.SlotStride
}

// text returns a failed run's text.
func (m *memory) text(run uint64) []byte {
	offset := m.textOffset(run)
	n := min(uint64(m.slot(run).Text), abi.RingText)
	return m.all[offset : offset+n]
}

func (m *memory) textOffset(run uint64) uint64 {
	return m.layout.TextsOffset + run&(m.layout.Slots-1)*abi.RingText
}

// bitset returns the bitset over all cells at an offset.
func (m *memory) bitset(offset uint64) []uint64 {
	n := (m.layout.Cells + 63) / 64
	if n == 0 {
		return nil
	}
	return unsafe.Slice((*uint64)(unsafe.Pointer(&m.all[offset])), n)
}

// compares returns n comparison records at an offset.
func (m *memory) compares(offset uint64, n uint32) []abi.Compare {
	return unsafe.Slice((*abi.Compare)(unsafe.Pointer(&m.all[offset])), min(n, abi.MaxCompares))
}
