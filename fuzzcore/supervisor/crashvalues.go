package supervisor

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/fuzzls/fuzzls/fuzzcore/target"
	"github.com/fuzzls/fuzzls/fuzzcore/zigvalues"
)

// This file tells what is in the inputs of crashes whose bytes say little by themselves:
// those of Zig, which are the values that the fuzz test asked for.

// valuesFile is the file among a crash's files in the state that lists the values in its
// input, a line for each: where and how it was asked for, " = ", and the value. It is empty
// until they are known.
const valuesFile = "values.txt"

// ValuesOf returns the file beside a reproducer in the state that lists the values in it.
// Only inputs of Zig have one.
func ValuesOf(reproducer string) string {
	return filepath.Join(filepath.Dir(reproducer), valuesFile)
}

// InputValue is one value in the input of a crash.
type InputValue struct {
	// Name tells where and how the fuzz test asked for it, Text is the value as source has
	// it.
	Name, Text string
}

// valueSeparator is between the two in the file.
const valueSeparator = " = "

// InputValues reads the values in a reproducer in the state; none if they are not known.
func InputValues(reproducer string) []InputValue {
	data, err := os.ReadFile(ValuesOf(reproducer))
	if err != nil {
		return nil
	}
	var values []InputValue
	for line := range strings.Lines(string(data)) {
		name, text, ok := strings.Cut(strings.TrimRight(line, "\n"), valueSeparator)
		if ok {
			values = append(values, InputValue{name, text})
		}
	}
	return values
}

// tracedIdle is how long a fuzz test that is traced may run without asking for a value.
const tracedIdle = 5 * time.Second

// readValues runs a fuzz test of Zig with an input, a Smith stream of our messages, and
// returns the calls that took values from it.
func readValues(ctx context.Context, t *target.Test, input []byte) ([]zigvalues.Call, error) {
	data, err := t.MarshalInput(input)
	if err != nil {
		return nil, err
	}
	return zigvalues.Read(ctx, zigvalues.Config{
		Exe: t.Exe, Dir: t.Dir, Env: t.Env, Test: t.Zig.Name, Input: data, Idle: tracedIdle,
	})
}

// valuesText returns the content of valuesFile.
func (f *CrashFiles) valuesText(calls []zigvalues.Call, input []byte) string {
	var b strings.Builder
	end := 0
	for _, c := range calls {
		for _, r := range c.Requests {
			end = r.Offset + r.Len
		}
		c.File = f.relative(c.File)
		fmt.Fprintln(&b, c.String())
	}
	if left := len(input) - target.RawHeader - end; left > 0 {
		fmt.Fprintf(&b, "not asked for%s%d bytes\n", valueSeparator, left)
	}
	return b.String()
}

// Describe finds out the values in the input of a crash that was saved and keeps them
// beside it. It runs the fuzz test once. Of languages whose inputs speak for themselves it
// does nothing.
func (f *CrashFiles) Describe(ctx context.Context, t *target.Test, signature string, input []byte) error {
	if !t.IsZig() {
		return nil
	}
	text, err := f.describe(ctx, t, input)
	if err != nil {
		return fmt.Errorf("reading the values in the input of crash %s of %s: %w", signature, t.Func, err)
	}
	return f.putValues(t, signature, text)
}

// describe returns the content of valuesFile for an input of Zig.
func (f *CrashFiles) describe(ctx context.Context, t *target.Test, input []byte) (string, error) {
	calls, err := readValues(ctx, t, input)
	if err != nil {
		return "", err
	}
	return f.valuesText(calls, input), nil
}

func (f *CrashFiles) putValues(t *target.Test, signature, text string) error {
	return f.State.FuzzTest(t.Package, t.Func).Crashes().Put(signature, valuesFile, []byte(text))
}
