package target

import (
	"bytes"
	"testing"
)

func TestRawInput(t *testing.T) {
	test := &Test{Language: C}
	for _, stream := range []string{"", "\x01\x00\x00", "\x02\x00\x00\x00a", "\x01\x00\x00\x00ab", "\xff\xff\xff\xffa"} {
		if data, err := test.MarshalInput([]byte(stream)); err == nil {
			t.Errorf("the stream %q became %q, want an error", stream, data)
		}
	}
}

// Files of C and Rust are the bytes that the harness gets, and come back as they were.
func FuzzRawInput(f *testing.F) {
	f.Add([]byte(nil))
	f.Add([]byte("a\x00b"))
	test := &Test{Language: Rust}
	f.Fuzz(func(t *testing.T, data []byte) {
		stream, err := test.UnmarshalInput(data)
		if err != nil {
			t.Fatal(err)
		}
		got, err := test.MarshalInput(stream)
		if err != nil || !bytes.Equal(got, data) {
			t.Errorf("%q became %q, %v", data, got, err)
		}
	})
}
