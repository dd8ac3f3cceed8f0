// Command fuzzls finds the fuzz tests of a workspace, builds them instrumented,
// fuzzes them on all cores and shows what is covered and what crashed.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

// The exit statuses of every command.
const (
	statusOK      = 0
	statusCrashes = 1 // fuzzing found crashes
	statusFailed  = 2 // it could not run: bad flags, no fuzz tests, no compiler…
)

// statusError is an error whose message has been shown already.
type statusError int

func (s statusError) Error() string { return fmt.Sprintf("exit status %d", int(s)) }

func main() { os.Exit(run()) }

func run() int {
	ctx, stop := interruptible()
	defer stop()
	err := newRoot().ExecuteContext(ctx)
	if err == nil {
		return statusOK
	}
	var status statusError
	if errors.As(err, &status) {
		return int(status)
	}
	fmt.Fprintf(os.Stderr, "fuzzls: %v\n", err)
	return statusFailed
}

// interruptible returns a context that the first Ctrl-C or SIGTERM ends; the
// second ends the process at once.
func interruptible() (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-signals
		cancel()
		<-signals
		os.Exit(statusFailed)
	}()
	return ctx, cancel
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:           "fuzzls",
		Short:         "Live fuzzing: finds, builds and runs fuzz tests and shows what they reach",
		SilenceUsage:  true,
		SilenceErrors: true,
		Version:       version(),
	}
	serveWithoutCommand(root)
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddCommand(newFuzzCommand(), newTargetsCommand(), newCoverCommand(), newCrashesCommand(), newReplayCommand(), newCorpusCommand(), newLSPCommand(), newResolveCommand(), newLibraryCommand(), newWorkerCommand())
	return root
}
