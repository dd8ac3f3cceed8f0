package target

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/fuzzls/fuzzls/fuzzcore/engine"
	"github.com/fuzzls/fuzzls/fuzzcore/target/golang/gocorpus"
)

// This file defines the files of inputs: corpus entries and reproducers are in the
// format of the fuzz test's own language. Go's are values in Go's notation (gocorpus);
// those of C and Rust are the bytes that the harness gets, as libFuzzer and AFL++ have
// them; those of Zig are the Smith streams that Zig's own fuzzer keeps. For Zig, too, the
// streams of our messages are those of RawSchema, with the file's bytes in them.

// RawSchema is the schema of a fuzz test that takes bytes: a Smith stream of it is the
// number of bytes, 32 bits little-endian, and the bytes.
func RawSchema() engine.Schema { return engine.Schema{{Kind: engine.Bytes}} }

// IsRaw reports whether files of the fuzz test's inputs are the bytes that it gets.
func (t *Test) IsRaw() bool { return t.Language != Go }

// IsNative reports whether the executable holds our runtime in C.
func (t *Test) IsNative() bool { return t.Language == C || t.Language == Rust }

// IsZig reports whether the executable is one of Zig's own fuzz executables.
func (t *Test) IsZig() bool { return t.Language == Zig }

// MarshalInput returns the file of an input, which is a Smith stream.
func (t *Test) MarshalInput(stream []byte) ([]byte, error) {
	if !t.IsRaw() {
		return gocorpus.Marshal(stream, t.Types)
	}
	return RawBytes(stream)
}

// UnmarshalInput returns the input that a file holds as a Smith stream.
func (t *Test) UnmarshalInput(file []byte) ([]byte, error) {
	if !t.IsRaw() {
		return gocorpus.Unmarshal(file, t.Types)
	}
	return RawStream(file)
}

// RawStream returns the Smith stream of bytes for a fuzz test that takes bytes.
func RawStream(data []byte) ([]byte, error) {
	if uint64(len(data)) > math.MaxUint32 {
		return nil, fmt.Errorf("an input of %d bytes: the most is %d", len(data), uint32(math.MaxUint32))
	}
	stream := make([]byte, 0, RawHeader+len(data))
	stream = binary.LittleEndian.AppendUint32(stream, uint32(len(data)))
	return append(stream, data...), nil
}

// RawHeader is the size of the length before the bytes in a Smith stream of RawSchema.
const RawHeader = 4

// RawBytes returns the bytes in a Smith stream of RawSchema, which it shares.
func RawBytes(stream []byte) ([]byte, error) {
	if len(stream) < RawHeader {
		return nil, fmt.Errorf("an input of %d bytes has no length before its bytes", len(stream))
	}
	n, data := binary.LittleEndian.Uint32(stream), stream[RawHeader:]
	if uint64(n) != uint64(len(data)) {
		return nil, fmt.Errorf("an input says that %d bytes follow its length: there are %d", n, len(data))
	}
	return data, nil
}
