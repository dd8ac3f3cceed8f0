package lsp

import (
	"fmt"
	"strconv"
	"time"

	"github.com/fuzzls/fuzzls/fuzzcore/supervisor"
)

// This file writes amounts in words, for lenses, hovers and messages.

// shortCount writes a number of things with three digits: "1 run", "1.20M runs".
func shortCount(n uint64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return supervisor.Short(float64(n)) + " " + many
}

// counted writes a number of things: "1 crash", "2 crashes".
func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}

// grouped writes a number with a comma after every three digits.
func grouped(n uint64) string {
	digits := strconv.FormatUint(n, 10)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// agoText says how long ago something was, in one unit.
func agoText(d time.Duration) string {
	switch {
	case d < time.Second:
		return "now"
	case d < time.Minute:
		return fmt.Sprintf("%d s ago", d/time.Second)
	case d < time.Hour:
		return fmt.Sprintf("%d min ago", d/time.Minute)
	}
	return fmt.Sprintf("%d h ago", d/time.Hour)
}
