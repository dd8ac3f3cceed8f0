package abi

import (
	"bytes"
	"encoding/hex"
	"errors"
	"io"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

// body is a message body that can be encoded.
type body interface{ Append(dst []byte) []byte }

// asBody lets a Decode function be called for any type of body.
func asBody[B body](decode func([]byte) (B, error)) func([]byte) (body, error) {
	return func(b []byte) (body, error) { return decode(b) }
}

// decoders holds the Decode function of each body by name.
var decoders = map[string]func([]byte) (body, error){
	"start_fuzzing":    asBody(DecodeStartFuzzing),
	"fuzz_input":       asBody(DecodeFuzzInput),
	"run_test":         asBody(DecodeRunTest),
	"test_metadata":    asBody(DecodeTestMetadata),
	"test_results":     asBody(DecodeTestResults),
	"coverage_id":      asBody(DecodeCoverageID),
	"fuzz_start_addr":  asBody(DecodeFuzzStartAddr),
	"fuzz_test_change": asBody(DecodeFuzzTestChange),
	"crash":            asBody(DecodeCrash),
	"crash_again":      asBody(DecodeCrashAgain),
	"notice":           asBody(DecodeNotice),
}

// goldenBodies holds the bytes of one body of each kind.
var goldenBodies = []struct {
	decoder string
	body    body
	hex     string
}{
	{"start_fuzzing", StartFuzzing{LimitForever, 3, []string{"root.test.a", "b"}},
		"00 0300000000000000 02000000 0b000000 726f6f742e746573742e61 01000000 62"},
	{"start_fuzzing", StartFuzzing{LimitIterations, 10_000, nil},
		"01 1027000000000000 00000000"},
	{"fuzz_input", FuzzInput{1, []byte("ab\x00")}, "01000000 616200"},
	{"fuzz_input", FuzzInput{0, []byte{}}, "00000000"},
	{"run_test", RunTest{0x01020304}, "04030201"},
	{"test_metadata", TestMetadata{[]string{"ab", "c"}},
		"06000000 02000000 01000000 04000000 00000000 00000000 00 616200 6300"},
	{"test_metadata", TestMetadata{}, "01000000 00000000 00"},
	{"test_results", TestResults{2, TestSkipped, false, 0, 0}, "02000000 0200000000000000"},
	{"test_results", TestResults{1, TestFailed, true, 1, 1}, "01000000 0d00000002000000"},
	{"test_results", TestResults{0, TestPassed, false, 1<<30 - 1, 1<<31 - 1}, "00000000 f8ffffffffffffff"},
	{"coverage_id", CoverageIDMessage{0x4d683265086d6bfe, 1, 2, 3},
		"fe6b6d086532684d 0100000000000000 0200000000000000 0300000000000000"},
	{"fuzz_start_addr", FuzzStartAddr{0x10daca0}, "a0ac0d0100000000"},
	{"fuzz_test_change", FuzzTestChange{1}, "01000000"},
	{"crash", Crash{1, 2, -1, 6, 7, 8, []byte{9}, "no", "out"},
		"01000000 02000000 ffffffff 06000000 0700000000000000 0800000000000000 01000000 09 02000000 6e6f 03000000 6f7574"},
	{"crash_again", CrashAgain{1, 2, "ab"}, "01000000 02000000 6162"},
	{"notice", Notice{NoTest, "hi"}, "ffffffff 6869"},
}

func TestBodyBytes(t *testing.T) {
	for _, test := range goldenBodies {
		want := unhex(t, test.hex)
		if got := test.body.Append([]byte("x"))[1:]; !bytes.Equal(got, want) {
			t.Errorf("%+v is encoded as\n%x, want\n%x", test.body, got, want)
		}
		got, err := decoders[test.decoder](want)
		if err != nil || !reflect.DeepEqual(got, test.body) {
			t.Errorf("%x is decoded as\n%+v, %v, want\n%+v", want, got, err, test.body)
		}
	}
}

// TestBodyOfOtherLength cuts and extends each golden body at every byte. Only
// bodies that end in free text can be cut or extended and still be one.
func TestBodyOfOtherLength(t *testing.T) {
	freeEnd := []string{"crash_again", "fuzz_input", "notice"}
	for _, test := range goldenBodies {
		decode, whole := decoders[test.decoder], unhex(t, test.hex)
		for n := range whole {
			_, err := decode(whole[:n])
			if err == nil && slices.Contains(freeEnd, test.decoder) && n >= 4 {
				continue
			}
			if !errors.Is(err, ErrBadBody) || !strings.Contains(err.Error(), test.decoder) {
				t.Errorf("%s cut after %d of %d bytes: error %v", test.decoder, n, len(whole), err)
			}
		}
		if _, err := decode(append(whole, 0)); err == nil && !slices.Contains(freeEnd, test.decoder) {
			t.Errorf("%s takes a byte too many", test.decoder)
		}
	}
}

func TestBadBodies(t *testing.T) {
	for _, test := range []struct{ decoder, hex, text string }{
		{"start_fuzzing", "02 0000000000000000 00000000", "limit kind 2 is unknown"},
		{"start_fuzzing", "00 0000000000000000 ffffffff", "4294967295 entries do not fit into the 0 bytes that follow"},
		{"start_fuzzing", "00 0000000000000000 01000000 ffffffff 61", "4294967294 bytes missing"},
		{"test_metadata", "01000000 ffffffff 00", "4294967295 entries do not fit"},
		{"test_metadata", "09000000 00000000 00", "1 bytes of strings, promised were 9"},
		{"test_metadata", "02000000 01000000 02000000 00000000 0000", "no string for test 0 at offset 2 of 2"},
		{"test_metadata", "02000000 01000000 01000000 00000000 0061", "no string for test 0 at offset 1 of 2"},
		{"test_metadata", "02000000 02000000 00000000 00000000 00000000 00000000 6100", "no string for test 1"},
		{"test_results", "00000000 0300000000000000", "status 3 is unknown"},
		{"crash", "00000000 00000000 00000000 00000000 0000000000000000 0000000000000000 05000000 61", "4 bytes missing"},
	} {
		_, err := decoders[test.decoder](unhex(t, test.hex))
		checkError(t, err, ErrBadBody, test.decoder, test.text)
	}
}

// TestZigWorker reads all that a worker of Zig 0.16.0 wrote: two fuzz tests and
// two others, asked for metadata, two runs and 200 iterations of each fuzz test.
func TestZigWorker(t *testing.T) {
	recorded := readFile(t, filepath.Join("testdata", "zig-0.16.0-worker.bin"))
	stream := bytes.NewReader(recorded)
	var again bytes.Buffer
	var tags []Tag
	var bodies []body
	decodeBy := map[Tag]string{
		TagTestMetadata: "test_metadata", TagTestResults: "test_results", TagCoverageID: "coverage_id",
		TagFuzzStartAddr: "fuzz_start_addr", TagFuzzTestChange: "fuzz_test_change", TagBroadcastFuzzInput: "fuzz_input",
	}
	for {
		tag, raw, err := ReadMessage(stream)
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		tags = append(tags, tag)
		if name, ok := decodeBy[tag]; ok {
			m, err := decoders[name](raw)
			if err != nil {
				t.Fatal(err)
			}
			bodies = append(bodies, m)
			raw = m.Append(nil)
		}
		if err := WriteMessage(&again, tag, raw); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(again.Bytes(), recorded) {
		t.Errorf("encoded again it is\n%s, want\n%s", hex.Dump(again.Bytes()), hex.Dump(recorded))
	}
	wantTags := []Tag{
		TagZigVersion, TagTestMetadata, TagTestStarted, TagTestResults, TagTestStarted, TagTestResults,
		TagCoverageID, TagFuzzStartAddr, TagFuzzStartAddr, TagFuzzTestChange,
	}
	if !slices.Equal(tags[:len(wantTags)], wantTags) {
		t.Errorf("tags %d, want them to begin with %d", tags, wantTags)
	}
	for i, want := range []body{
		TestMetadata{[]string{"two.test.plain unit", "two.test.fuzz alpha", "two.test.skip me", "two.test.fuzz beta"}},
		TestResults{Index: 0, Status: TestPassed},
		TestResults{Index: 2, Status: TestSkipped},
		CoverageIDMessage{ID: 0x4bb10e1a4b73e8f4},
		FuzzStartAddr{0x10daca0},
		FuzzStartAddr{0x1056530},
		FuzzTestChange{1},
		FuzzInput{1, []byte("\x08\x00\x00\x00nidro_jk")},
	} {
		if !reflect.DeepEqual(bodies[i], want) {
			t.Errorf("body %d is %+v, want %+v", i, bodies[i], want)
		}
	}
}

func TestReadMessageCut(t *testing.T) {
	var stream bytes.Buffer
	if err := WriteMessage(&stream, TagBroadcastFuzzInput, make([]byte, 2*firstAllocation)); err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{1, 7, 8, 100, stream.Len() - 1} {
		_, _, err := ReadMessage(iotest.OneByteReader(bytes.NewReader(stream.Bytes()[:n])))
		text := "of a message with tag 0xa"
		if n < frameHeader {
			text = "of the 8 bytes of a header"
		}
		checkError(t, err, ErrMessageCut, "", text)
	}
	if _, _, err := ReadMessage(bytes.NewReader(nil)); err != io.EOF {
		t.Errorf("the end of the stream gives %v, want io.EOF", err)
	}
	broken := errors.New("broken pipe")
	_, _, err := ReadMessage(iotest.ErrReader(broken))
	checkError(t, err, broken, "", "")
	_, _, err = ReadMessage(io.MultiReader(bytes.NewReader(stream.Bytes()[:20]), iotest.ErrReader(broken)))
	checkError(t, err, broken, "", "tag 0xa")
	checkError(t, WriteMessage(brokenWriter{broken}, 7, nil), broken, "", "tag 0x7")
}

type brokenWriter struct{ err error }

func (w brokenWriter) Write([]byte) (int, error) { return 0, w.err }

// TestMessageTooLong checks that a mad length is refused by name and without
// the memory being taken.
func TestMessageTooLong(t *testing.T) {
	header := unhex(t, "0a000000 ffffffff")
	_, _, err := ReadMessage(bytes.NewReader(header))
	checkError(t, err, ErrMessageTooLong, "tag 0xa", "4294967295 bytes")
	_, _, err = ReadMessage(bytes.NewReader(unhex(t, "0a000000 01000004")))
	checkError(t, err, ErrMessageTooLong, "", "67108865 bytes, the limit is 67108864")

	// The longest that is allowed, but it never comes.
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, _, err = ReadMessage(bytes.NewReader(unhex(t, "0a000000 00000004 00")))
	runtime.ReadMemStats(&after)
	checkError(t, err, ErrMessageCut, "", "1 of the 67108864 bytes")
	if taken := after.TotalAlloc - before.TotalAlloc; taken > MaxMessage/2 {
		t.Errorf("%d bytes were allocated for a body of 1 byte", taken)
	}

	var sink bytes.Buffer
	checkError(t, WriteMessage(&sink, 7, make([]byte, MaxMessage+1)), ErrMessageTooLong, "tag 0x7", "67108865 bytes")
	if sink.Len() != 0 {
		t.Error("a message that is too long was begun")
	}
}

// FuzzReadMessage reads any bytes as a stream of messages: what was read must,
// written again, be the beginning of the stream.
func FuzzReadMessage(f *testing.F) {
	f.Add([]byte("\x0a\x00\x00\x00\x03\x00\x00\x00abc\x05\x00\x00\x00\x00\x00\x00\x00"))
	f.Add([]byte("\x0a\x00\x00\x00\xff\xff\xff\xffabc"))
	f.Add([]byte("\x0a\x00\x00"))
	f.Fuzz(func(t *testing.T, in []byte) {
		stream := bytes.NewReader(in)
		var again bytes.Buffer
		for {
			tag, raw, err := ReadMessage(stream)
			if err == io.EOF {
				break
			}
			if err != nil {
				if !errors.Is(err, ErrMessageCut) && !errors.Is(err, ErrMessageTooLong) {
					t.Errorf("error %v", err)
				}
				if !bytes.HasPrefix(in, again.Bytes()) {
					t.Errorf("read %x of %x", again.Bytes(), in)
				}
				return
			}
			if err := WriteMessage(&again, tag, raw); err != nil {
				t.Error(err)
			}
		}
		if !bytes.Equal(again.Bytes(), in) {
			t.Errorf("read %x of %x", again.Bytes(), in)
		}
	})
}

// FuzzDecodeBody decodes any bytes as each kind of body: what is accepted must
// encode to the same bytes. Only test_metadata has several encodings.
func FuzzDecodeBody(f *testing.F) {
	for _, test := range goldenBodies {
		b, err := hex.DecodeString(strings.ReplaceAll(test.hex, " ", ""))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		for name, decode := range decoders {
			m, err := decode(in)
			if err != nil {
				if !errors.Is(err, ErrBadBody) {
					t.Errorf("%s: error %v", name, err)
				}
				continue
			}
			out := m.Append(nil)
			if name != "test_metadata" && !bytes.Equal(out, in) {
				t.Errorf("%s: %x is encoded again as %x", name, in, out)
			}
			again, err := decode(out)
			if err != nil || !reflect.DeepEqual(again, m) {
				t.Errorf("%s: %+v became %+v, %v", name, m, again, err)
			}
		}
	})
}
