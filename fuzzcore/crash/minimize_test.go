package crash

import (
	"bytes"
	"context"
	"errors"
	"math"
	"testing"

	"github.com/fuzzls/fuzzls/fuzzcore/engine"
)

var (
	textField    = engine.Field{Kind: engine.Bytes, Text: true}
	binaryField  = engine.Field{Kind: engine.Bytes}
	int8Field    = engine.Field{Kind: engine.Int, Bits: 8, Signed: true}
	int64Field   = engine.Field{Kind: engine.Int, Bits: 64, Signed: true}
	uint64Field  = engine.Field{Kind: engine.Int, Bits: 64}
	float64Field = engine.Field{Kind: engine.Float, Bits: 64}
)

// fake runs inputs by a predicate on their values; crashing inputs have the
// signature "bug".
func fake(schema engine.Schema, crashes func(v []value) bool) Run {
	return func(_ context.Context, inputs [][]byte) ([]string, error) {
		signatures := make([]string, len(inputs))
		for i, input := range inputs {
			v, err := decode(input, schema)
			if err != nil {
				return nil, err
			}
			if crashes(v) {
				signatures[i] = "bug"
			} else if len(v[0].bytes)%2 == 1 {
				signatures[i] = "another bug"
			}
		}
		return signatures, nil
	}
}

func TestMinimize(t *testing.T) {
	float := func(f float64) value { return value{word: math.Float64bits(f)} }
	negative := func(n int64) value { return value{word: uint64(n)} }
	for _, tc := range []struct {
		name        string
		schema      engine.Schema
		input, want []value
		crashes     func(v []value) bool
	}{
		{"substring", engine.Schema{textField},
			[]value{{bytes: bytes.Repeat([]byte("some text and needle "), 40)}}, []value{{bytes: []byte("needle")}},
			func(v []value) bool { return bytes.Contains(v[0].bytes, []byte("needle")) }},
		{"length", engine.Schema{textField},
			[]value{{bytes: []byte("abcdefghij")}}, []value{{bytes: []byte("00000")}},
			func(v []value) bool { return len(v[0].bytes) >= 5 }},
		{"binary", engine.Schema{binaryField},
			[]value{{bytes: []byte{9, 8, 7, 200, 6}}}, []value{{bytes: []byte{0, 200}}},
			func(v []value) bool { return bytes.IndexByte(v[0].bytes, 200) >= 1 }},
		{"pairs", engine.Schema{textField},
			[]value{{bytes: []byte("x{y{z}w}v")}}, []value{{bytes: []byte("{{}}")}},
			func(v []value) bool {
				return bytes.Count(v[0].bytes, []byte("{")) == 2 && bytes.Count(v[0].bytes, []byte("}")) == 2
			}},
		{"integers", engine.Schema{int8Field, int64Field, uint64Field},
			[]value{{word: 0x9c}, negative(-1234567), {word: 1<<63 + 12345}}, []value{{word: 0}, negative(-1001), {word: 77}},
			func(v []value) bool { return int64(v[1].word) < -1000 && v[2].word >= 77 }},
		{"top bit", engine.Schema{uint64Field},
			[]value{{word: math.MaxUint64}}, []value{{word: 1 << 63}},
			func(v []value) bool { return v[0].word >= 1<<63 }},
		{"int8", engine.Schema{int8Field},
			[]value{{word: 0x80}}, []value{{word: 0xf6}}, // -128 to -10
			func(v []value) bool { return int8(v[0].word) <= -10 }},
		{"floats", engine.Schema{float64Field, float64Field},
			[]value{float(-1234.5678), float(3.25)}, []value{float(-1234), float(0)},
			func(v []value) bool { return math.Float64frombits(v[0].word) < -1000 }},
		{"infinity", engine.Schema{float64Field},
			[]value{float(math.Inf(1))}, []value{float(math.Inf(1))},
			func(v []value) bool { return math.IsInf(math.Float64frombits(v[0].word), 1) }},
		{"nothing to do", engine.Schema{textField, int64Field},
			[]value{{}, {}}, []value{{}, {}},
			func(v []value) bool { return true }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			input := encode(tc.input, tc.schema)
			got, err := Minimize(t.Context(), input, tc.schema, "bug", 2000, fake(tc.schema, tc.crashes))
			if err != nil {
				t.Fatal(err)
			}
			if want := encode(tc.want, tc.schema); !bytes.Equal(got.Input, want) || !got.Done {
				t.Errorf("got %q after %d runs, done %v; want %q", got.Input, got.Runs, got.Done, want)
			}
			again, _ := Minimize(t.Context(), input, tc.schema, "bug", 2000, fake(tc.schema, tc.crashes))
			if again.Runs != got.Runs || !bytes.Equal(again.Input, got.Input) {
				t.Error("the second time it did something else")
			}
		})
	}
}

func TestMinimizeBudget(t *testing.T) {
	schema := engine.Schema{textField}
	input := encode([]value{{bytes: bytes.Repeat([]byte("x{"), 500)}}, schema)
	run := fake(schema, func(v []value) bool { return bytes.Count(v[0].bytes, []byte("{")) >= 13 })
	for _, budget := range []int{0, 1, 20, 100} {
		got, err := Minimize(t.Context(), input, schema, "bug", budget, run)
		if err != nil {
			t.Fatal(err)
		}
		if got.Runs > budget || got.Done || len(got.Input) > len(input) {
			t.Errorf("budget %d: %d runs, done %v, %d bytes", budget, got.Runs, got.Done, len(got.Input))
		}
	}
}

func TestMinimizeErrors(t *testing.T) {
	schema := engine.Schema{textField, int64Field}
	broken := errors.New("executor is gone")
	failing := func(context.Context, [][]byte) ([]string, error) { return nil, broken }
	input := encode([]value{{bytes: []byte("abc")}, {}}, schema)
	if got, err := Minimize(t.Context(), input, schema, "bug", 10, failing); !errors.Is(err, broken) || !bytes.Equal(got.Input, input) {
		t.Errorf("%+v, %v; want the input and the runner's error", got, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Minimize(ctx, input, schema, "bug", 10, failing); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want context.Canceled", err)
	}
	for _, bad := range [][]byte{nil, input[:3], input[:8], input[:len(input)-1], append(input, 0), {255, 255, 255, 255, 1}} {
		if got, err := Minimize(t.Context(), bad, schema, "bug", 10, failing); err == nil || !bytes.Equal(got.Input, bad) {
			t.Errorf("input %q: %+v, %v; want it back and an error", bad, got, err)
		}
	}
}

// FuzzMinimize checks that what Minimize returns crashes in the same way and is
// not longer, whatever the target does.
func FuzzMinimize(f *testing.F) {
	f.Add([]byte("hello"), int64(-5), uint8(3))
	f.Add([]byte{}, int64(math.MinInt64), uint8(255))
	f.Fuzz(func(t *testing.T, b []byte, n int64, mix uint8) {
		schema := engine.Schema{textField, int64Field, float64Field}
		original := []value{{bytes: b}, {word: uint64(n)}, {word: uint64(n) * 3}}
		input := encode(original, schema)
		crashes := func(v []value) bool {
			sum := mix
			for _, c := range v[0].bytes {
				sum = sum*31 + c
			}
			return (sum^uint8(v[1].word))&3 == (mix & 3)
		}
		if !crashes(original) {
			return
		}
		got, err := Minimize(t.Context(), input, schema, "bug", 200, fake(schema, crashes))
		if err != nil {
			t.Fatal(err)
		}
		v, err := decode(got.Input, schema)
		if err != nil || !crashes(v) || len(got.Input) > len(input) || got.Runs > 200 {
			t.Fatalf("%q became %q (%v) in %d runs", input, got.Input, err, got.Runs)
		}
	})
}
