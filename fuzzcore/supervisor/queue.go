package supervisor

import "sync"

// This file defines the bounded queue of messages to one worker.

// queueLimit is how many bytes may wait for a worker that does not read: a hung
// target stops reading, and inputs that it never gets are only a slower start.
const queueLimit = 4 << 20

// queue holds frames for one worker. When it is full the oldest are dropped.
type queue struct {
	mu     sync.Mutex
	filled *sync.Cond // signals that frames or closed changed
	frames [][]byte   // guarded by mu
	bytes  int        // guarded by mu; sum of the frames' lengths
	closed bool       // guarded by mu
}

func newQueue() *queue {
	q := new(queue)
	q.filled = sync.NewCond(&q.mu)
	return q
}

// put appends a frame, which the queue owns from then on.
func (q *queue) put(frame []byte) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return
	}
	q.frames = append(q.frames, frame)
	q.bytes += len(frame)
	for q.bytes > queueLimit && len(q.frames) > 1 {
		q.bytes -= len(q.frames[0])
		q.frames = q.frames[1:]
	}
	q.filled.Signal()
}

// take waits for a frame; false after close.
func (q *queue) take() ([]byte, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.frames) == 0 && !q.closed {
		q.filled.Wait()
	}
	if q.closed {
		return nil, false
	}
	frame := q.frames[0]
	q.frames = q.frames[1:]
	q.bytes -= len(frame)
	return frame, true
}

// close drops what waits and ends take.
func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.frames = nil
	q.filled.Broadcast()
}
