package main

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"github.com/fuzzls/fuzzls/fuzzcore/store"
	"github.com/fuzzls/fuzzls/fuzzcore/target"
	"github.com/fuzzls/fuzzls/fuzzcore/target/golang/gocorpus"
	"github.com/fuzzls/fuzzls/fuzzcore/target/project"
)

// This file defines `fuzzls corpus`.

func newCorpusCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "corpus",
		Short: "Work on the corpora",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newImportCommand(), newMinimizeCommand())
	return cmd
}

func newImportCommand() *cobra.Command {
	var build buildFlags
	var from, run string
	cmd := &cobra.Command{
		Use:   "import [patterns]",
		Short: "Take over inputs that others have found",
		Long: `Copies inputs into the corpora of the fuzz tests that the patterns name (default ./...).

With --from, they are the files of a directory and of those below it, in the format of
the fuzz test's language: corpus files of "go test" for Go; for C and C++ the inputs
themselves, as libFuzzer and AFL++ keep them. --run has to choose one fuzz test then.

Without --from, they are what "go test -fuzz" keeps in Go's build cache.

What is copied stays where it is.`,
		Example: `  fuzzls corpus import                                take over what "go test -fuzz" has found
  fuzzls corpus import --from out/default/queue --run parse_fuzzer`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if from != "" {
				return importDirectory(cmd.Context(), from, args, run, &build)
			}
			return importCache(cmd.Context(), args, &build)
		},
	}
	cmd.Flags().StringVar(&build.tags, "tags", "", "build tags, separated by commas")
	cmd.Flags().StringVar(&from, "from", "", "directory of inputs")
	cmd.Flags().StringVar(&run, "run", "", "with --from: the fuzz test whose name matches this regular expression")
	return cmd
}

// importDirectory copies the files below the directory from into the corpus of the only
// fuzz test that the patterns and the expression run choose.
func importDirectory(ctx context.Context, from string, patterns []string, run string, build *buildFlags) error {
	only, err := regexp.Compile(run)
	if err != nil {
		return fmt.Errorf("run %q: %w", run, err)
	}
	workspace, err := loadHere(ctx, patterns, build)
	if err != nil {
		return err
	}
	var chosen []target.FuzzTest
	for _, t := range workspace.Tests {
		if only.MatchString(t.Name) {
			chosen = append(chosen, t)
		}
	}
	if len(chosen) != 1 {
		return fmt.Errorf("%d fuzz tests match --run %q: inputs can be imported into one: `fuzzls targets` lists them", len(chosen), run)
	}
	state, err := store.Open(workspace.Root)
	if err != nil {
		return err
	}
	inputs, err := filesBelow(from)
	if err != nil {
		return err
	}
	return addInputs(state, &chosen[0], inputs)
}

// filesBelow returns the files in a directory and in those below it. The directories of a
// tool's own state are left out: AFL++ keeps one in its queue.
func filesBelow(dir string) ([]gocorpus.Entry, error) {
	var inputs []gocorpus.Entry
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && path != dir && strings.HasPrefix(entry.Name(), "."):
			return fs.SkipDir
		case !entry.Type().IsRegular():
			return nil
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		if info.Size() > maxImport {
			fmt.Fprintf(os.Stderr, "%s is left out: it has %d bytes, inputs have at most %d\n", path, info.Size(), maxImport)
			return nil
		}
		data, err := os.ReadFile(path)
		inputs = append(inputs, gocorpus.Entry{Name: path, Data: data})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading inputs: %w", err)
	}
	return inputs, nil
}

// maxImport is more than any executor takes: what is too long for a fuzz test is set aside
// with the reason when it is fuzzed.
const maxImport = 1 << 20

// loadHere finds the fuzz tests that patterns name from the current directory.
func loadHere(ctx context.Context, patterns []string, build *buildFlags) (*project.Workspace, error) {
	dir, err := os.Getwd()
	if err != nil {
		return nil, fmt.Errorf("finding the current directory: %w", err)
	}
	return project.Load(ctx, project.Config{Dir: dir, Patterns: patterns, Tools: build.tools()})
}

func importCache(ctx context.Context, patterns []string, build *buildFlags) error {
	workspace, err := loadHere(ctx, patterns, build)
	if err != nil {
		return err
	}
	cache, err := exec.CommandContext(ctx, "go", "env", "GOCACHE").Output()
	if err != nil {
		return fmt.Errorf("asking `go env GOCACHE`: %w", err)
	}
	state, err := store.Open(workspace.Root)
	if err != nil {
		return err
	}
	found := 0
	for i := range workspace.Tests {
		t := &workspace.Tests[i]
		if t.Language != target.Go {
			continue
		}
		entries, err := gocorpus.Entries(gocorpus.CacheDir(strings.TrimSpace(string(cache)), t.Package, t.Name))
		if err != nil {
			return err
		}
		if err := addInputs(state, t, entries); err != nil {
			return err
		}
		found += len(entries)
	}
	if found == 0 {
		fmt.Println("nothing to import: `go test -fuzz` has kept no inputs of these fuzz tests")
	}
	return nil
}

// addInputs adds inputs to the corpus of a fuzz test and says how many.
func addInputs(state *store.State, test *target.FuzzTest, entries []gocorpus.Entry) error {
	if len(entries) == 0 {
		return nil
	}
	own := state.FuzzTest(test.Package, test.Name)
	if err := own.Create(); err != nil {
		return err
	}
	added, refused := 0, 0
	for _, entry := range entries {
		if test.Language == target.Go && test.ArgsKnown {
			if _, err := gocorpus.Unmarshal(entry.Data, test.Args); err != nil {
				fmt.Fprintf(os.Stderr, "%s: %s is left out: %v\n", target.FullName(test.Package, test.Name), entry.Name, err)
				refused++
				continue
			}
		}
		_, fresh, err := own.Corpus().Add(entry.Data)
		if err != nil {
			return err
		}
		if fresh {
			added++
		}
	}
	fmt.Printf("%s: %d of %d inputs imported, %d were there already\n", target.FullName(test.Package, test.Name),
		added, len(entries), len(entries)-added-refused)
	return nil
}
