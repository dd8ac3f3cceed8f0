package main

import (
	"fmt"
	"os"
	"time"

	"golang.org/x/term"

	"github.com/fuzzls/fuzzls/fuzzcore/supervisor"
)

// This file defines the live display of a campaign: one steady block in a
// terminal (block.go), plain lines elsewhere (lines.go).

// progress shows snapshots of a campaign. Its methods may be called by several
// goroutines.
type progress interface {
	// show replaces what the last call showed.
	show(supervisor.Snapshot)
	// note prints text that stays, one line or several.
	note(text string)
	// finish leaves the last state on the screen.
	finish()
}

// display returns the live display for out.
func display(out *os.File) progress {
	if !term.IsTerminal(int(out.Fd())) {
		return &lines{out: out}
	}
	return &block{out: out, color: colored(out), size: func() (width, height int) {
		width, height, err := term.GetSize(int(out.Fd()))
		if err != nil || width <= 0 || height <= 0 {
			return 80, 24 // what terminals are by tradition
		}
		return width, height
	}}
}

// colored reports whether text for out may have colours: it is a terminal, and
// its user does not refuse them (https://no-color.org).
func colored(out *os.File) bool {
	return term.IsTerminal(int(out.Fd())) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}

// clock writes a duration in whole seconds: 7s, 3m07s, 2h03m.
func clock(d time.Duration) string {
	s := int(d.Seconds())
	switch {
	case s < 60:
		return fmt.Sprintf("%ds", s)
	case s < 3600:
		return fmt.Sprintf("%dm%02ds", s/60, s%60)
	}
	return fmt.Sprintf("%dh%02dm", s/3600, s/60%60)
}

func workerCount(n int) string {
	if n == 1 {
		return "1 worker"
	}
	return fmt.Sprintf("%d workers", n)
}
