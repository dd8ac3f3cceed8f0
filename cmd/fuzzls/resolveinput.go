package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
)

// This file defines how `fuzzls resolve` reads its input: what has come so far is
// one batch, so that a person at a terminal and a program that waits for each
// answer get it at once, and a file of addresses is resolved in few passes.

// maxBatch bounds the lines of one batch, for the memory of their answers.
const maxBatch = 1 << 20

// lineReader reads lines ahead, in a goroutine that ends with the input.
type lineReader struct {
	whole bool          // the input never waits for an answer: it is a file
	ready chan struct{} // has a value when there are lines to take, or the end
	room  chan struct{} // has a value when lines were taken

	mu    sync.Mutex // guards what follows
	lines []string
	done  bool
	err   error
}

// readLines starts reading.
func readLines(in io.Reader) *lineReader {
	r := &lineReader{ready: make(chan struct{}, 1), room: make(chan struct{}, 1)}
	if f, ok := in.(*os.File); ok {
		info, err := f.Stat()
		r.whole = err == nil && info.Mode().IsRegular()
	}
	go r.read(bufio.NewReaderSize(in, 1<<16))
	return r
}

func (r *lineReader) read(in *bufio.Reader) {
	for {
		line, err := in.ReadString('\n')
		r.mu.Lock()
		if line != "" {
			r.lines = append(r.lines, strings.TrimRight(line, "\r\n"))
		}
		if r.done = err != nil; err != nil && err != io.EOF {
			r.err = fmt.Errorf("reading addresses: %w", err)
		}
		full := len(r.lines) >= maxBatch
		r.mu.Unlock()
		if full || err != nil || !r.whole && in.Buffered() == 0 {
			notify(r.ready)
		}
		if err != nil {
			return
		}
		if full {
			<-r.room
		}
	}
}

// notify puts a value into a channel that has room for one, if it is empty.
func notify(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// next waits for lines and returns all that have come; io.EOF at the end.
func (r *lineReader) next(ctx context.Context) ([]string, error) {
	for {
		select {
		case <-r.ready:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		r.mu.Lock()
		batch := r.lines
		r.lines = nil
		done, err := r.done, r.err
		r.mu.Unlock()
		notify(r.room)
		if done {
			notify(r.ready) // for the next call, which finds no lines
		}
		switch {
		case len(batch) > 0:
			return batch, nil
		case err != nil:
			return nil, err
		case done:
			return nil, io.EOF
		}
	}
}
