package zigtest

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/fuzzls/fuzzls/fuzzcore/abi"
)

// This file defines the forms that the messages have had.

// Form is a form of the messages to and from a fuzz executable.
type Form int

// The forms, by what start_fuzzing holds.
const (
	// FormNames is that of Zig 0.16.0: what package abi has.
	FormNames Form = iota
	// FormLimit is that of development versions before 0.16.0. start_fuzzing is u32 index
	// in the test metadata · u8 limit kind · u64 amount. One fuzz test for each process,
	// and no instances but number 0.
	FormLimit
	// FormIndex is that of Zig 0.14 and 0.15: start_fuzzing is u32 index in the test
	// metadata, and coverage_id the u64 id alone. There are no limits.
	FormIndex
)

// FormOf returns the form that an executable speaks which tells this version of Zig in
// its first message. The later development versions before 0.16.0 spoke FormNames
// already; they cannot be told from the earlier ones and count as FormLimit.
func FormOf(version string) Form {
	number, development, _ := strings.Cut(version, "-")
	var major, minor int
	if n, err := fmt.Sscanf(number, "%d.%d", &major, &minor); n < 2 || err != nil {
		return FormNames // a version that does not say which: the newest
	}
	switch {
	case major == 0 && minor < 16:
		return FormIndex
	case major == 0 && minor == 16 && strings.HasPrefix(development, "dev"):
		return FormLimit
	}
	return FormNames
}

// needsMetadata reports whether a fuzz test is started by its number.
func (f Form) needsMetadata() bool { return f != FormNames }

var errOneTest = errors.New("an executable of this version of Zig runs one fuzz test: start one process for each")

// startBody returns the body of start_fuzzing. tests are the names in the test metadata,
// for forms that need them.
func (f Form) startBody(start abi.StartFuzzing, tests []string) ([]byte, error) {
	if f == FormNames {
		return start.Append(nil), nil
	}
	if len(start.Names) != 1 {
		return nil, errOneTest
	}
	index := slices.Index(tests, start.Names[0])
	if index < 0 {
		return nil, fmt.Errorf("fuzz test %s no longer exists", start.Names[0])
	}
	body := binary.LittleEndian.AppendUint32(nil, uint32(index))
	switch {
	case f == FormLimit:
		body = append(body, byte(start.Kind))
		return binary.LittleEndian.AppendUint64(body, start.Amount), nil
	case start.Kind == abi.LimitIterations:
		return nil, errors.New("this version of Zig fuzzes without a limit only")
	}
	return body, nil
}

// coverageID decodes the body of coverage_id.
func (f Form) coverageID(body []byte) (abi.CoverageIDMessage, error) {
	if f != FormIndex {
		return abi.DecodeCoverageID(body)
	}
	if len(body) != 8 {
		return abi.CoverageIDMessage{}, fmt.Errorf("%w: coverage_id: %d bytes of 8", abi.ErrBadBody, len(body))
	}
	return abi.CoverageIDMessage{ID: binary.LittleEndian.Uint64(body)}, nil
}
