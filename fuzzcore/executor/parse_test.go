package executor

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"
)

func TestParseState(t *testing.T) {
	s := parseState([]byte("12 (a) R) b) T 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15\n"))
	if s.state != 'T' || s.cpu != 230*time.Millisecond {
		t.Errorf("%c %v", s.state, s.cpu)
	}
	if s := readState("/proc/self/stat"); s.state != 'R' && s.state != 'S' {
		t.Errorf("this process is in state %c", s.state)
	}
	if s := readState("/proc/self/none"); s.state != 0 {
		t.Errorf("no process is in state %c", s.state)
	}
}

func FuzzParseProc(f *testing.F) {
	for _, name := range []string{"/proc/self/stat", "/proc/self/statm"} {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add([]byte("1 (a) "))
	f.Add([]byte("))) )"))
	f.Fuzz(func(t *testing.T, text []byte) {
		parseState(text)
		parseResident(text)
	})
}

func FuzzParseDescription(f *testing.F) {
	f.Add([]byte(`{"Types":["string","int"],"Edges":3,"Seeds":[{"Origin":"seed#0","Data":"AAAA"}],"Problems":null}`))
	f.Add([]byte(`{"Types":["error"]}`))
	f.Add([]byte(`{"Edges":-1,`))
	f.Fuzz(func(t *testing.T, text []byte) {
		d, err := parseDescription(Config{Exe: "/proc/self/exe"}, text)
		if err == nil && len(d.Schema) != len(d.Types) {
			t.Errorf("%+v", d)
		}
	})
}

func FuzzGoCorpus(f *testing.F) {
	f.Add("string int []byte", []byte("\x01\x00\x00\x00a12345678\x05\x00\x00\x00xx"))
	f.Add("rune byte float32 float64 bool", bytes.Repeat([]byte{0xff}, 40))
	f.Fuzz(func(t *testing.T, names string, stream []byte) {
		types := strings.Fields(names)
		if checkStock(types) != nil {
			return
		}
		text := appendGoCorpus(nil, types, stream)
		if n := bytes.Count(text, []byte("\n")); n != 1+len(types) {
			t.Errorf("%d lines for %d arguments:\n%s", n, len(types), text)
		}
	})
}
