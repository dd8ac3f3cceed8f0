package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
)

// This file defines the notation of some lines of a file: file:from-to, file:line.

// lineRange is the first and last line to show, 1-based.
type lineRange struct{ first, last int }

// lineRanges are the lines to show, by file, with symbolic links resolved.
type lineRanges map[string]lineRange

var lineSuffix = regexp.MustCompile(`^(.+):([0-9]+)(?:-([0-9]+))?$`)

// parseRanges splits the line numbers off the arguments. A file whose name ends
// like that is taken as it is.
func parseRanges(args []string) (paths []string, ranges lineRanges, err error) {
	ranges = lineRanges{}
	for _, arg := range args {
		m := lineSuffix.FindStringSubmatch(arg)
		if _, err := os.Lstat(arg); m == nil || err == nil {
			paths = append(paths, arg)
			continue
		}
		paths = append(paths, m[1])
		r := lineRange{}
		r.first, err = strconv.Atoi(m[2])
		if r.last = r.first; err == nil && m[3] != "" {
			r.last, err = strconv.Atoi(m[3])
		}
		if err != nil || r.first < 1 || r.last < r.first {
			return nil, nil, fmt.Errorf("%s: expected file:from-to, such as parse.go:120-150", arg)
		}
		ranges[resolved(m[1])] = r
	}
	return paths, ranges, nil
}

func (r lineRanges) of(path string) (first, last int, ok bool) {
	lines, ok := r[resolved(path)]
	return lines.first, lines.last, ok
}

// resolved returns path, absolute and with symbolic links resolved where that works.
func resolved(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	return path
}
