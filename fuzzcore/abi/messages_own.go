package abi

import "encoding/binary"

// This file defines the bodies of the messages that only fuzzls' workers send.

// Crash reports an input that made a fuzz test fail: u32 test · u32 how · i32
// exit code · u32 signal · u64 run · u64 nanoseconds · u32 length · input · u32
// length · text · u32 length · output. fuzzls' own. A worker sends the first input
// of a signature, then only smaller ones; see CrashAgain.
type Crash struct {
	Test uint32
	// How is the kind of failure, as the executor numbers it.
	How uint32
	// ExitCode and Signal are the process's end; 0 where they say nothing.
	ExitCode int32
	Signal   uint32
	// Run is which run of the fuzz test by this worker it was, counted from 1;
	// Nanos the time since the worker started.
	Run, Nanos uint64
	Input      []byte
	// Text is the failure's own text, Output what the test printed.
	Text, Output string
}

// Append adds the encoding of m to dst.
func (m Crash) Append(dst []byte) []byte {
	for _, v := range [...]uint32{m.Test, m.How, uint32(m.ExitCode), m.Signal} {
		dst = binary.LittleEndian.AppendUint32(dst, v)
	}
	dst = binary.LittleEndian.AppendUint64(dst, m.Run)
	dst = binary.LittleEndian.AppendUint64(dst, m.Nanos)
	dst = appendBytes(dst, m.Input)
	dst = appendBytes(dst, []byte(m.Text))
	return appendBytes(dst, []byte(m.Output))
}

// DecodeCrash decodes the body of TagCrash.
func DecodeCrash(body []byte) (Crash, error) {
	d := decoder{message: "crash", rest: body}
	m := Crash{
		Test: d.u32(), How: d.u32(), ExitCode: int32(d.u32()), Signal: d.u32(),
		Run: d.u64(), Nanos: d.u64(), Input: d.bytes(), Text: string(d.bytes()), Output: string(d.bytes()),
	}
	return m, d.finish()
}

// CrashAgain counts inputs that failed in a way that a Crash has told of: u32 test
// · u32 count · signature. fuzzls' own.
type CrashAgain struct {
	Test, Count uint32
	Signature   string
}

// Append adds the encoding of m to dst.
func (m CrashAgain) Append(dst []byte) []byte {
	dst = binary.LittleEndian.AppendUint32(dst, m.Test)
	dst = binary.LittleEndian.AppendUint32(dst, m.Count)
	return append(dst, m.Signature...)
}

// DecodeCrashAgain decodes the body of TagCrashAgain.
func DecodeCrashAgain(body []byte) (CrashAgain, error) {
	d := decoder{message: "crash_again", rest: body}
	m := CrashAgain{Test: d.u32(), Count: d.u32(), Signature: string(d.all())}
	return m, d.finish()
}

// NoTest is the Test of a Notice that is about the worker as a whole.
const NoTest uint32 = 0xffffffff

// Notice tells the user something: u32 test · text. fuzzls' own.
type Notice struct {
	// Test is the fuzz test that it is about, or NoTest.
	Test uint32
	Text string
}

// Append adds the encoding of m to dst.
func (m Notice) Append(dst []byte) []byte {
	dst = binary.LittleEndian.AppendUint32(dst, m.Test)
	return append(dst, m.Text...)
}

// DecodeNotice decodes the body of TagNotice.
func DecodeNotice(body []byte) (Notice, error) {
	d := decoder{message: "notice", rest: body}
	m := Notice{Test: d.u32(), Text: string(d.all())}
	return m, d.finish()
}
