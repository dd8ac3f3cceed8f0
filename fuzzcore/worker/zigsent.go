package worker

import (
	"time"

	"github.com/fuzzls/fuzzls/fuzzcore/zigtest"
)

// This file defines sentInputs: what was sent to a Zig process may be lost with it.

// sentInputs remembers the inputs of other instances that were sent last. A process takes
// them between two runs and tells nobody; one that crashes has not taken the last.
type sentInputs struct {
	inputs []sentInput // oldest first
}

type sentInput struct {
	at   time.Time
	data []byte
}

const (
	// sentFor is how long an input is remembered: a process that makes runs takes what is
	// sent at once, and its report of a crash takes a second.
	sentFor = 5 * time.Second
	// sentKept is how many are remembered. They come fast at the start of a campaign only.
	sentKept = pendingLimit
)

// add notes an input that is sent now, or to the next process.
func (s *sentInputs) add(data []byte) {
	now := time.Now()
	drop := max(0, len(s.inputs)+1-sentKept)
	for drop < len(s.inputs) && now.Sub(s.inputs[drop].at) > sentFor {
		drop++
	}
	s.inputs = append(s.inputs[drop:], sentInput{now, data})
}

// again sends a new process what the one before may not have taken.
func (s *sentInputs) again(child *zigtest.Child) {
	for _, input := range s.inputs {
		if time.Since(input.at) <= sentFor {
			child.Send(0, input.data)
		}
	}
}
