//go:build !unix

package debuginfo

import "os"

// This file defines the reading of a file where it cannot be mapped.

// mapping is the bytes of a file.
type mapping struct{ data []byte }

// mapFile reads the file at path.
func mapFile(path string) (mapping, error) {
	data, err := os.ReadFile(path)
	return mapping{data}, err
}

// close forgets the bytes.
func (m *mapping) close() error {
	m.data = nil
	return nil
}
