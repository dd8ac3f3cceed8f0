package lsp

import (
	"context"
	"sync"
	"time"
)

// This file defines the coalescer, through which everything that changes by itself is
// told to the client.

// coalescer calls send, on a goroutine of its own, with what was marked since the last
// call. Marking never waits; what is marked several times before send comes to it is
// sent once. While send waits for a slow client, no more is kept than one entry per key.
//
// send asks for the newest state of the keys; their order is that of the first marks.
// Use struct{} as K where there is only one thing to send. A panic in send is logged, and
// the next mark calls it again.
type coalescer[K comparable] struct {
	server *server
	send   func(ctx context.Context, keys []K)
	// every is the shortest time from the end of one call to the beginning of the next,
	// delay the time from the first mark to the call.
	every, delay time.Duration

	mu    sync.Mutex // guards dirty and keys
	dirty map[K]struct{}
	keys  []K
	// wake has room for one signal: there is something to send.
	wake chan struct{}
}

// newCoalescer starts a coalescer, which ends with the server. The first mark is sent at
// once, later ones at most every so often.
func newCoalescer[K comparable](s *server, every time.Duration, send func(ctx context.Context, keys []K)) *coalescer[K] {
	return startCoalescer(s, &coalescer[K]{send: send, every: every})
}

// newCollector starts a coalescer that waits for delay after a mark, so that what comes
// in quick succession is sent together.
func newCollector[K comparable](s *server, delay time.Duration, send func(ctx context.Context, keys []K)) *coalescer[K] {
	return startCoalescer(s, &coalescer[K]{send: send, delay: delay})
}

func startCoalescer[K comparable](s *server, c *coalescer[K]) *coalescer[K] {
	c.server = s
	c.dirty, c.wake = map[K]struct{}{}, make(chan struct{}, 1)
	s.spawn(c.run)
	return c
}

// mark notes that something changed.
func (c *coalescer[K]) mark(key K) {
	c.mu.Lock()
	if _, ok := c.dirty[key]; !ok {
		c.dirty[key] = struct{}{}
		c.keys = append(c.keys, key)
	}
	c.mu.Unlock()
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

func (c *coalescer[K]) run(ctx context.Context) {
	var next time.Time // when the next call may begin
	for {
		select {
		case <-ctx.Done():
			return
		case <-c.wake:
		}
		wait := time.NewTimer(max(time.Until(next), c.delay))
		select {
		case <-ctx.Done():
			wait.Stop()
			return
		case <-wait.C:
		}
		if keys := c.take(); len(keys) > 0 {
			c.server.guarded(c, func() { c.send(ctx, keys) })
		}
		next = time.Now().Add(c.every)
	}
}

// take returns the marked keys and unmarks them.
func (c *coalescer[K]) take() []K {
	c.mu.Lock()
	defer c.mu.Unlock()
	keys := c.keys
	c.keys = nil
	clear(c.dirty)
	return keys
}
