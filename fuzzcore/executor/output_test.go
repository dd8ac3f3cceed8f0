package executor

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"
)

func newTestOutput(t *testing.T) (o *output, write func(string)) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	o = newOutput(r)
	t.Cleanup(func() {
		w.Close()
		o.finish()
	})
	return o, func(s string) {
		if _, err := w.WriteString(s); err != nil {
			t.Fatal(err)
		}
		o.settle()
	}
}

func at(run uint64) func() uint64 { return func() uint64 { return run } }

func TestOutputMarks(t *testing.T) {
	o, write := newTestOutput(t)
	write("before all;")
	o.mark(at(3))
	write("in 3;")
	o.mark(at(3)) // the same run is still at hand
	write("still in 3;")
	o.mark(at(5))
	write("in 5 or behind;")
	for run, want := range map[uint64]string{
		4: "in 3;still in 3;in 5 or behind;",
		5: "in 3;still in 3;in 5 or behind;",
		6: "in 5 or behind;",
	} {
		if got := o.text(run); got != want {
			t.Errorf("run %d: %q, want %q", run, got, want)
		}
	}
	o.mark(at(8))
	o.mark(at(9)) // nothing has been written in between
	if got := o.text(10); got != "" {
		t.Errorf("run 10: %q", got)
	}
	if got := o.text(9); got != "" {
		t.Errorf("run 9: %q", got) // nothing has been written since it was not begun
	}
	if got := o.text(8); got != "in 5 or behind;" {
		t.Errorf("run 8: %q", got)
	}
}

func TestOutputIsBounded(t *testing.T) {
	o, write := newTestOutput(t)
	line := strings.Repeat("x", 99) + "\n"
	for range 100 {
		write(line)
	}
	o.mark(at(1))
	var all bytes.Buffer
	for i := 0; all.Len() < outputHead+outputTail+100000; i++ {
		s := fmt.Sprintf("line %d\n", i)
		all.WriteString(s)
		if all.Len()%1000 < 10 {
			o.settle()
		}
		write(s)
	}
	got := o.text(2)
	head, tail := all.String()[:outputHead], all.String()[all.Len()-outputTail:]
	omitted := fmt.Sprintf("\n... %d bytes left out ...\n", all.Len()-outputHead-outputTail)
	if got != head+omitted+tail {
		t.Errorf("%d bytes, %q ... %q", len(got), got[:20], got[len(got)-20:])
	}
	o.mark(at(2))
	for all.Reset(); all.Len() < outputHead+1000; all.WriteString(line) {
		write(line)
	}
	if got := o.text(3); got != all.String() {
		t.Errorf("head and tail overlap: %d bytes, want %d", len(got), all.Len())
	}
}
