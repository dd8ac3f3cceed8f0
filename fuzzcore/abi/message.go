package abi

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// This file defines the framing of the messages between a supervisor and its
// workers (stdin and stdout of a worker) and their tags. messages.go defines
// the bodies.
//
// A frame is u32 tag · u32 length of the body · body, little-endian, as
// std/zig/Server.zig and Client.zig have it. Tags are per direction: the same
// number means different things to and from a worker.

// Tag says what the body of a message is.
type Tag uint32

// Tags of messages to a worker (std/zig/Client.zig); those missing are the
// Zig compiler's.
const (
	// TagExit asks a worker that is not fuzzing to end; no body. A fuzzing Zig
	// worker takes it for an error: stop that with a signal.
	TagExit Tag = 0
	// TagQueryTestMetadata asks for TestMetadata; no body.
	TagQueryTestMetadata Tag = 4
	// TagRunTest: RunTest.
	TagRunTest Tag = 5
	// TagStartFuzzing: StartFuzzing. Only TagNewFuzzInput may follow.
	TagStartFuzzing Tag = 6
	// TagNewFuzzInput: FuzzInput, found by another worker.
	TagNewFuzzInput Tag = 7
)

// Tags of messages from a worker (std/zig/Server.zig); those missing are the
// Zig compiler's.
const (
	// TagZigVersion comes first; the body is the version as text.
	TagZigVersion Tag = 0
	// TagTestMetadata: TestMetadata.
	TagTestMetadata Tag = 3
	// TagTestResults: TestResults.
	TagTestResults Tag = 4
	// TagTestStarted has no body.
	TagTestStarted Tag = 5
	// TagCoverageID: CoverageIDMessage.
	TagCoverageID Tag = 7
	// TagFuzzStartAddr: FuzzStartAddr, one for each fuzz test, in order.
	TagFuzzStartAddr Tag = 8
	// TagFuzzTestChange: FuzzTestChange.
	TagFuzzTestChange Tag = 9
	// TagBroadcastFuzzInput: FuzzInput, to be relayed to the other workers.
	TagBroadcastFuzzInput Tag = 10
)

// Tags of fuzzls' own messages from a worker, far from those that Zig counts
// up. 0x6675 is "fu".
const (
	// TagCrash: Crash.
	TagCrash Tag = 0x66750001
	// TagNotice: Notice.
	TagNotice Tag = 0x66750002
	// TagCrashAgain: CrashAgain.
	TagCrashAgain Tag = 0x66750003
)

// MaxMessage is the longest body that is read or written, in bytes: far above
// the largest input that can be fuzzed at a useful rate together with the output
// of a crash, far below what would hurt if a worker went mad.
const MaxMessage = 64 << 20

// firstAllocation is how many bytes of a body are allocated on its length's
// word alone; a longer body must arrive to be stored.
const firstAllocation = 64 << 10

// frameHeader is the size of what precedes a body.
const frameHeader = 8

// Errors of ReadMessage and WriteMessage, wrapped with the tag and the lengths.
var (
	ErrMessageTooLong = errors.New("message is too long")
	// ErrMessageCut: the stream ended inside a message.
	ErrMessageCut = errors.New("message is cut off")
)

// ReadMessage reads one frame. The body belongs to the caller. At the end of
// the stream, between two messages, the error is io.EOF itself.
func ReadMessage(r io.Reader) (Tag, []byte, error) {
	var header [frameHeader]byte
	n, err := io.ReadFull(r, header[:])
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return 0, nil, fmt.Errorf("%w: the stream ended after %d of the %d bytes of a header", ErrMessageCut, n, frameHeader)
	}
	if err != nil {
		return 0, nil, err
	}
	tag := Tag(binary.LittleEndian.Uint32(header[:]))
	length := binary.LittleEndian.Uint32(header[4:])
	if length > MaxMessage {
		return tag, nil, tooLong(tag, uint64(length))
	}
	body, err := readBody(r, int(length))
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return tag, nil, fmt.Errorf("%w: the stream ended after %d of the %d bytes of a message with tag %#x", ErrMessageCut, len(body), length, uint32(tag))
	}
	if err != nil {
		return tag, nil, fmt.Errorf("reading a message with tag %#x: %w", uint32(tag), err)
	}
	return tag, body, nil
}

func readBody(r io.Reader, length int) ([]byte, error) {
	if length <= firstAllocation {
		body := make([]byte, length)
		n, err := io.ReadFull(r, body)
		return body[:n], err
	}
	var body bytes.Buffer
	body.Grow(firstAllocation)
	_, err := io.CopyN(&body, r, int64(length))
	return body.Bytes(), err
}

// WriteMessage writes one frame with a single call of w.Write.
func WriteMessage(w io.Writer, tag Tag, body []byte) error {
	if len(body) > MaxMessage {
		return tooLong(tag, uint64(len(body)))
	}
	frame := AppendMessage(make([]byte, 0, frameHeader+len(body)), tag, body)
	if _, err := w.Write(frame); err != nil {
		return fmt.Errorf("writing a message with tag %#x: %w", uint32(tag), err)
	}
	return nil
}

func tooLong(tag Tag, length uint64) error {
	return fmt.Errorf("%w: tag %#x with %d bytes, the limit is %d", ErrMessageTooLong, uint32(tag), length, MaxMessage)
}

// AppendMessage appends a whole frame to dst, for senders that collect several
// before they write. body must be no longer than MaxMessage.
func AppendMessage(dst []byte, tag Tag, body []byte) []byte {
	dst = binary.LittleEndian.AppendUint32(dst, uint32(tag))
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(body)))
	return append(dst, body...)
}
