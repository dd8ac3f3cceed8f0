// Package proc is what all kinds of targets have in common as processes: they are
// started from a thread that lives as long as they do, and Linux's /proc tells what they
// use.
package proc
