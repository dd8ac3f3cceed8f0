package provenance

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// This file defines the layout of a log: a line of JSON for each record.
//
//	{"time":"2026-11-21T15:25:44.123456789Z","origin":"mutant","input":"771e938e4458e983","points":"3-17,20"}
//
// Points are ascending ranges. Lines are written whole, by several processes; an empty
// line says nothing.

// Origin tells where an input came from.
type Origin string

// The origins of inputs.
const (
	// Start: no input; the point is reached before the first, by initializers and TestMain.
	Start Origin = "start"
	// Seed: the input came with the source.
	Seed Origin = "seed"
	// Corpus: an earlier campaign kept the input.
	Corpus Origin = "corpus"
	// Mutant: a worker made it.
	Mutant Origin = "mutant"
	// Peer: another worker made it, but only this one saw it reach the point.
	Peer Origin = "peer"
)

// Record tells of the first input that reached a point.
type Record struct {
	// Time is when the input was found: for one of an earlier campaign the time of its
	// file in the corpus. Zero if that made no sense.
	Time   time.Time
	Origin Origin
	// Input is the file that holds the input, absolute, "" if none does. The user may
	// have deleted it since.
	Input string
}

// line is the layout of a record.
type line struct {
	Time   time.Time `json:"time"`
	Origin Origin    `json:"origin"`
	// Input is the name of a file in the folder first.
	Input string `json:"input,omitempty"`
	// File is the path of a seed's file: with slashes and relative to the workspace's
	// root if it is in there, so that a workspace can be moved; otherwise absolute.
	File   string `json:"file,omitempty"`
	Points string `json:"points"`
}

// append appends the line to a log's text.
func (l *line) append(out []byte) ([]byte, error) {
	text, err := json.Marshal(l)
	if err != nil {
		return out, fmt.Errorf("writing down who reached a point first: %w", err)
	}
	return append(append(out, text...), '\n'), nil
}

// parseLine reads a line and hands each of its ranges of points, [from, to], to use if
// the whole of it makes sense. There are count points.
func parseLine(text []byte, count int, use func(from, to uint32)) (line, error) {
	var l line
	if err := json.Unmarshal(text, &l); err != nil {
		return line{}, errors.New(strings.TrimPrefix(err.Error(), "json: "))
	}
	if !slices.Contains([]Origin{Start, Seed, Corpus, Mutant, Peer}, l.Origin) {
		return line{}, fmt.Errorf("the origin is %q", l.Origin)
	}
	if l.Input != "" && !isInputName(l.Input) {
		return line{}, fmt.Errorf("the input is called %q", l.Input)
	}
	ranges, err := parseRanges(l.Points, count)
	if err != nil {
		return line{}, err
	}
	for _, r := range ranges {
		use(r[0], r[1])
	}
	return l, nil
}

// appendRanges writes ascending points as "3-17,20".
func appendRanges(out []byte, points []uint32) []byte {
	for i := 0; i < len(points); {
		last := i
		for last+1 < len(points) && points[last+1] == points[last]+1 {
			last++
		}
		if i > 0 {
			out = append(out, ',')
		}
		out = strconv.AppendUint(out, uint64(points[i]), 10)
		if last > i {
			out = strconv.AppendUint(append(out, '-'), uint64(points[last]), 10)
		}
		i = last + 1
	}
	return out
}

// parseRanges reads what appendRanges wrote: ascending ranges of points below count.
func parseRanges(text string, count int) ([][2]uint32, error) {
	var out [][2]uint32
	next := uint64(0) // the smallest point that may follow
	for part := range strings.SplitSeq(text, ",") {
		first, last, isRange := strings.Cut(part, "-")
		if !isRange {
			last = first
		}
		from, err := strconv.ParseUint(first, 10, 32)
		if err != nil {
			return nil, fmt.Errorf("%q are no points", part)
		}
		to, err := strconv.ParseUint(last, 10, 32)
		if err != nil || from > to || from < next {
			return nil, fmt.Errorf("%q are no points, or not ascending ones", part)
		}
		if to >= uint64(count) {
			return nil, fmt.Errorf("point %d of %d", to, count)
		}
		out = append(out, [2]uint32{uint32(from), uint32(to)})
		next = to + 1
	}
	return out, nil
}

// isInputName reports whether a file in the folder first has an input's name: the 16
// hexadecimal digits of store.EntryName.
func isInputName(name string) bool {
	return len(name) == 16 && strings.Trim(name, "0123456789abcdef") == ""
}
