package supervisor

import (
	"fmt"
	"math/bits"
	"strconv"
	"strings"
)

// This file defines the notation of limits.

// ParseLimit reads a number of runs: a positive decimal number, optionally
// followed by K, M or G (thousand, million, thousand million), as in Zig's
// --fuzz=<limit>.
func ParseLimit(s string) (uint64, error) {
	digits, scale := s, uint64(1)
	if s != "" {
		switch s[len(s)-1] {
		case 'K':
			scale = 1e3
		case 'M':
			scale = 1e6
		case 'G':
			scale = 1e9
		}
		if scale != 1 {
			digits = s[:len(s)-1]
		}
	}
	if !isDecimal(digits) {
		return 0, fmt.Errorf("limit %q: expected a positive number, optionally followed by K, M or G, such as 10K", s)
	}
	tooLarge := fmt.Errorf("limit %q: more than %d runs: leave --limit out to fuzz without end", s, uint64(1<<64-1))
	n, err := strconv.ParseUint(digits, 10, 64)
	if err != nil {
		return 0, tooLarge
	}
	hi, product := bits.Mul64(n, scale)
	if hi != 0 {
		return 0, tooLarge
	}
	if product == 0 {
		return 0, fmt.Errorf("limit %q: expected at least one run: use `fuzzls cover` to look at coverage without running", s)
	}
	return product, nil
}

func isDecimal(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// memoryUnits are the units of amounts of memory, the longest endings first.
var memoryUnits = []struct {
	name  string
	bytes int64
}{{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"K", 1e3}, {"M", 1e6}, {"G", 1e9}}

// ParseMemory reads an amount of memory, such as 512MiB, and returns it in bytes.
func ParseMemory(s string) (int64, error) {
	digits, scale := s, int64(1)
	for _, unit := range memoryUnits {
		if rest, ok := strings.CutSuffix(s, unit.name); ok {
			digits, scale = rest, unit.bytes
			break
		}
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n <= 0 || n > (1<<62)/scale {
		return 0, fmt.Errorf("memory %q: expected an amount such as 512MiB or 2GiB", s)
	}
	return n * scale, nil
}
