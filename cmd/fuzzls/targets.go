package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/fuzzls/fuzzls/fuzzcore/target"
	"github.com/fuzzls/fuzzls/fuzzcore/target/project"
)

// This file defines `fuzzls targets`.

const targetsLong = `List the fuzz tests of the packages that the patterns name (default ./...), with the
types of their arguments and where they are. Nothing is compiled or run.

Of C and C++, a package is the directory of a harness, relative to the workspace's root,
and the fuzz test is called as the executable that is built of the harness, or as its file.
Of Zig, it is the directory of the nearest build.zig above the file, or of the file.

In a go.work workspace, ./... covers all modules whose directories are below the
current one, in the workspace's root all of its modules.

"(?)" stands for arguments that only the built fuzz test can tell, for instance
because a helper function calls f.Fuzz.

Arguments after -- go to the go command, such as -tags or -mod.

Exit status: 0, or 2 if a package is broken; what could be read is listed nevertheless.`

func newTargetsCommand() *cobra.Command {
	var asJSON bool
	var build buildFlags
	cmd := &cobra.Command{
		Use:   "targets [flags] [patterns] [-- go build flags]",
		Short: "List the fuzz tests",
		Long:  targetsLong,
		Example: `  fuzzls targets                    all fuzz tests below this directory
  fuzzls targets --json ./parser    those of one package, for programs`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if at := cmd.ArgsLenAtDash(); at >= 0 {
				build.rest = args[at:]
				args = args[:at]
			}
			dir, err := os.Getwd()
			if err != nil {
				return fmt.Errorf("finding the current directory: %w", err)
			}
			w, err := project.Load(cmd.Context(), project.Config{Dir: dir, Patterns: args, Tools: build.tools()})
			if err != nil {
				return err
			}
			return listTargets(w, dir, args, asJSON, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	flags := cmd.Flags()
	flags.BoolVar(&asJSON, "json", false, "print the fuzz tests and the problems as JSON")
	flags.StringVar(&build.tags, "tags", "", "build tags, separated by commas")
	return cmd
}

// listTargets prints what was found, with paths relative to dir where they are in
// it, and returns an error if packages are broken.
func listTargets(w *project.Workspace, dir string, patterns []string, asJSON bool, stdout, stderr io.Writer) error {
	write := writeTargets
	if asJSON {
		write = func(out io.Writer, w *project.Workspace, _ string) error { return writeTargetsJSON(out, w) }
	}
	if err := write(stdout, w, dir); err != nil {
		return err
	}
	for _, problem := range w.Problems {
		fmt.Fprintln(stderr, problem.In(dir))
	}
	switch n := len(w.Problems); {
	case n == 1:
		return fmt.Errorf("1 problem, see above: fuzz tests may be missing from the list")
	case n > 1:
		return fmt.Errorf("%d problems, see above: fuzz tests may be missing from the list", n)
	case len(w.Tests) == 0:
		fmt.Fprintf(stderr, "no fuzz tests in %s: %s\n", patternText(patterns), w.HowToWrite())
	}
	return nil
}

// patternText is how patterns are named in messages.
func patternText(patterns []string) string {
	if len(patterns) == 0 {
		return "./..."
	}
	return strings.Join(patterns, " ")
}

// writeTargets writes one line for each fuzz test, in columns.
func writeTargets(out io.Writer, w *project.Workspace, dir string) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, t := range w.Tests {
		args := "?"
		switch {
		case t.Language != target.Go:
			args = "bytes"
		case t.ArgsKnown:
			args = strings.Join(t.Args, ", ")
		}
		fmt.Fprintf(table, "%s\t(%s)\t%s\n", target.FullName(t.Package, t.Name), args, placeOf(&t, dir))
	}
	return table.Flush()
}

// placeOf returns where a fuzz test is, relative to dir: of one that comes built without
// its source, the executable.
func placeOf(t *target.FuzzTest, dir string) string {
	if t.File == "" {
		return target.Relative(dir, filepath.Join(t.Dir, t.Name))
	}
	return fmt.Sprintf("%s:%d", target.Relative(dir, t.File), t.Line)
}

// writeTargetsJSON writes the fuzz tests and problems as one JSON object.
func writeTargetsJSON(out io.Writer, w *project.Workspace) error {
	return writeJSON(out, struct {
		Root      string            `json:"root"`
		GoVersion string            `json:"go_version"`
		Modules   []target.Module   `json:"modules"`
		FuzzTests []target.FuzzTest `json:"fuzz_tests"`
		Problems  []target.Problem  `json:"problems"`
	}{w.Root, w.GoVersion, w.Modules, w.Tests, w.Problems})
}
