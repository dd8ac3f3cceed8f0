//go:build !(linux && amd64)

package zigvalues

import (
	"context"
	"errors"
)

// trace is for Linux on amd64 only.
func (p *program) trace(context.Context, Config, string) ([]event, error) {
	return nil, errors.New("the values of an input can be read on Linux, amd64 only")
}
