package target

import (
	"fmt"
	"os"
)

// This file defines how the seeds of a fuzz test are read.

// SeedCount returns the number of seeds.
func (t *Test) SeedCount() int { return max(len(t.Seeds), len(t.SeedFiles)) }

// SeedFile returns the file of seed i, "" if it stands in the source.
func (t *Test) SeedFile(i int) string {
	if i < len(t.SeedFiles) {
		return t.SeedFiles[i]
	}
	return ""
}

// Seed returns seed i as a Smith stream. A file of more than limit bytes is refused before
// it is read.
func (t *Test) Seed(i, limit int) ([]byte, error) {
	if i < len(t.Seeds) {
		return t.Seeds[i], nil
	}
	path := t.SeedFiles[i]
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("reading a seed: %w", err)
	}
	if info.Size() > int64(limit) {
		return nil, fmt.Errorf("seed %s has %d bytes: the most is %d", path, info.Size(), limit)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading a seed: %w", err)
	}
	return t.UnmarshalInput(data)
}
