package main

import (
	"context"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/fuzzls/fuzzls/fuzzcore/target"
	"github.com/fuzzls/fuzzls/fuzzcore/target/clang"
)

// This file defines `fuzzls library`.

const libraryLong = `Write libfuzzls.a, which takes the place of libFuzzer in C and C++ targets that other
build systems link (default: libfuzzls.a in this directory):

  clang -g -O2 -fsanitize=fuzzer-no-link,address harness.c libfuzzls.a -o target

Such a target runs under fuzzls (fuzzls fuzz ./target) and, by hand, the files that it
is given. One library serves every sanitizer; $LIB_FUZZING_ENGINE is its path in builds
in the style of OSS-Fuzz.`

func newLibraryCommand() *cobra.Command {
	var tools target.Tools
	cmd := &cobra.Command{
		Use:   "library [flags] [FILE]",
		Short: "Write libfuzzls.a, to link in place of libFuzzer",
		Long:  libraryLong,
		Args:  cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return writeLibrary(cmd.Context(), tools, append(args, "libfuzzls.a")[0])
		},
	}
	cmd.Flags().StringVar(&tools.Clang.Path, "clang", "", "the clang command (default: the newest on PATH)")
	return cmd
}

func writeLibrary(ctx context.Context, tools target.Tools, path string) error {
	dir, err := os.MkdirTemp("", "fuzzls-library-")
	if err != nil {
		return fmt.Errorf("making libfuzzls.a: %w", err)
	}
	defer os.RemoveAll(dir)
	archive, err := clang.Library(ctx, tools, dir)
	if err != nil {
		return err
	}
	data, err := os.ReadFile(archive)
	if err != nil {
		return fmt.Errorf("making libfuzzls.a: %w", err)
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		return fmt.Errorf("writing libfuzzls.a: %w", err)
	}
	return nil
}
