package engine

// Pending returns how many known inputs wait to be run. Next hands them out before
// it makes mutants.
func (e *Engine) Pending() int {
	return e.queue.confirmations.len() + e.queue.others.len()
}

func (q *fifo) len() int { return len(q.items) - q.head }
