package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/fuzzls/fuzzls/fuzzcore/store"
	"github.com/fuzzls/fuzzls/fuzzcore/supervisor"
)

// This file defines `fuzzls crashes`.

func newCrashesCommand() *cobra.Command {
	var asJSON, replay bool
	cmd := &cobra.Command{
		Use:   "crashes",
		Short: "List the crashes that campaigns have found, and how to replay them",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			crashes, err := knownCrashes()
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
	return cmd
}

func listCrashes(crashes []supervisor.CrashMeta) {
	if len(crashes) == 0 {
		fmt.Println("no crashes")
	}
	for _, c := range crashes {
		fmt.Printf("%s: %s (%s.%s, %s)\n  input: %s\n  replay: %s\n", c.Location, c.Report, c.Package, c.Func,
			c.Signature, c.Reproducer, c.Replay)
	}
}

// knownCrashes reads the crashes of all fuzz tests of the workspace.
func knownCrashes() ([]supervisor.CrashMeta, error) {
	state, err := openState()
	if err != nil {
		return nil, err
	}
	tests, err := state.FuzzTests()
	if err != nil {
		return nil, err
	}
	crashes := []supervisor.CrashMeta{}
	for _, t := range tests {
		saved, err := t.Crashes().List()
		if err != nil {
			return nil, err
		}
		for _, c := range saved {
			var meta supervisor.CrashMeta
			if err := json.Unmarshal(c.Meta, &meta); err != nil {
				return nil, fmt.Errorf("crash %s: %w: delete the folder to be rid of it", c.Dir, err)
			}
			crashes = append(crashes, meta)
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
