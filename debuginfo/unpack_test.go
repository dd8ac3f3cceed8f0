package debuginfo

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"

	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"
)

// This file tests compressed sections; oracle_test.go has executables with them.

// chdr returns an Elf64_Chdr.
func chdr(kind uint32, size uint64) []byte {
	h := make([]byte, chdrSize)
	binary.LittleEndian.PutUint32(h, kind)
	binary.LittleEndian.PutUint64(h[8:], size)
	return h
}

func TestUnpack(t *testing.T) {
	plain := []byte(strings.Repeat("line 1\nline 2\n", 5000))
	var z bytes.Buffer
	w := zlib.NewWriter(&z)
	if _, err := w.Write(plain); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	encoder, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	s := encoder.EncodeAll(plain, nil)
	n := uint64(len(plain))
	gnu := binary.BigEndian.AppendUint64([]byte("ZLIB"), n)
	join := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
	tests := []struct {
		name    string
		packing packing
		raw     []byte
		problem string
	}{
		{"zlib", packedELF, join(chdr(chdrZlib, n), z.Bytes()), ""},
		{"zstd", packedELF, join(chdr(chdrZstd, n), s), ""},
		{"gnu", packedGNU, join(gnu, z.Bytes()), ""},
		{"short header", packedELF, []byte{1}, "truncated header"},
		{"no header", packedGNU, []byte("ZLIP00000000"), `no "ZLIB" header`},
		{"unknown", packedELF, join(chdr(7, n), s), "unknown compression 7"},
		{"size too small", packedELF, join(chdr(chdrZlib, n-1), z.Bytes()), "does not end after its 69999 bytes"},
		{"size too large", packedELF, join(chdr(chdrZlib, n+1), z.Bytes()), "after 70000 of 70001 bytes"},
		{"wild size", packedELF, join(chdr(chdrZlib, 1<<62), z.Bytes()), "claim to hold 4611686018427387904"},
		{"truncated zlib", packedELF, join(chdr(chdrZlib, n), z.Bytes()[:z.Len()/2]), "unexpected EOF"},
		{"truncated zstd", packedELF, join(chdr(chdrZstd, n), s[:len(s)/2]), "unexpected EOF"},
		{"not zlib", packedELF, join(chdr(chdrZlib, n), s), "invalid header"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := unpack(&section{Section: Section{Name: ".debug_line"}, raw: mappedInput("test", nil), packing: test.packing}, test.raw)
			switch {
			case test.problem == "" && (err != nil || !bytes.Equal(got, plain)):
				t.Errorf("%d bytes, %v", len(got), err)
			case test.problem != "" && (err == nil || !strings.Contains(err.Error(), test.problem) || !strings.HasPrefix(err.Error(), "test: .debug_line+0x0: ")):
				t.Errorf("got %v, want %q", err, test.problem)
			}
		})
	}
}
