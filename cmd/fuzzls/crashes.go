package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/fuzzls/fuzzls/fuzzcore/store"
	"github.com/fuzzls/fuzzls/fuzzcore/supervisor"
	"github.com/fuzzls/fuzzls/fuzzcore/target"
)

// This file defines `fuzzls crashes`.

func newCrashesCommand() *cobra.Command {
	var asJSON, replay, all bool
	cmd := &cobra.Command{
		Use:   "crashes",
		Short: "List the crashes that campaigns have found, and how to replay them",
		Long: `Lists the crashes that campaigns have found, and how to replay them.

Those whose input no longer crashed when it was last replayed, and those that were
dismissed in an editor, are left out; --all lists them too.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			crashes, err := knownCrashes(all)
			if err != nil {
				return err
			}
			switch {
			case asJSON:
				return writeJSON(os.Stdout, crashes)
			case replay:
				for _, c := range crashes {
					fmt.Println(c.Replay)
				}
			default:
				listCrashes(crashes)
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the crashes as JSON")
	cmd.Flags().BoolVar(&replay, "replay", false, "print the replay commands only, one a line")
	cmd.Flags().BoolVar(&all, "all", false, "list fixed and dismissed crashes too")
	return cmd
}

// listedCrash is a crash as it is listed.
type listedCrash struct {
	supervisor.CrashMeta
	// Status is "open", "fixed" or "dismissed".
	Status string `json:"status"`
	// Values are the values in the input, where its bytes say little and they are known.
	Values []listedValue `json:"values,omitempty"`
}

// listedValue is a value in an input: where and how the fuzz test asked for it, and what it
// got.
type listedValue struct {
	Name string `json:"name"`
	Text string `json:"text"`
}

// maxListed is how many values of a crash are listed; its file has the others.
const maxListed = 24

func listCrashes(crashes []listedCrash) {
	if len(crashes) == 0 {
		fmt.Println("no crashes")
	}
	for _, c := range crashes {
		status := ""
		if c.Status != "open" {
			status = ", " + c.Status
		}
		fmt.Printf("%s: %s (%s, %s%s)\n  input: %s\n", c.Location, c.Report, target.FullName(c.Package, c.Func), c.Signature, status, c.Reproducer)
		for i, v := range c.Values {
			if i == maxListed {
				fmt.Printf("    … and %d more: %s\n", len(c.Values)-i, supervisor.ValuesOf(c.Reproducer))
				break
			}
			fmt.Printf("    %s = %s\n", v.Name, v.Text)
		}
		fmt.Printf("  replay: %s\n", c.Replay)
	}
}

// knownCrashes reads the crashes of all fuzz tests of the workspace, fixed and dismissed
// ones only if all.
func knownCrashes(all bool) ([]listedCrash, error) {
	state, err := openState()
	if err != nil {
		return nil, err
	}
	tests, err := state.FuzzTests()
	if err != nil {
		return nil, err
	}
	crashes := []listedCrash{}
	for _, t := range tests {
		saved, err := t.Crashes().List()
		if err != nil {
			return nil, err
		}
		for _, c := range saved {
			if !all && !c.Status.Listed() {
				continue
			}
			var meta supervisor.CrashMeta
			if err := json.Unmarshal(c.Meta, &meta); err != nil {
				return nil, fmt.Errorf("crash %s: %w: delete the folder to be rid of it", c.Dir, err)
			}
			listed := listedCrash{CrashMeta: meta, Status: c.Status.String()}
			for _, v := range supervisor.InputValues(filepath.Join(state.Root(), meta.Reproducer)) {
				listed.Values = append(listed.Values, listedValue{v.Name, v.Text})
			}
			crashes = append(crashes, listed)
		}
	}
	return crashes, nil
}

// openState opens the state of the workspace that the current directory is in.
func openState() (*store.State, error) {
	dir, err := os.Getwd()
	if err != nil {
		return nil, fmt.Errorf("finding the current directory: %w", err)
	}
	return store.Find(dir)
}
