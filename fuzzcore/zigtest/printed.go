package zigtest

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// This file keeps what a child prints, bounded.

const (
	// printedHead is how much of the beginning is kept.
	printedHead = 16 << 10
	// printedTail is how much of the end is kept: the report of a crash comes last, and a
	// trace of recursion without end is long.
	printedTail = 128 << 10
)

// printed keeps the beginning and the end of what was written to it.
type printed struct {
	mu    sync.Mutex
	head  []byte // guarded by mu
	tail  []byte // guarded by mu; at most twice printedTail
	total int64  // guarded by mu; bytes written
}

// drain copies everything to p until the end of a pipe, or its deadline. On a machine that
// has no time, the deadline may come before the first byte was read: what is in the pipe
// then is taken, too.
func (p *printed) drain(pipe *os.File) {
	if _, err := io.Copy(p, pipe); !errors.Is(err, os.ErrDeadlineExceeded) {
		return
	}
	conn, err := pipe.SyscallConn()
	if err != nil {
		return
	}
	conn.Control(func(fd uintptr) {
		buf := make([]byte, 64<<10) // what a pipe holds
		for {
			n, err := unix.Read(int(fd), buf)
			if n > 0 {
				p.Write(buf[:n])
			} else if !errors.Is(err, unix.EINTR) {
				return
			}
		}
	})
}

func (p *printed) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.total += int64(len(b))
	n := min(len(b), printedHead-len(p.head))
	p.head = append(p.head, b[:n]...)
	p.tail = append(p.tail, b[n:]...)
	if len(p.tail) > 2*printedTail {
		p.tail = append(p.tail[:0], p.tail[len(p.tail)-printedTail:]...)
	}
	return len(b), nil
}

// text returns what is kept.
func (p *printed) text() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	tail := p.tail[max(0, len(p.tail)-printedTail):]
	left := p.total - int64(len(p.head)) - int64(len(tail))
	if left == 0 {
		return string(p.head) + string(tail)
	}
	return fmt.Sprintf("%s\n... %d bytes left out ...\n%s", p.head, left, tail)
}
