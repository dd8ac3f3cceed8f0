package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"github.com/spf13/cobra"

	"github.com/fuzzls/fuzzls/fuzzcore/store"
	"github.com/fuzzls/fuzzls/fuzzcore/target/golang"
	"github.com/fuzzls/fuzzls/fuzzcore/target/golang/gocorpus"
)

// This file defines `fuzzls corpus`.

func newCorpusCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "corpus",
		Short: "Work on the corpora",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newImportCommand())
	return cmd
}

func newImportCommand() *cobra.Command {
	var build buildFlags
	cmd := &cobra.Command{
		Use:   "import [patterns]",
		Short: "Take over what `go test -fuzz` has found",
		Long: `Copies the inputs that "go test -fuzz" keeps in Go's build cache into the corpora of
the fuzz tests that the patterns name (default ./...). Go's cache stays as it is.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return importCache(cmd.Context(), args, &build)
		},
	}
	cmd.Flags().StringVar(&build.tags, "tags", "", "build tags, separated by commas")
	return cmd
}

func importCache(ctx context.Context, patterns []string, build *buildFlags) error {
	dir, err := os.Getwd()
	if err != nil {
		return fmt.Errorf("finding the current directory: %w", err)
	}
	workspace, err := golang.Load(ctx, golang.LoadConfig{Dir: dir, Patterns: patterns, BuildFlags: build.goFlags()})
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
	for _, p := range workspace.Packages {
		for i := range p.Tests {
			n, err := importTest(state, strings.TrimSpace(string(cache)), &p.Tests[i])
			if err != nil {
				return err
			}
			found += n
		}
	}
	if found == 0 {
		fmt.Println("nothing to import: `go test -fuzz` has kept no inputs of these fuzz tests")
	}
	return nil
}

// importTest copies the entries of one fuzz test and returns how many there were.
func importTest(state *store.State, cache string, test *golang.FuzzTest) (int, error) {
	entries, err := gocorpus.Entries(gocorpus.CacheDir(cache, test.Package, test.Name))
	if err != nil {
		return 0, err
	}
	if len(entries) == 0 {
		return 0, nil
	}
	own := state.FuzzTest(test.Package, test.Name)
	if err := own.Create(); err != nil {
		return 0, err
	}
	added, refused := 0, 0
	for _, entry := range entries {
		if test.ArgsKnown {
			if _, err := gocorpus.Unmarshal(entry.Data, test.Args); err != nil {
				fmt.Fprintf(os.Stderr, "%s.%s: %s is left out: %v\n", test.Package, test.Name, entry.Name, err)
				refused++
				continue
			}
		}
		_, fresh, err := own.Corpus().Add(entry.Data)
		if err != nil {
			return 0, err
		}
		if fresh {
			added++
		}
	}
	fmt.Printf("%s.%s: %d of %d inputs imported, %d were there already\n", test.Package, test.Name,
		added, len(entries), len(entries)-added-refused)
	return len(entries), nil
}
