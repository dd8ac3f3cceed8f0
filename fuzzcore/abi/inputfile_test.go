package abi

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"syscall"
	"testing"
)

func TestInputHeaderBytes(t *testing.T) {
	h := InputHeader{ID: 0x4bb10e1a4b73e8f4, Instance: 1, Test: 2, Len: 3}
	want := unhex(t, "f4e8734b1a0eb14b 01000000 02000000 03000000")
	if got := h.Append(nil); !bytes.Equal(got, want) || len(got) != InputHeaderSize {
		t.Errorf("%+v is encoded as %x, want %x", h, got, want)
	}
	if got, err := DecodeInputHeader(append(want, 1, 2)); err != nil || got != h {
		t.Errorf("decoded as %+v, %v", got, err)
	}
	if _, err := DecodeInputHeader(want[:19]); err == nil {
		t.Error("19 bytes are taken for a header")
	}
}

// inputDir makes a directory of current-input files, each a page long as a
// worker makes them; locked names are locked until the test ends.
func inputDir(t *testing.T, files map[string]InputHeader, input string, locked ...string) string {
	t.Helper()
	dir := t.TempDir()
	for name, h := range files {
		content := append(h.Append(nil), input...)
		content = append(content, make([]byte, 4096-len(content))...)
		writeFile(t, filepath.Join(dir, name), content)
	}
	for _, name := range locked {
		file, err := os.Open(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := flock(file, syscall.LOCK_EX); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { file.Close() })
	}
	return dir
}

func TestFindCurrentInput(t *testing.T) {
	const id = 7
	mine := InputHeader{ID: id, Instance: 1, Test: 4, Len: 5}
	living := InputHeader{ID: id, Instance: 0, Len: 5}
	stranger := InputHeader{ID: 8, Instance: 1, Len: 5}
	for _, test := range []struct {
		name   string
		files  map[string]InputHeader
		locked []string
		want   string
	}{
		{"own number", map[string]InputHeader{"in0": living, "in1": mine}, []string{"in0"}, "in1"},
		{"a living worker has the own number", map[string]InputHeader{"in1": living, "in2": mine}, []string{"in1"}, "in2"},
		{"another build left the own number", map[string]InputHeader{"in1": stranger, "in2": mine}, nil, "in2"},
		{"lower numbers are never taken", map[string]InputHeader{"in0": mine, "in1": living}, []string{"in1"}, ""},
		{"a gap ends the search", map[string]InputHeader{"in1": living, "in3": mine}, []string{"in1"}, ""},
		{"nothing", nil, nil, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := inputDir(t, test.files, "hello, slack", test.locked...)
			got, err := FindCurrentInput(dir, id, 1)
			if test.want == "" {
				checkError(t, err, ErrNoInput, dir, "of instance 1")
				return
			}
			want := &CurrentInput{Path: filepath.Join(dir, test.want), Test: 4, Data: []byte("hello")}
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("found %+v, %v, want %+v", got, err, want)
			}
		})
	}
}

func TestFindCurrentInputHexadecimal(t *testing.T) {
	files := map[string]InputHeader{"in1a": {ID: 7, Instance: 26}}
	got, err := FindCurrentInput(inputDir(t, files, ""), 7, 26)
	if err != nil || len(got.Data) != 0 {
		t.Errorf("found %+v, %v", got, err)
	}
}

func TestFindCurrentInputDamaged(t *testing.T) {
	dir := inputDir(t, map[string]InputHeader{"in0": {ID: 7, Len: 1 << 31}}, "hello")
	_, err := FindCurrentInput(dir, 7, 0)
	if err == nil {
		t.Fatal("an input longer than its file was found")
	}
	want := fmt.Sprintf("current-input file %s/in0 holds 4076 of the 2147483648 bytes of its input", dir)
	if err.Error() != want {
		t.Errorf("error %q, want %q", err, want)
	}
	// A worker that was killed before its file had a header.
	writeFile(t, filepath.Join(dir, "in0"), []byte("short"))
	_, err = FindCurrentInput(dir, 7, 0)
	checkError(t, err, ErrNoInput, dir, "")
}

func FuzzCurrentInput(f *testing.F) {
	f.Add(append(InputHeader{ID: 7, Len: 2}.Append(nil), "abc"...))
	f.Add(InputHeader{ID: 7, Len: 1 << 31}.Append(nil))
	f.Add([]byte("short"))
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, content []byte) {
		writeFile(t, filepath.Join(dir, "in0"), content)
		h, err := DecodeInputHeader(content)
		if err == nil && !bytes.Equal(h.Append(nil), content[:InputHeaderSize]) {
			t.Errorf("%x is decoded as %+v", content, h)
		}
		found, err := FindCurrentInput(dir, 7, 0)
		if err == nil && !bytes.Equal(found.Data, content[InputHeaderSize:][:h.Len]) {
			t.Errorf("found %q in %x", found.Data, content)
		}
	})
}
