package crash

import (
	"bytes"
	"context"
	"encoding/binary"
	"testing"
)

// operations are the parts of an input of a fuzz test with a loop: turns of an end mark,
// an operation and its argument.
func operations(list ...uint64) []Part {
	var parts []Part
	for i := 0; i+1 < len(list); i += 2 {
		parts = append(parts, Part{Data: []byte{0}, Begins: true},
			Part{Data: binary.LittleEndian.AppendUint64(nil, list[i]), Number: true},
			Part{Data: binary.LittleEndian.AppendUint64(nil, list[i+1]), Number: true})
	}
	return parts
}

func TestMinimizeParts(t *testing.T) {
	const turn = 1 + 8 + 8
	// It crashes if operation 3 with an argument of at least 100 follows operation 2.
	run := func(_ context.Context, inputs [][]byte) ([]string, error) {
		var signatures []string
		for _, in := range inputs {
			signature, armed := "", false
			for ; len(in) >= turn && in[0] == 0; in = in[turn:] {
				operation, argument := binary.LittleEndian.Uint64(in[1:]), binary.LittleEndian.Uint64(in[9:])
				armed = armed || operation == 2
				if armed && operation == 3 && argument >= 100 {
					signature = "crash"
				}
			}
			signatures = append(signatures, signature)
		}
		return signatures, nil
	}
	parts := operations(1, 7, 2, 9, 1, 1, 1, 4, 3, 7, 1, 3, 3, 70000, 1, 5)
	got, err := MinimizeParts(t.Context(), parts, "crash", 1000, run)
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Input) != 2*turn || got.Input[1] != 2 || got.Input[9] != 0 {
		t.Errorf("got %x after %d runs", got.Input, got.Runs)
	}
	if argument := binary.LittleEndian.Uint64(got.Input[turn+9:]); argument < 100 || argument > 300 {
		t.Errorf("the argument is %d", argument)
	}
	if !got.Done || got.Runs > 200 {
		t.Errorf("%d runs, done: %v", got.Runs, got.Done)
	}
	few, err := MinimizeParts(t.Context(), parts, "crash", 3, run)
	if err != nil || few.Done || few.Runs > 3 {
		t.Errorf("with 3 runs: %+v, %v", few, err)
	}
}

func TestMinimizePartsOfBytes(t *testing.T) {
	slice := func(text string) []byte {
		return append(binary.LittleEndian.AppendUint32(nil, uint32(len(text))), text...)
	}
	run := func(_ context.Context, inputs [][]byte) ([]string, error) {
		signatures := make([]string, len(inputs))
		for i, in := range inputs {
			if len(in) >= 4 && int(binary.LittleEndian.Uint32(in)) == len(in)-4 && bytes.ContainsRune(in[4:], 'x') {
				signatures[i] = "crash"
			}
		}
		return signatures, nil
	}
	got, err := MinimizeParts(t.Context(), []Part{{Data: slice("some text with an x in it"), Prefix: 4}}, "crash", 1000, run)
	if err != nil || !bytes.Equal(got.Input, slice("x")) {
		t.Errorf("got %q, %v", got.Input, err)
	}
}

// Whatever the parts are, the result crashes, is no longer, and no more is run than allowed.
func FuzzMinimizeParts(f *testing.F) {
	f.Add([]byte("\x00\x01\x02\x03abcdefgh"), byte(3))
	f.Fuzz(func(t *testing.T, data []byte, seed byte) {
		var parts []Part
		for rest := data; len(rest) > 0; {
			n := min(len(rest), 1+int(rest[0]%9))
			parts = append(parts, Part{Data: rest[:n], Number: n == 8, Prefix: 4 * int(rest[0]&1), Begins: rest[0]&2 != 0})
			rest = rest[n:]
		}
		crashes := func(in []byte) bool { return bytes.IndexByte(in, seed) >= 0 || len(in) == len(data) }
		ran := 0
		got, err := MinimizeParts(t.Context(), parts, "crash", 100, func(_ context.Context, inputs [][]byte) ([]string, error) {
			signatures := make([]string, len(inputs))
			for i, in := range inputs {
				if ran++; crashes(in) {
					signatures[i] = "crash"
				}
			}
			return signatures, nil
		})
		if err != nil || !crashes(got.Input) || len(got.Input) > max(len(data), 0)+4*len(parts) || ran > 100 {
			t.Fatalf("%q: %+v, %v, %d runs", data, got, err, ran)
		}
	})
}
