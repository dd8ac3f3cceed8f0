package live

import (
	"slices"
	"time"
)

// This file defines Sample, and how samples are thinned so that a long campaign fits
// into a plot.

// Sample is one moment of a campaign, for a plot.
type Sample struct {
	Time   time.Time `json:"time"`
	Points uint64    `json:"points"`
	Runs   uint64    `json:"runs"`
}

// historyLimit is how many samples are kept: more than a plot has pixels for.
const historyLimit = 512

// history holds samples of one fuzz test, oldest first, evenly spaced as far as it ran.
type history struct {
	samples []Sample
	every   time.Duration // between samples; 0 means the first second
}

func (h *history) add(s Sample) {
	if h.every == 0 {
		h.every = time.Second
	}
	if n := len(h.samples); n > 0 && s.Time.Sub(h.samples[n-1].Time) < h.every {
		return
	}
	h.samples = append(h.samples, s)
	if len(h.samples) <= historyLimit {
		return
	}
	h.every *= 2
	kept := h.samples[:0]
	for i := 0; i < len(h.samples); i += 2 {
		kept = append(kept, h.samples[i])
	}
	h.samples = kept
}

// History returns samples of a fuzz test's coverage over time, at most 512.
func (w *Workspace) History(id TestID) []Sample {
	w.mu.Lock()
	defer w.mu.Unlock()
	entry := w.tests[id]
	if entry == nil {
		return nil
	}
	return slices.Clone(entry.history.samples)
}
