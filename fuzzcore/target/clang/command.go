package clang

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/fuzzls/fuzzls/fuzzcore/executor/cruntime"
	"github.com/fuzzls/fuzzls/fuzzcore/target"
)

// This file runs the commands of builds.

// command is a compiler or a build system to run.
type command struct {
	dir  string
	args []string
	// env is added to this process's own.
	env []string
}

// commandError is a command that failed.
type commandError struct {
	args []string
	// output is all that it printed, on both outputs.
	output string
	err    error
}

func (e *commandError) Error() string {
	return fmt.Sprintf("%s: %v:\n%s", strings.Join(e.args, " "), e.err, strings.TrimSpace(e.output))
}

func (e *commandError) Unwrap() error { return e.err }

// killPatience is how long a command that was told to end may take to close its output.
const killPatience = 3 * time.Second

// run runs a command to its end and returns what it printed. It and all that it started in
// its process group are killed when ctx ends, or when this process dies.
func (c *command) run(ctx context.Context) (string, error) {
	cmd := exec.CommandContext(ctx, c.args[0], c.args[1:]...)
	cmd.Dir = c.dir
	cmd.Env = append(os.Environ(), c.env...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = killPatience
	err := cmd.Run()
	if ctx.Err() != nil {
		return out.String(), ctx.Err()
	}
	if err != nil {
		return out.String(), &commandError{args: slices.Clone(c.args), output: out.String(), err: err}
	}
	return out.String(), nil
}

// Run runs a command of a build in dir, with additions to the environment, and returns what
// it printed on both outputs. It and all that it started are killed when ctx ends. An error
// holds the output, too. Package rust uses it.
func Run(ctx context.Context, dir string, env []string, args ...string) (string, error) {
	c := command{dir: dir, args: args, env: env}
	return c.run(ctx)
}

// Runtime compiles libfuzzls.a for the builds of a workspace and returns its path, for
// targets of other languages.
func Runtime(ctx context.Context, config target.PrepareConfig) (library string, err error) {
	return Library(ctx, config.Tools, filepath.Join(config.State.BuildsDir(), "runtime"))
}

// Library finds clang, compiles libfuzzls.a with it below dir, unless it is there, and
// returns its path.
func Library(ctx context.Context, tools target.Tools, dir string) (library string, err error) {
	c, err := findCompiler(ctx, tools.Clang.Path, tools.Env)
	if err != nil {
		return "", err
	}
	return cruntime.Build(ctx, cruntime.Compiler{Path: c.path}, dir)
}

// FindWord returns where a word of a source file is that a C-like lexer reads, such as the
// name of a macro of Rust, if punctuation follows it; line and column are 1-based.
func FindWord(source []byte, word, punctuation string) (line, column int, ok bool) {
	tokens := lex(source)
	for i := range tokens {
		if tokens[i].is(word) && i+1 < len(tokens) && tokens[i+1].is(punctuation) {
			return int(tokens[i].line), int(tokens[i].col), true
		}
	}
	return 0, 0, false
}
