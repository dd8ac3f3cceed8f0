package store

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/fuzzls/fuzzls/fuzzcore/abi"
)

// This file defines the kept points of builds.

// SavePoints keeps what the points of a build stand for. The data are stored
// compressed, since points are many and alike.
func (s *State) SavePoints(id uint64, data []byte) error {
	var packed bytes.Buffer
	// Points are written at every build and read seldom.
	w, err := gzip.NewWriterLevel(&packed, gzip.BestSpeed)
	if err != nil {
		return err
	}
	if _, err := w.Write(data); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	return s.write(s.pointsPath(id), packed.Bytes(), volatile)
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
	file, err := os.Open(path)
	if err != nil {
		return nil, explain("reading points", path, err)
	}
	defer file.Close()
	r, err := gzip.NewReader(file)
	if err != nil {
		return nil, damagedPoints(path, err)
	}
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, damagedPoints(path, err)
	}
	return data, nil
}

func damagedPoints(path string, err error) error {
	return fmt.Errorf("%w: %s: %w: delete it and build the target again", ErrDamaged, path, err)
}

func (s *State) pointsPath(id uint64) string {
	return filepath.Join(s.dir, pointsDir, abi.HexName(id)+".json.gz")
}
