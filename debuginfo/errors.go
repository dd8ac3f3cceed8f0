package debuginfo

import (
	"errors"
	"fmt"
)

// This file defines the errors of bad files.

// ErrNoLines is returned for an executable without a line table.
var ErrNoLines = errors.New("no line table (.debug_line): the file was stripped, or built without debug information " +
	"(-ldflags=-s or -w for Go, no -g for C): build it with debug information")

// FormatError says what is wrong with a file, and where.
type FormatError struct {
	// Path is the file, as given to Open.
	Path string
	// Section is the name of the section, "" if the file's headers are meant.
	Section string
	// Offset is the place in the section, after decompression, or in the file if
	// there is no section.
	Offset int64
	// Problem is what is wrong there.
	Problem string
}

// Error returns "path: section+offset: problem".
func (e *FormatError) Error() string {
	where := e.Section
	if where == "" {
		where = "file"
	}
	return fmt.Sprintf("%s: %s+%#x: %s", e.Path, where, e.Offset, e.Problem)
}
