package proc

import (
	"os"
	"testing"
	"time"
)

// This file tests what is read from /proc.

func TestParseState(t *testing.T) {
	s := parseState([]byte("12 (a) R) b) T 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15\n"))
	if s.Letter != 'T' || s.CPU != 230*time.Millisecond {
		t.Errorf("%c %v", s.Letter, s.CPU)
	}
	if s := readState("/proc/self/stat"); s.Letter != 'R' && s.Letter != 'S' {
		t.Errorf("this process is in state %c", s.Letter)
	}
	if s := readState("/proc/self/none"); s.Letter != 0 {
		t.Errorf("no process is in state %c", s.Letter)
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
