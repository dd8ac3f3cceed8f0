package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/fuzzls/fuzzls/lsp"
)

// This file defines `fuzzls lsp`, the language server.

// lspFlags are the flags of the language server.
type lspFlags struct {
	logFile, logLevel string
	// stdio is accepted because many clients pass it; there is nothing else.
	stdio bool
}

// logLevels are the values of --log-level.
var logLevels = []string{"debug", "info", "warn", "error"}

func newLSPCommand() *cobra.Command {
	var f lspFlags
	cmd := &cobra.Command{
		Use:   "lsp",
		Short: "Serve an editor: the language server, on stdin and stdout",
		Long: `Serve an editor: the language server, on stdin and stdout.

An editor starts it. It finds the fuzz tests of the open folders and, on the editor's
commands, builds and runs them and shows what they reach. docs/settings.md lists the
settings.`,
		Args: cobra.NoArgs,
		// Clients that are told to start `fuzzls lsp` ask it for its version, too.
		Version: version(),
		RunE:    func(cmd *cobra.Command, _ []string) error { return f.serve(cmd) },
	}
	cmd.SetVersionTemplate("fuzzls version {{.Version}}\n")
	f.add(cmd)
	return cmd
}

func (f *lspFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.BoolVar(&f.stdio, "stdio", false, "speak on stdin and stdout, which it always does")
	flags.StringVar(&f.logFile, "log-file", "", "append the log to this file instead of writing it to stderr")
	flags.StringVar(&f.logLevel, "log-level", "warn", "what to log: "+strings.Join(logLevels, ", "))
}

// serveWithoutCommand makes plain `fuzzls` the language server when no person is at the
// other end, as some editors start servers without arguments.
func serveWithoutCommand(root *cobra.Command) {
	var f lspFlags
	f.add(root)
	for _, name := range []string{"stdio", "log-file", "log-level"} {
		root.Flags().Lookup(name).Hidden = true
	}
	root.RunE = func(cmd *cobra.Command, _ []string) error {
		if term.IsTerminal(int(os.Stdin.Fd())) && !f.stdio {
			return cmd.Help()
		}
		return f.serve(cmd)
	}
}

func (f *lspFlags) serve(cmd *cobra.Command) error {
	log, closeLog, err := f.log()
	if err != nil {
		return err
	}
	defer closeLog()
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("finding the worker's executable: %w", err)
	}
	err = lsp.Run(cmd.Context(), lsp.Config{
		Version: version(), Worker: []string{self, "worker"}, Log: log,
	}, os.Stdin, os.Stdout)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, lsp.ErrNoShutdown):
		log.Info("end", "error", err)
	default:
		if f.logFile != "" {
			log.Error("end", "error", err)
		}
		fmt.Fprintf(os.Stderr, "fuzzls: lsp: %v\n", err)
	}
	return statusError(1)
}

// log returns the log that the flags ask for, and what closes it.
func (f *lspFlags) log() (*slog.Logger, func(), error) {
	var level slog.Level
	if !slices.Contains(logLevels, f.logLevel) || level.UnmarshalText([]byte(f.logLevel)) != nil {
		return nil, nil, fmt.Errorf("log-level %q: expected %s", f.logLevel, strings.Join(logLevels, ", "))
	}
	var out io.Writer = os.Stderr
	closeLog := func() {}
	if f.logFile != "" {
		file, err := os.OpenFile(f.logFile, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
		if err != nil {
			return nil, nil, fmt.Errorf("log-file: %w", err)
		}
		out, closeLog = file, func() { file.Close() }
	}
	return slog.New(slog.NewTextHandler(out, &slog.HandlerOptions{Level: level})), closeLog, nil
}
