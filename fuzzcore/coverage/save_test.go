package coverage

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func TestSaveAndLoad(t *testing.T) {
	path := filepath.Join(t.TempDir(), "points")
	want := testPoints()
	if err := want.Save(path); err != nil {
		t.Fatal(err)
	}
	got, err := LoadPoints(path)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%+v, want\n%+v", got, want)
	}
	if entries, err := os.ReadDir(filepath.Dir(path)); err != nil || len(entries) != 1 {
		t.Errorf("the folder holds %v, %v", entries, err)
	}
}

func TestSaveNamesWhereItFailed(t *testing.T) {
	err := testPoints().Save(filepath.Join(t.TempDir(), "missing", "points"))
	if err == nil || !strings.Contains(err.Error(), "missing") {
		t.Errorf("error %v", err)
	}
}

// encoded packs any value as Encode would.
func encoded(t testing.TB, v any) []byte {
	out, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestDecodeRefusesWhatDoesNotFit(t *testing.T) {
	for name, c := range map[string]struct {
		change func(p *Points)
		want   string
	}{
		"counts":      {func(p *Points) { p.Edges++ }, "7 edges and 5 blocks, but 11 addresses"},
		"file":        {func(p *Points) { p.Spans[1].File = 2 }, "span 1 is in file 2 of 2"},
		"point":       {func(p *Points) { p.Spans[1].Point = 11 }, "span 1 has point 11 of 11"},
		"line zero":   {func(p *Points) { p.Branches[3].Line = 0 }, "branch 3 is on line 0"},
		"line beyond": {func(p *Points) { p.Spans[0].EndLine = 1 << 30 }, "span 0 is on line 1073741824"},
		"reversed":    {func(p *Points) { p.Spans[0].StartLine = 6 }, "span 0 goes from line 6 to 5"},
		"code":        {func(p *Points) { p.Files[0].Code[1].First = 1 }, "file 0 has code on lines 1 to 6, after line 1"},
		"counted":     {func(p *Points) { p.Counted = []uint32{2, 2} }, "counted point 1 is number 2 of 11"},
		"count range": {func(p *Points) { p.Counted = []uint32{11} }, "counted point 0 is number 11 of 11"},
		"comparison":  {func(p *Points) { p.Compares[2].File = 2 }, "comparison 2 is in file 2 of 2"},
		"site order":  {func(p *Points) { p.Compares[1].Site = 0x50 }, "comparison 1 has site 0x50 after 0x50"},
		"function":    {func(p *Points) { p.Funcs[0].First = 99 }, "function 0 has point 99 of 11"},
	} {
		p := testPoints()
		c.change(p)
		_, err := DecodePoints(bytes.NewReader(encoded(t, p)))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %s", name, err, c.want)
		}
	}
	whole := encoded(t, testPoints())
	if _, err := DecodePoints(bytes.NewReader(whole[:len(whole)/2])); err == nil {
		t.Error("half a file was accepted")
	}
}

func TestLoadSaysWhatToDo(t *testing.T) {
	path := filepath.Join(t.TempDir(), "points")
	if err := os.WriteFile(path, []byte("garbage"), 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := LoadPoints(path)
	if err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "delete it and build the target again") {
		t.Errorf("error %v", err)
	}
}

// FuzzDecodePoints: what is accepted can be used and stored again.
func FuzzDecodePoints(f *testing.F) {
	f.Add(encoded(f, testPoints()), []byte{0xff, 0xff})
	f.Add(encoded(f, &Points{}), []byte{})
	f.Add([]byte("garbage"), []byte{})
	f.Fuzz(func(t *testing.T, data, hit []byte) {
		p, err := DecodePoints(bytes.NewReader(data))
		if err != nil {
			return
		}
		// Long files and many spans are right but slow.
		for _, s := range p.Spans {
			if s.EndLine > 1000 || len(p.Spans) > 100 {
				return
			}
		}
		var words []uint64
		for _, b := range hit {
			words = append(words, uint64(b))
		}
		tr := States(p, words)
		for _, write := range []func() error{
			func() error { return WriteGoProfile(&bytes.Buffer{}, tr) },
			func() error { return WriteLCOV(&bytes.Buffer{}, tr) },
			func() error { return p.Encode(&bytes.Buffer{}) },
		} {
			if err := write(); err != nil {
				t.Fatal(err)
			}
		}
		Merge([]Build{{p, words}, {p, nil}})
	})
}

func TestCounted(t *testing.T) {
	p := testPoints()
	if p.Total() != 11 || p.Mask() != nil {
		t.Errorf("without a choice: %d points, mask %v", p.Total(), p.Mask())
	}
	for _, counted := range [][]uint32{{}, {0, 3, 10}} {
		p.Counted = counted
		got, err := DecodePoints(bytes.NewReader(encoded(t, p)))
		if err != nil {
			t.Fatal(err)
		}
		mask := uint64(0)
		for _, c := range counted {
			mask |= 1 << c
		}
		if got.Counted == nil || got.Total() != len(counted) || !reflect.DeepEqual(got.Mask(), []uint64{mask}) {
			t.Errorf("of %v: %v, %d points, mask %b", counted, got.Counted, got.Total(), got.Mask())
		}
	}
	if mask := MaskOf([]uint32{1, 70}, 65); !reflect.DeepEqual(mask, []uint64{2, 0}) {
		t.Errorf("of a number out of range: %v", mask)
	}
}
