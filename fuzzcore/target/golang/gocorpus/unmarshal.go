package gocorpus

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
)

// This file reads corpus entries.

// quoted is how many bytes of a wrong line an error quotes: enough to recognize
// it, while a line can hold megabytes.
const quoted = 60

// Unmarshal returns the Smith stream of a corpus entry for a fuzz test whose
// arguments have the named types (see [SchemaOf]). Ints are zero-extended in it.
// It takes what Go takes; anything else is an error that names the line and what
// was expected there.
func Unmarshal(data []byte, types []string) (stream []byte, err error) {
	args, err := arguments(types)
	if err != nil {
		return nil, err
	}
	header, body, _ := bytes.Cut(data, []byte("\n"))
	if header = bytes.TrimSuffix(header, []byte("\r")); string(header) != version {
		return nil, fmt.Errorf("line 1 is %s, expected %q", quote(header), version)
	}
	stream = []byte{}
	number, found := 1, 0
	for line := range bytes.SplitSeq(body, []byte("\n")) {
		number++
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		if found == len(args) {
			return nil, fmt.Errorf("line %d is %s, expected the end: the fuzz test takes %s", number, quote(line), list(types))
		}
		if stream, err = appendArgument(stream, args[found], line); err != nil {
			return nil, fmt.Errorf("line %d is %s, expected a value of type %s: %w", number, quote(line), types[found], err)
		}
		found++
	}
	if found < len(args) {
		return nil, fmt.Errorf("line %d is the end, expected a value of type %s: the fuzz test takes %s", number, types[found], list(types))
	}
	return stream, nil
}

// appendArgument parses the line of one argument and appends it to stream.
func appendArgument(stream []byte, want goType, line []byte) ([]byte, error) {
	t, v, err := parseLine(line)
	if err != nil {
		return nil, err
	}
	if t.name != want.name {
		return nil, errors.New("it has the type " + t.name)
	}
	return appendStream(stream, t.field, v)
}

func list(types []string) string {
	return "(" + strings.Join(types, ", ") + ")"
}

func quote(line []byte) string {
	if len(line) <= quoted {
		return fmt.Sprintf("%q", line)
	}
	return fmt.Sprintf("%q...", line[:quoted])
}
