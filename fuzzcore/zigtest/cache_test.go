package zigtest

import (
	"os"
	"slices"
	"strconv"
	"testing"
)

func TestCacheNumbers(t *testing.T) {
	c := NewCache(t.TempDir(), "a.test.x")
	if _, err := c.Numbers(); err == nil {
		t.Error("a cache that is not there has inputs")
	}
	if err := c.Create(); err != nil {
		t.Fatal(err)
	}
	var inputs [][]byte
	for i := range 18 {
		inputs = append(inputs, []byte{byte(i)})
	}
	if err := c.Write(0, inputs); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(c.InputPath(17)); err != nil || c.InputPath(17)[len(c.InputPath(17))-2:] != "11" {
		t.Errorf("input 17 is %s: %v", c.InputPath(17), err)
	}
	for _, n := range []byte{17, 3, 0} {
		if removed, err := c.Remove([]byte{n}); !removed || err != nil {
			t.Errorf("input %d: %v, %v", n, removed, err)
		}
	}
	if removed, err := c.Remove([]byte("none")); removed || err != nil {
		t.Errorf("%v, %v", removed, err)
	}
	numbers, err := c.Numbers()
	if err != nil || len(numbers) != 15 {
		t.Fatalf("%v, %v", numbers, err)
	}
	var left []byte
	for i, n := range numbers {
		if i != n {
			t.Fatalf("numbers %v have a gap, where Zig stops", numbers)
		}
		data, err := os.ReadFile(c.InputPath(n))
		if err != nil {
			t.Fatal(err)
		}
		left = append(left, data...)
	}
	slices.Sort(left)
	if want := []byte{1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}; !slices.Equal(left, want) {
		t.Errorf("inputs %v are left, want %v", left, want)
	}
}

func FuzzParseNumber(f *testing.F) {
	for _, name := range []string{"0", "a", "10", "01", "A", "readlock", "", "-1", "+1", "ffffffffff"} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		n, ok := parseNumber(name)
		if ok && (n < 0 || strconv.FormatInt(int64(n), 16) != name) {
			t.Errorf("%q is number %d", name, n)
		}
	})
}
