package ossfuzz

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// This file reads name.options, an INI file whose section [libfuzzer] holds libFuzzer's
// flags.

// options are the flags that mean something here: how long inputs may be, and which
// dictionary there is. The others are about how libFuzzer works.
type options struct {
	maxLen     int
	dictionary string // absolute
}

// readOptions reads a file of options; there need not be one.
func readOptions(path string) (options, error) {
	var o options
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return o, nil
	}
	if err != nil {
		return o, unreadable("the file of options", path, err)
	}
	section := ""
	number := 0
	for line := range strings.Lines(string(data)) {
		number++
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "[") && strings.HasSuffix(line, "]") {
			section = strings.ToLower(line[1 : len(line)-1])
			continue
		}
		name, value, ok := strings.Cut(line, "=")
		if !ok || section != "libfuzzer" {
			continue
		}
		value = strings.TrimSpace(value)
		switch strings.TrimSpace(name) {
		case "max_len":
			n, err := strconv.Atoi(value)
			if err != nil || n < 1 {
				return o, fmt.Errorf("%s:%d: max_len %q: expected a number above zero", path, number, value)
			}
			o.maxLen = n
		case "dict":
			o.dictionary = filepath.Join(filepath.Dir(path), value)
		}
	}
	return o, nil
}
