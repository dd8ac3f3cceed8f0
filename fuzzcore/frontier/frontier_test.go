package frontier

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/fuzzls/fuzzls/fuzzcore/abi"
	"github.com/fuzzls/fuzzls/fuzzcore/coverage"
	"github.com/fuzzls/fuzzls/fuzzcore/store"
)

// This file tests what is remembered of comparisons, and that it survives the disk.

const build = 0x1234

// pointsWith returns points with the sites [0, n).
func pointsWith(n uint32) *coverage.Points {
	p := &coverage.Points{}
	for site := range n {
		p.Compares = append(p.Compares, coverage.CompareSite{Site: site, Line: 1})
	}
	return p
}

func ints(site uint32, kind abi.CompareKind, a, b int64) abi.Compare {
	mask := ^uint64(0) >> (64 - 8*kind.Size())
	return abi.Compare{Site: site, Kind: kind, A: uint64(a) & mask, B: uint64(b) & mask}
}

func texts(site uint32, kind abi.CompareKind, a, b string) abi.Compare {
	c := abi.Compare{Site: site, Kind: kind, A: uint64(len(a)), B: uint64(len(b))}
	c.LenA, c.LenB = uint8(copy(c.TextA[:], a)), uint8(copy(c.TextB[:], b))
	return c
}

func TestIntegers(t *testing.T) {
	const c8, c64 = abi.Compare8, abi.Compare64 | abi.CompareConst
	for name, test := range map[string]struct {
		compares []abi.Compare
		want     Site
	}{
		"length":   {[]abi.Compare{ints(1, c64, 17, 3), ints(1, c64, 17, 16), ints(1, c64, 17, 19)}, Site{Bits: 64, Const: true, Outcomes: Less | Greater | SignedLess | SignedGreater, Nearest: &Pair{A: 17, B: 16}}},
		"equal":    {[]abi.Compare{ints(1, c64, 17, 17)}, Site{Bits: 64, Const: true, Outcomes: Equal}},
		"negative": {[]abi.Compare{ints(1, c64, 1, 100), ints(1, c64, 1, -1)}, Site{Bits: 64, Const: true, Outcomes: Less | SignedLess | SignedGreater, Nearest: &Pair{A: 1, B: ^uint64(0)}}},
		"byte":     {[]abi.Compare{ints(1, c8, 'x', 0), ints(1, c8, 'x', 'y')}, Site{Bits: 8, Outcomes: Less | Greater | SignedLess | SignedGreater, Nearest: &Pair{A: 'x', B: 'y'}}},
		"farthest": {[]abi.Compare{ints(1, c64, 0, -1<<63), ints(1, c64, 0, 1<<63-1)}, Site{Bits: 64, Const: true, Outcomes: Less | SignedLess | SignedGreater, Nearest: &Pair{A: 0, B: 1<<63 - 1}}},
	} {
		table := NewTable(pointsWith(3))
		table.Observe(test.compares)
		test.want.Site = 1
		if got := table.Sites(); !reflect.DeepEqual(got, []Site{test.want}) {
			t.Errorf("%s: %+v, nearest %+v, want %+v", name, got, got[0].Nearest, test.want)
		}
	}
	pair := Pair{A: 1, B: 0xff}
	if a, b := pair.Signed(8); a != 1 || b != -1 {
		t.Errorf("as signed bytes %d, %d", a, b)
	}
}

func TestStrings(t *testing.T) {
	long := strings.Repeat("x", 100)
	for name, test := range map[string]struct {
		kind     abi.CompareKind
		pairs    [][2]string
		outcomes Outcome
		nearest  [2]string // texts
	}{
		"prefix": {abi.CompareString, [][2]string{{"", "secret"}, {"sec", "secret"}, {"set", "secret"}}, Differs, [2]string{"sec", "secret"}},
		"length": {abi.CompareString, [][2]string{{"a", "secret"}, {"abcdef", "secret"}}, Differs, [2]string{"abcdef", "secret"}},
		"equal":  {abi.CompareString, [][2]string{{"secret", "secret"}, {"s", "secret"}}, Differs | Equal, [2]string{"s", "secret"}},
		"fold":   {abi.CompareFold, [][2]string{{"x", "HELLO"}, {"hel", "HELLO"}, {"Hello", "HELLO"}}, Differs | Equal, [2]string{"hel", "HELLO"}},
		"long":   {abi.CompareString, [][2]string{{long, long + "y"}}, Differs, [2]string{long[:48], long[:48]}},
	} {
		table := NewTable(pointsWith(3))
		for _, p := range test.pairs {
			table.Observe([]abi.Compare{texts(2, test.kind, p[0], p[1])})
		}
		got := table.Sites()[0]
		if got.Outcomes != test.outcomes || got.Bits != 0 || got.Fold != (test.kind == abi.CompareFold) ||
			string(got.Nearest.TextA) != test.nearest[0] || string(got.Nearest.TextB) != test.nearest[1] {
			t.Errorf("%s: %+v, nearest %q, %q", name, got, got.Nearest.TextA, got.Nearest.TextB)
		}
	}
}

func TestTableIsBounded(t *testing.T) {
	table := NewTable(pointsWith(maxSites + 10))
	for site := range uint32(maxSites + 20) {
		table.Observe([]abi.Compare{ints(site, abi.Compare8, 1, 2)})
	}
	if got := len(table.Sites()); got != maxSites {
		t.Errorf("%d sites", got)
	}
}

func TestUnsoundRecords(t *testing.T) {
	table := NewTable(pointsWith(1))
	bad := texts(0, abi.CompareString, "a", "b")
	bad.LenB = abi.CompareText + 1
	table.Observe([]abi.Compare{{Kind: 0}, {Kind: 3}, {Kind: 0x42}, {Kind: 0xff}, bad})
	if table.Dirty() || len(table.Sites()) != 0 {
		t.Errorf("taken: %+v", table.Sites())
	}
	table.Observe([]abi.Compare{ints(0, abi.Compare8, 1, 2), ints(0, abi.Compare16, 1, 1)})
	if got := table.Sites(); got[0].Outcomes != Less|SignedLess {
		t.Errorf("records of two kinds became %+v", got)
	}
}

func TestObserveAllocatesNothing(t *testing.T) {
	table := NewTable(pointsWith(8))
	compares := []abi.Compare{ints(1, abi.Compare8, 1, 2), texts(2, abi.CompareString, "a", "b"), ints(99, abi.Compare8, 1, 2)}
	table.Observe(compares)
	if n := testing.AllocsPerRun(100, func() { table.Observe(compares) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func newTest(t testing.TB) *store.FuzzTest {
	t.Helper()
	state, err := store.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return state.FuzzTest("example.com/m", "FuzzM")
}

func TestSaveAndLoad(t *testing.T) {
	test := newTest(t)
	if sites, err := LoadCompares(test, build); err != nil || sites != nil {
		t.Errorf("before anything is saved: %v, %v", sites, err)
	}
	table := NewTable(pointsWith(5))
	if err := table.Load(test, build); err != nil {
		t.Fatal(err)
	}
	table.Observe([]abi.Compare{
		ints(3, abi.Compare64|abi.CompareConst, 17, 16), ints(0, abi.Compare32, 5, 5),
		texts(1, abi.CompareString, "\xff\x00", "secret"), texts(2, abi.CompareFold, "a", "B"),
	})
	if !table.Dirty() {
		t.Error("nothing to save")
	}
	if err := table.Save(test, build); err != nil {
		t.Fatal(err)
	}
	if table.Dirty() {
		t.Error("something to save again")
	}
	sites, err := LoadCompares(test, build)
	if err != nil || !reflect.DeepEqual(sites, table.Sites()) {
		t.Errorf("loaded %+v, %v, want %+v", sites, err, table.Sites())
	}
	again := NewTable(pointsWith(5))
	if err := again.Load(test, build); err != nil || !reflect.DeepEqual(again.Sites(), sites) || again.Dirty() {
		t.Errorf("taken over %+v, %v", again.Sites(), err)
	}
	again.Observe([]abi.Compare{ints(3, abi.Compare64|abi.CompareConst, 17, 15)})
	if again.Dirty() == (again.Sites()[3].Outcomes == sites[3].Outcomes) || again.Sites()[3].Nearest.B != 16 {
		t.Errorf("a farther pair changed it to %+v", again.Sites()[3])
	}
}

func TestDamagedFile(t *testing.T) {
	for says, text := range map[string]string{
		"unexpected end": `{"sites":[`,
		"9 bits":         `{"sites":[{"site":1,"bits":9}]}`,
		"comes after":    `{"sites":[{"site":1,"bits":8},{"site":1,"bits":8}]}`,
		"and strings":    `{"sites":[{"site":1,"bits":8,"fold":true}]}`,
		"more than 48":   `{"sites":[{"site":1,"nearest":{"text_a":"` + strings.Repeat("AAAA", 20) + `"}}]}`,
	} {
		test := newTest(t)
		path := test.ComparesPath(build)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		_, err := LoadCompares(test, build)
		if !errors.Is(err, store.ErrDamaged) || !strings.Contains(err.Error(), says) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v, want %q", text, err, says)
		}
	}
}

// FuzzCompares: what is decoded can be taken over and saved, and says the same.
func FuzzCompares(f *testing.F) {
	f.Add([]byte(`{"sites":[{"site":1,"bits":64,"const":true,"outcomes":4,"nearest":{"a":17,"b":16}},{"site":2,"outcomes":8,"nearest":{"a":1,"b":2,"text_a":"YQ==","text_b":"YWI="}}]}`))
	f.Add([]byte("null"))
	f.Fuzz(func(t *testing.T, data []byte) {
		sites, err := decode(data)
		if err != nil {
			return
		}
		points := &coverage.Points{}
		for _, s := range sites {
			points.Compares = append(points.Compares, coverage.CompareSite{Site: s.Site})
		}
		table := NewTable(points)
		table.restore(sites)
		text, err := json.Marshal(content{table.Sites()})
		if err != nil {
			t.Fatal(err)
		}
		again, err := decode(text)
		if err != nil || len(again) != len(sites) {
			t.Fatalf("%s became %s: %v", data, text, err)
		}
		second := NewTable(points)
		second.restore(again)
		if text2, err := json.Marshal(content{second.Sites()}); err != nil || !bytes.Equal(text, text2) {
			t.Fatalf("%s became %s, then %s", data, text, text2)
		}
	})
}

func BenchmarkObserve(b *testing.B) {
	table := NewTable(pointsWith(1000))
	var compares []abi.Compare
	for site := range uint32(500) {
		compares = append(compares, ints(site, abi.Compare64, 17, int64(site)), texts(500+site, abi.CompareString, "keyword", "other"))
	}
	b.ReportAllocs()
	for b.Loop() {
		table.Observe(compares)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(compares)), "ns/compare")
}
