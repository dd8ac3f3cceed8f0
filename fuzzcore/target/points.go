package target

import (
	"bytes"
	"fmt"

	"github.com/fuzzls/fuzzls/fuzzcore/coverage"
	"github.com/fuzzls/fuzzls/fuzzcore/store"
)

// Points reads the points of a build from the state.
func Points(state *store.State, id uint64) (*coverage.Points, error) {
	data, err := state.Points(id)
	if err != nil {
		return nil, err
	}
	points, err := coverage.DecodePoints(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("%w: build the target again", err)
	}
	if points.ID != id {
		return nil, fmt.Errorf("points of build %#x say that they are %#x: build the target again", id, points.ID)
	}
	return points, nil
}
