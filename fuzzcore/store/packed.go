package store

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
)

// This file defines how files are compressed.

// packedExtension ends the name of a compressed file.
const packedExtension = ".gz"

// writePacked writes a compressed file.
func (s *State) writePacked(path string, data []byte) error {
	var packed bytes.Buffer
	// What is packed is written at every build and read seldom.
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
	return s.write(path, packed.Bytes(), volatile)
}

// readPacked returns what writePacked wrote. The error is fs.ErrNotExist if there is
// nothing, and ErrDamaged if it is not what was written.
func readPacked(doing, path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, explain(doing, path, err)
	}
	defer file.Close()
	r, err := gzip.NewReader(file)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrDamaged, path, err)
	}
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrDamaged, path, err)
	}
	return data, nil
}

// tellToRebuild adds to the error of a damaged file that a build makes it anew.
func tellToRebuild(err error) error {
	if !errors.Is(err, ErrDamaged) {
		return err
	}
	return fmt.Errorf("%w: delete it and build the target again", err)
}
