package engine

// This file advises on the size of batches.

const (
	// minBatch is the size of batches at the start and after finds: what a find
	// teaches reaches the next batch but one, so small batches learn in fewer
	// runs.
	minBatch = 4
	// maxBatch is the size at which the costs of a batch have vanished.
	maxBatch = 256
	// quietBatches is how many batches' worth of runs must bring nothing new
	// before batches double.
	quietBatches = 8
	// findBatch is the size that batches fall back to after a find once they have
	// grown beyond it: it has most of the speed of large batches.
	findBatch = 16
)

// batch is the current size and what decides on the next.
type batch struct {
	size  int
	quiet int // runs since the last find or change of size
}

// tick counts a run that found nothing.
func (b *batch) tick() {
	if b.quiet++; b.quiet < quietBatches*b.size || b.size >= maxBatch {
		return
	}
	b.size *= 2
	b.quiet = 0
}

// found reacts to a find.
func (b *batch) found() {
	b.size = min(b.size, findBatch)
	b.quiet = 0
}
