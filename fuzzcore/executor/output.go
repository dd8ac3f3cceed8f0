package executor

import (
	"fmt"
	"io"
	"os"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// This file keeps what a target writes to stdout and stderr, bounded.

const (
	// outputHead is how much is kept from where a run may have begun: a crash says
	// first what is wrong.
	outputHead = 64 << 10
	// outputTail is how much of the end is kept: the stacks of a few hundred
	// goroutines.
	outputTail = 256 << 10
)

// output drains one pipe of a target on a goroutine of its own until the pipe's
// end or close.
type output struct {
	pipe *os.File
	conn syscall.RawConn
	done chan struct{} // closed when the goroutine has ended

	mu    sync.Mutex // held from reading bytes until they are added
	buf   []byte
	total uint64 // bytes read so far
	tail  []byte // ring of the last bytes; byte n of the output is at n modulo outputTail
	// heads hold what followed the last two marks; the last mark is heads[1].
	heads [2]head
}

// head is the output from a moment at which runs below a number had ended and
// runs above it had not begun.
type head struct {
	run   uint64
	start uint64 // total at that moment
	text  []byte
}

// newOutput drains the reading end of a pipe, made by os.Pipe.
func newOutput(pipe *os.File) *output {
	conn, _ := pipe.SyscallConn() // fails for a nil pipe only
	o := &output{pipe: pipe, conn: conn, done: make(chan struct{}), buf: make([]byte, 32<<10)}
	go o.drain()
	return o
}

func (o *output) drain() {
	defer close(o.done)
	o.conn.Read(func(fd uintptr) bool {
		err := error(nil)
		for err == nil {
			err = o.read(int(fd))
		}
		return err != unix.EAGAIN
	})
}

// read reads once from the pipe without waiting. The error is EAGAIN if the pipe
// is empty and io.EOF at its end.
func (o *output) read(fd int) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	n, err := unix.Read(fd, o.buf)
	switch {
	case err == unix.EINTR:
		return nil
	case err != nil:
		return err
	case n == 0:
		return io.EOF
	}
	o.add(o.buf[:n])
	return nil
}

func (o *output) add(b []byte) {
	if o.tail == nil {
		o.tail = make([]byte, outputTail)
	}
	for i := range o.heads {
		h := &o.heads[i]
		h.text = append(h.text, b[:min(len(b), outputHead-len(h.text))]...)
	}
	for len(b) > 0 {
		n := copy(o.tail[o.total%outputTail:], b)
		o.total += uint64(n)
		b = b[n:]
	}
}

// mark notes which run is at hand. It asks for that when it has noted how much
// output there is, so that all later runs' output comes behind the mark.
func (o *output) mark(atHand func() uint64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	run := atHand()
	last := &o.heads[1]
	if last.run == run || last.start == o.total {
		return // that no later run had begun here is true already
	}
	o.advance(run)
}

// cut notes that no run from this number on has begun, nor can one before the next
// call. What was written so far must have been read.
func (o *output) cut(run uint64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.advance(run - 1)
}

// advance makes here and now the last mark.
func (o *output) advance(run uint64) {
	text := o.heads[0].text[:0]
	o.heads[0] = o.heads[1]
	o.heads[1] = head{run: run, start: o.total, text: text}
}

// text returns what was written since shortly before the run began.
func (o *output) text(run uint64) string {
	o.mu.Lock()
	defer o.mu.Unlock()
	h := &o.heads[1]
	if h.run >= run {
		h = &o.heads[0]
	}
	written := o.total - h.start
	if written <= uint64(len(h.text)) {
		return string(h.text)
	}
	from := h.start + uint64(len(h.text))
	omitted := ""
	if o.total-from > outputTail {
		omitted = fmt.Sprintf("\n... %d bytes left out ...\n", o.total-outputTail-from)
		from = o.total - outputTail
	}
	b := append(append([]byte{}, h.text...), omitted...)
	for ; from < o.total; from++ {
		b = append(b, o.tail[from%outputTail])
	}
	return string(b)
}

// settle takes in what the target has written so far.
func (o *output) settle() {
	o.conn.Control(func(fd uintptr) {
		// A pipe holds 64 KiB; more than a few of them is being written right now.
		for range 8 {
			if o.read(int(fd)) != nil {
				return
			}
		}
	})
}

// outputPatience is how long to wait, after the target's death, for the end of its
// pipes. They outlive it only if a process that left the target's process group
// has inherited them.
const outputPatience = 200 * time.Millisecond

// finish takes in what is left after the target's death and closes the pipe.
func (o *output) finish() {
	o.pipe.SetReadDeadline(time.Now().Add(outputPatience))
	<-o.done
	o.pipe.Close()
}
