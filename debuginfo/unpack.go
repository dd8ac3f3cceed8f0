package debuginfo

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"
)

// This file defines how compressed debug sections are decompressed.

// packing is the way a section is compressed.
type packing uint8

const (
	notPacked packing = iota
	// packedELF is a section with the flag SHF_COMPRESSED: an Elf64_Chdr, then a
	// zlib or zstd stream.
	packedELF
	// packedGNU is a section named ".zdebug_…": "ZLIB", the size as 8 bytes big
	// endian, then a zlib stream.
	packedGNU
)

const (
	// chdrSize is the size of an Elf64_Chdr: type, reserved, size, alignment.
	chdrSize = 24
	// zdebugSize is the size of the header of a ".zdebug_…" section.
	zdebugSize = 12
	// Values of Elf64_Chdr.ch_type.
	chdrZlib = 1
	chdrZstd = 2

	// maxRatio is how many times larger than its compressed form a section may be.
	// Deflate reaches 1032 on zeros; debug sections stay below 50.
	maxRatio = 128
	// ratioSlack is allowed beyond maxRatio, for small sections that say the same over
	// and over.
	ratioSlack = 1 << 20
	// trustedRatio is up to which ratio a header's size is believed: memory beyond
	// it is only taken as the data really comes.
	trustedRatio = 32
)

// unpack decompresses a section whose bytes in the file are raw.
func unpack(s *section, raw []byte) ([]byte, error) {
	kind, size, stream, err := packedStream(s.packing, raw)
	bad := func(err error) error {
		return &FormatError{Path: s.raw.path, Section: s.Name, Problem: "compressed section: " + err.Error()}
	}
	if err != nil {
		return nil, bad(err)
	}
	if size > uint64(len(stream))*maxRatio+ratioSlack {
		return nil, bad(fmt.Errorf("%d bytes claim to hold %d", len(stream), size))
	}
	var r io.Reader
	switch kind {
	case chdrZlib:
		r, err = zlib.NewReader(bytes.NewReader(stream))
	case chdrZstd:
		var d *zstd.Decoder
		d, err = zstd.NewReader(bytes.NewReader(stream), zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(size+ratioSlack))
		if err == nil {
			defer d.Close()
			r = d
		}
	default:
		err = fmt.Errorf("unknown compression %d (zlib and zstd are known)", kind)
	}
	if err != nil {
		return nil, bad(err)
	}
	data, err := readExactly(r, size, uint64(len(stream))*trustedRatio+ratioSlack)
	if err != nil {
		return nil, bad(err)
	}
	return data, nil
}

// packedStream reads the header of a compressed section.
func packedStream(packing packing, raw []byte) (kind uint32, size uint64, stream []byte, err error) {
	switch packing {
	case packedELF:
		if len(raw) < chdrSize {
			return 0, 0, nil, errors.New("truncated header")
		}
		return binary.LittleEndian.Uint32(raw), binary.LittleEndian.Uint64(raw[8:]), raw[chdrSize:], nil
	default:
		if len(raw) < zdebugSize || string(raw[:4]) != "ZLIB" {
			return 0, 0, nil, errors.New(`no "ZLIB" header`)
		}
		return chdrZlib, binary.BigEndian.Uint64(raw[4:]), raw[zdebugSize:], nil
	}
}

// readExactly reads size bytes and then expects the end of r. It takes at most
// trusted bytes of memory ahead of the data.
func readExactly(r io.Reader, size, trusted uint64) ([]byte, error) {
	data := make([]byte, min(size, trusted))
	n, err := io.ReadFull(r, data)
	for err == nil && uint64(n) < size {
		data = append(data, make([]byte, min(uint64(n), size-uint64(n)))...)
		var m int
		m, err = io.ReadFull(r, data[n:])
		n += m
	}
	if err != nil {
		return nil, fmt.Errorf("after %d of %d bytes: %w", n, size, err)
	}
	if m, err := r.Read(make([]byte, 1)); m != 0 || err != nil && err != io.EOF {
		return nil, fmt.Errorf("does not end after its %d bytes (%v)", size, err)
	}
	return data, nil
}
