package store

import (
	"os"
	"path/filepath"

	"github.com/fuzzls/fuzzls/fuzzcore/abi"
)

// This file defines the kept points of builds.

// SavePoints keeps what the points of a build stand for. The data are stored
// compressed, since points are many and alike.
func (s *State) SavePoints(id uint64, data []byte) error {
	return s.writePacked(s.pointsPath(id), data)
}

// HasPoints reports whether points of a build are kept.
func (s *State) HasPoints(id uint64) bool {
	_, err := os.Stat(s.pointsPath(id))
	return err == nil
}

// Points returns what SavePoints kept for a build. The error is fs.ErrNotExist
// if there is nothing, and ErrDamaged if it is not what was saved.
func (s *State) Points(id uint64) ([]byte, error) {
	path := s.pointsPath(id)
	data, err := readPacked("reading points", path)
	return data, tellToRebuild(err)
}

func (s *State) pointsPath(id uint64) string {
	return filepath.Join(s.dir, pointsDir, abi.HexName(id)+".json"+packedExtension)
}
