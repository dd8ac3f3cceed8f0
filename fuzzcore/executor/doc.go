// Package executor runs inputs in a target process through shared memory.
package executor
