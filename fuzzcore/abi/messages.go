package abi

import (
	"bytes"
	"encoding/binary"
)

// This file defines the bodies of Zig's messages; messages_own.go those of
// fuzzls' own. Each has Append, which adds its encoding to a slice, and a Decode
// function, which takes one whole body and refuses anything else with
// ErrBadBody. Decoded byte slices share the body's memory. All numbers are
// little-endian.

// LimitKind tells what ends the fuzzing that StartFuzzing starts.
type LimitKind uint8

// The kinds of limits (std/Build/abi.zig, fuzz.LimitKind).
const (
	// LimitForever: nothing; Amount is the worker's instance number.
	LimitForever LimitKind = 0
	// LimitIterations: Amount mutated runs of each fuzz test.
	LimitIterations LimitKind = 1
)

// StartFuzzing tells a worker to fuzz: u8 kind · u64 amount · u32 n · n × (u32
// length · name). From then on a test's number, in every message, is its index
// in Names.
type StartFuzzing struct {
	Kind   LimitKind
	Amount uint64
	Names  []string
}

// Append adds the encoding of m to dst.
func (m StartFuzzing) Append(dst []byte) []byte {
	dst = append(dst, byte(m.Kind))
	dst = binary.LittleEndian.AppendUint64(dst, m.Amount)
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(m.Names)))
	for _, name := range m.Names {
		dst = appendBytes(dst, []byte(name))
	}
	return dst
}

// DecodeStartFuzzing decodes the body of TagStartFuzzing.
func DecodeStartFuzzing(body []byte) (StartFuzzing, error) {
	d := decoder{message: "start_fuzzing", rest: body}
	m := StartFuzzing{Kind: LimitKind(d.u8()), Amount: d.u64()}
	if m.Kind > LimitIterations {
		d.fail("limit kind %d is unknown", m.Kind)
	}
	n := d.count(4)
	for range n {
		m.Names = append(m.Names, string(d.bytes()))
	}
	return m, d.finish()
}

// FuzzInput carries an input of a fuzz test, for TagNewFuzzInput and
// TagBroadcastFuzzInput: u32 test · input.
type FuzzInput struct {
	Test uint32
	Data []byte
}

// Append adds the encoding of m to dst.
func (m FuzzInput) Append(dst []byte) []byte {
	dst = binary.LittleEndian.AppendUint32(dst, m.Test)
	return append(dst, m.Data...)
}

// DecodeFuzzInput decodes the body of TagNewFuzzInput or TagBroadcastFuzzInput.
func DecodeFuzzInput(body []byte) (FuzzInput, error) {
	d := decoder{message: "fuzz_input", rest: body}
	m := FuzzInput{Test: d.u32(), Data: d.all()}
	return m, d.finish()
}

// RunTest asks for one run of a test outside fuzzing: u32 index in TestMetadata.
type RunTest struct{ Index uint32 }

// Append adds the encoding of m to dst.
func (m RunTest) Append(dst []byte) []byte {
	return binary.LittleEndian.AppendUint32(dst, m.Index)
}

// DecodeRunTest decodes the body of TagRunTest.
func DecodeRunTest(body []byte) (RunTest, error) {
	d := decoder{message: "run_test", rest: body}
	m := RunTest{Index: d.u32()}
	return m, d.finish()
}

// TestMetadata lists the tests of an executable: u32 length of the strings ·
// u32 n · n × u32 offset of a name · n × u32 offset of an expected panic
// message (0: none, the only value in use) · strings, each ended by a zero byte.
// Offset 0 is an empty string.
type TestMetadata struct {
	// Names must hold no zero bytes.
	Names []string
}

// Append adds the encoding of m to dst.
func (m TestMetadata) Append(dst []byte) []byte {
	size := 1
	for _, name := range m.Names {
		size += len(name) + 1
	}
	dst = binary.LittleEndian.AppendUint32(dst, uint32(size))
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(m.Names)))
	offset := 1
	for _, name := range m.Names {
		dst = binary.LittleEndian.AppendUint32(dst, uint32(offset))
		offset += len(name) + 1
	}
	dst = append(dst, make([]byte, 4*len(m.Names))...)
	dst = append(dst, 0)
	for _, name := range m.Names {
		dst = append(dst, name...)
		dst = append(dst, 0)
	}
	return dst
}

// DecodeTestMetadata decodes the body of TagTestMetadata.
func DecodeTestMetadata(body []byte) (TestMetadata, error) {
	d := decoder{message: "test_metadata", rest: body}
	size := d.u32()
	n := d.count(8)
	offsets := d.take(4 * n)
	d.take(4 * n) // expected panic messages
	text := d.all()
	if d.err == nil && uint64(len(text)) != uint64(size) {
		d.fail("%d bytes of strings, promised were %d", len(text), size)
	}
	if d.err != nil {
		return TestMetadata{}, d.finish()
	}
	m := TestMetadata{}
	left := len(text) // strings do not overlap, so all together are no longer
	for i := range n {
		offset := binary.LittleEndian.Uint32(offsets[4*i:])
		name, ok := stringAt(text, offset, left)
		if !ok {
			d.fail("no string for test %d at offset %d of %d", i, offset, len(text))
			return TestMetadata{}, d.finish()
		}
		left -= len(name) + 1
		m.Names = append(m.Names, name)
	}
	return m, d.finish()
}

// stringAt returns the zero-terminated string at an offset of text, if it takes
// at most limit bytes.
func stringAt(text []byte, offset uint32, limit int) (string, bool) {
	if uint64(offset) >= uint64(len(text)) {
		return "", false
	}
	text = text[offset:]
	text = text[:min(len(text), limit)]
	end := bytes.IndexByte(text, 0)
	if end < 0 {
		return "", false
	}
	return string(text[:end]), true
}

// TestStatus is the outcome of one test.
type TestStatus uint8

// The outcomes of a test.
const (
	TestPassed  TestStatus = 0
	TestFailed  TestStatus = 1
	TestSkipped TestStatus = 2
)

// TestResults is the outcome of a RunTest: u32 index · u64 of bit fields from
// the lowest bit: 2 status, 1 fuzz, 30 logged errors, 31 leaks.
type TestResults struct {
	Index  uint32
	Status TestStatus
	// Fuzz: the test called std.testing.fuzz.
	Fuzz bool
	// LogErrors is less than 1<<30, Leaks less than 1<<31.
	LogErrors, Leaks uint32
}

// Append adds the encoding of m to dst.
func (m TestResults) Append(dst []byte) []byte {
	flags := uint64(m.Status&3) | uint64(m.LogErrors&(1<<30-1))<<3 | uint64(m.Leaks)<<33
	if m.Fuzz {
		flags |= 4
	}
	dst = binary.LittleEndian.AppendUint32(dst, m.Index)
	return binary.LittleEndian.AppendUint64(dst, flags)
}

// DecodeTestResults decodes the body of TagTestResults.
func DecodeTestResults(body []byte) (TestResults, error) {
	d := decoder{message: "test_results", rest: body}
	m := TestResults{Index: d.u32()}
	flags := d.u64()
	m.Status = TestStatus(flags & 3)
	if m.Status > TestSkipped {
		d.fail("status %d is unknown", m.Status)
	}
	m.Fuzz = flags&4 != 0
	m.LogErrors = uint32(flags >> 3 & (1<<30 - 1))
	m.Leaks = uint32(flags >> 33)
	return m, d.finish()
}

// CoverageIDMessage names the worker's coverage file and says what was in it
// when the worker started: u64 id · u64 runs · u64 unique runs · u64 points hit.
// Only the worker with instance number 0 sends it.
type CoverageIDMessage struct {
	ID, Runs, Unique, Seen uint64
}

// Append adds the encoding of m to dst.
func (m CoverageIDMessage) Append(dst []byte) []byte {
	for _, v := range [...]uint64{m.ID, m.Runs, m.Unique, m.Seen} {
		dst = binary.LittleEndian.AppendUint64(dst, v)
	}
	return dst
}

// DecodeCoverageID decodes the body of TagCoverageID.
func DecodeCoverageID(body []byte) (CoverageIDMessage, error) {
	d := decoder{message: "coverage_id", rest: body}
	m := CoverageIDMessage{ID: d.u64(), Runs: d.u64(), Unique: d.u64(), Seen: d.u64()}
	return m, d.finish()
}

// FuzzStartAddr is the entry point of a fuzz test: u64 address, unslid.
type FuzzStartAddr struct{ Addr uint64 }

// Append adds the encoding of m to dst.
func (m FuzzStartAddr) Append(dst []byte) []byte {
	return binary.LittleEndian.AppendUint64(dst, m.Addr)
}

// DecodeFuzzStartAddr decodes the body of TagFuzzStartAddr.
func DecodeFuzzStartAddr(body []byte) (FuzzStartAddr, error) {
	d := decoder{message: "fuzz_start_addr", rest: body}
	m := FuzzStartAddr{Addr: d.u64()}
	return m, d.finish()
}

// FuzzTestChange says which fuzz test the worker turns to: u32 test. It may
// name the same one again.
type FuzzTestChange struct{ Test uint32 }

// Append adds the encoding of m to dst.
func (m FuzzTestChange) Append(dst []byte) []byte {
	return binary.LittleEndian.AppendUint32(dst, m.Test)
}

// DecodeFuzzTestChange decodes the body of TagFuzzTestChange.
func DecodeFuzzTestChange(body []byte) (FuzzTestChange, error) {
	d := decoder{message: "fuzz_test_change", rest: body}
	m := FuzzTestChange{Test: d.u32()}
	return m, d.finish()
}
