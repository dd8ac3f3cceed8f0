package main

import (
	"fmt"
	"os"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/fuzzls/fuzzls/fuzzcore/target"
	"github.com/fuzzls/fuzzls/fuzzcore/worker"
)

// This file defines `fuzzls worker`, the process that the supervisor starts for
// each instance. Its flags are those of Zig's test runner, and the manifest.

func newWorkerCommand() *cobra.Command {
	var listen, cacheDir, seed, manifest string
	cmd := &cobra.Command{
		Use:    "worker",
		Short:  "Run one fuzz worker (started by fuzzls itself)",
		Hidden: true,
		Args:   cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if listen != "-" {
				return fmt.Errorf("worker: --listen=%s: expected - (stdin and stdout)", listen)
			}
			number, err := strconv.ParseUint(seed, 0, 32)
			if err != nil {
				return fmt.Errorf("worker: --seed=%s: expected a number of 32 bits", seed)
			}
			m, err := target.LoadManifest(manifest)
			if err != nil {
				return err
			}
			return worker.Run(cmd.Context(), worker.Config{
				Manifest: m, Seed: uint32(number), Version: "fuzzls " + version(),
			}, os.Stdin, os.Stdout)
		},
	}
	cmd.Flags().StringVar(&listen, "listen", "", "where messages come from and go to: - for stdin and stdout")
	cmd.Flags().StringVar(&cacheDir, "cache-dir", "", "the state directory")
	cmd.Flags().StringVar(&seed, "seed", "0", "the campaign's seed")
	cmd.Flags().StringVar(&manifest, "manifest", "", "the file that describes the fuzz tests")
	return cmd
}
