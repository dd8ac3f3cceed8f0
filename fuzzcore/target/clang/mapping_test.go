package clang

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"reflect"
	"testing"
)

// uleb encodes numbers in LEB128.
func uleb(numbers ...uint64) []byte {
	var out []byte
	for _, n := range numbers {
		out = binary.AppendUvarint(out, n)
	}
	return out
}

func TestFileNames(t *testing.T) {
	text := append(uleb(4), "/dir"...)
	text = append(append(text, uleb(3)...), "a.c"...)
	text = append(append(text, uleb(7)...), "/b/../c"...)
	want := []string{"/dir", "/dir/a.c", "/c"}
	got, err := fileNames(append(uleb(3, uint64(len(text)), 0), text...))
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, %v", got, err)
	}
	var packed bytes.Buffer
	z := zlib.NewWriter(&packed)
	z.Write(text)
	z.Close()
	got, err = fileNames(append(uleb(3, uint64(len(text)), uint64(packed.Len())), packed.Bytes()...))
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("compressed: got %q, %v", got, err)
	}
	if _, err := fileNames(uleb(3, 5, 0, 4)); err == nil {
		t.Error("no error for a name that is cut off")
	}
}

// TestPieces: an if in a function, and a macro on its own line.
func TestPieces(t *testing.T) {
	f := countedFunc{files: []string{"a.c", "a.c"}, regions: []region{
		{file: 0, start: position{1, 10}, end: position{9, 2}, counters: []int{0}},
		{file: 0, start: position{2, 9}, end: position{2, 14}, counters: []int{0}},
		{file: 0, start: position{2, 15}, end: position{2, 16}, kind: regionGap, counters: []int{1}},
		{file: 0, start: position{2, 16}, end: position{4, 6}, counters: []int{1}},
		{file: 0, start: position{3, 5}, end: position{3, 8}, kind: regionExpansion, expands: 1},
		{file: 0, start: position{6, 1}, end: position{7, 1}, kind: regionSkipped},
		{file: 1, start: position{20, 3}, end: position{20, 9}, counters: []int{1}},
	}}
	f.takeOverCounters()
	type piece struct {
		file       int
		start, end position
		counter    int
	}
	var got []piece
	for _, p := range f.pieces() {
		got = append(got, piece{p.file, p.start, p.end, p.counters[0]})
	}
	want := []piece{
		{0, position{1, 10}, position{2, 9}, 0}, {0, position{2, 9}, position{2, 14}, 0}, {0, position{2, 14}, position{2, 15}, 0},
		{0, position{2, 15}, position{2, 16}, 1}, {0, position{2, 16}, position{3, 5}, 1}, {0, position{3, 5}, position{3, 8}, 1},
		{0, position{3, 8}, position{4, 6}, 1}, {0, position{4, 6}, position{6, 1}, 0}, {0, position{7, 1}, position{9, 2}, 0},
		{1, position{20, 3}, position{20, 9}, 1},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

// FuzzMapping: any bytes are a mapping or an error, and pieces of what is read do not
// overlap within a file.
func FuzzMapping(f *testing.F) {
	f.Add(uleb(1, 0, 1, 1, 5, 1, 1, 1, 1, 3, 4))
	f.Add(uleb(2, 0, 0, 0, 2, 1<<2|1, 1, 1, 5, 1, 4|1<<3, 1, 1, 1, 2, 1, 1, 3, 1, 1, 9))
	f.Fuzz(func(t *testing.T, data []byte) {
		m := mappingReader{in: ulebReader{data: data}, names: []string{"a", "b"}}
		fn, err := m.read()
		if err != nil {
			return
		}
		fn.takeOverCounters()
		fn.pieces()
		fileNames(data)
	})
}
