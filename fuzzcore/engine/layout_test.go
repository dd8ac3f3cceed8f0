package engine

import (
	"bytes"
	"strings"
	"testing"
)

// mixed is a schema with every kind of value.
var mixed = Schema{
	{UID: 0, Kind: Int, Bits: 32, Signed: true},
	{UID: 1, Kind: Bytes},
	{UID: 2, Kind: Float, Bits: 32},
	{UID: 1, Kind: Bytes, Text: true},
	{UID: 4, Kind: Int, Bits: 1},
}

// words joins encoded parts.
func words(parts ...any) []byte {
	var out []byte
	for _, p := range parts {
		switch p := p.(type) {
		case int:
			out = appendWord(out, wordSize, uint64(p))
		case string:
			out = appendWord(out, prefixSize, uint64(len(p)))
			out = append(out, p...)
		case []byte:
			out = append(out, p...)
		}
	}
	return out
}

func TestNormalize(t *testing.T) {
	for _, test := range []struct {
		name       string
		data, want []byte
		err        string
	}{
		{name: "all kinds", data: words(7, "ab", 0x3f800000, "", 1), want: words(7, "ab", 0x3f800000, "", 1)},
		{name: "extended sign", data: words(-2, "", 0, "", 0), want: words(0xfffffffe, "", 0, "", 0)},
		{name: "wide int", data: words(1<<32, "", 0, "", 0), err: "value 0 at byte 0 of 32: 0x100000000 does not fit into 32 bits"},
		{name: "wide float", data: words(0, "", -1, "", 0), err: "value 2 at byte 12 of 32: 0xffffffffffffffff does not fit into 32 bits"},
		{name: "bool", data: words(0, "", 0, "", 2), err: "0x2 does not fit into 1 bits"},
		{name: "empty", err: "value 0 at byte 0 of 0: 0 bytes left, a number has 8"},
		{name: "short length", data: words(0, []byte{1, 2}), err: "2 bytes left, a length has 4"},
		{name: "long string", data: words(0, []byte{255, 255, 255, 255, 1}), err: "a byte string of 4294967295 bytes, but 1 are left"},
		{name: "rest", data: words(0, "", 0, "", 0, []byte{0}), err: "1 bytes follow the last of 5 values"},
		{name: "too long", data: words(0, strings.Repeat("x", 80), 0, "", 0), err: "input has 112 bytes, the limit is 100"},
	} {
		got, err := mixed.normalize(test.data, 100)
		if test.err != "" {
			if err == nil || !strings.Contains(err.Error(), test.err) {
				t.Errorf("%s: error %v, want %s", test.name, err, test.err)
			}
			continue
		}
		if err != nil || !bytes.Equal(got, test.want) {
			t.Errorf("%s: %x, %v; want %x", test.name, got, err, test.want)
		}
	}
}

// FuzzDecode feeds arbitrary bytes as inputs: they are refused, or equal what
// the spans say.
func FuzzDecode(f *testing.F) {
	f.Add(words(7, "ab", 0x3f800000, "c", 1))
	f.Add(words(-2, "", 0, "", 0))
	f.Add(words(0, []byte{255, 255, 255, 255, 1}))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		e := New(Config{Schema: mixed, MaxInput: 256, Edges: 1})
		err := e.AddSeed(data)
		if e.AddCorpus(data) == nil != (err == nil) || e.AddPeer(data) == nil != (err == nil) {
			t.Error("seeds, corpus and peers differ in what they accept")
		}
		if err != nil {
			return
		}
		clean, err := mixed.normalize(data, 256)
		if err != nil {
			t.Fatal(err)
		}
		var out []byte
		for i, s := range mixed.locate(clean, nil) {
			if mixed[i].Kind == Bytes {
				out = appendWord(out, prefixSize, uint64(s.n))
			}
			out = append(out, clean[s.off:s.off+s.n]...)
			if !bytes.Equal(mixed.value(clean, i), clean[s.off:s.off+s.n]) {
				t.Errorf("value %d differs from its span", i)
			}
		}
		if !bytes.Equal(out, clean) {
			t.Errorf("the spans of %x make %x", clean, out)
		}
	})
}
