package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"golang.org/x/sync/errgroup"
)

// This file compiles a subject with clang's own coverage and counts lines with llvm-cov.

// lineCounts are, by file and line, how often lines ran.
type lineCounts map[string]map[int]uint64

// driver runs the harness on each of the files that its arguments name.
const driver = `#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        FILE *f = fopen(argv[i], "rb");
        if (f == NULL || fseek(f, 0, SEEK_END) != 0)
            return 1;
        size_t size = (size_t)ftell(f);
        rewind(f);
        uint8_t *data = malloc(size + 1);
        if (fread(data, 1, size, f) != size)
            return 1;
        fclose(f);
        LLVMFuzzerTestOneInput(data, size);
        free(data);
    }
    return 0;
}
`

// replay returns how often each line runs when the inputs of the corpus do.
func (b *bench) replay(s subject, dir, corpus string) (lineCounts, error) {
	exe, err := b.compile(s, dir)
	if err != nil {
		return nil, err
	}
	inputs, err := filepath.Glob(filepath.Join(corpus, "*"))
	if err != nil {
		return nil, err
	}
	if err := b.run(dir, []string{"LLVM_PROFILE_FILE=" + exe + ".raw"}, exe, inputs...); err != nil {
		return nil, err
	}
	if err := b.run(dir, nil, filepath.Join(b.tools, "llvm-profdata"), "merge", "-o", exe+".profile", exe+".raw"); err != nil {
		return nil, err
	}
	out, err := exec.Command(filepath.Join(b.tools, "llvm-cov"), "export", "-format=lcov", exe, "-instr-profile="+exe+".profile").Output()
	if err != nil {
		return nil, fmt.Errorf("llvm-cov: %w", err)
	}
	return parseLCOV(string(out))
}

// compile builds the subject with clang's coverage.
func (b *bench) compile(s subject, dir string) (exe string, err error) {
	out := filepath.Join(dir, "llvm-cov")
	if err := os.MkdirAll(out, 0o755); err != nil {
		return "", err
	}
	main := filepath.Join(out, "driver.c")
	if err := os.WriteFile(main, []byte(driver), 0o644); err != nil {
		return "", err
	}
	var files []string
	for _, pattern := range s.files {
		found, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil || len(found) == 0 {
			return "", fmt.Errorf("no files %s: %v", pattern, err)
		}
		files = append(files, found...)
	}
	var group errgroup.Group
	group.SetLimit(runtime.NumCPU())
	objects := []string{filepath.Join(out, "driver.o")}
	group.Go(func() error { return b.run(dir, nil, b.clang, "-c", main, "-o", objects[0]) })
	for _, file := range files {
		object := filepath.Join(out, filepath.Base(file)+".o")
		objects = append(objects, object)
		args := append([]string{"-c", "-O1", "-w", "-fprofile-instr-generate", "-fcoverage-mapping", "-DFUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION", file, "-o", object}, s.flags...)
		group.Go(func() error { return b.run(dir, nil, b.clang, args...) })
	}
	if err := group.Wait(); err != nil {
		return "", err
	}
	exe = filepath.Join(out, "exe")
	args := append([]string{"--driver-mode=g++", "-fprofile-instr-generate", "-o", exe}, objects...)
	return exe, b.run(dir, nil, b.clang, append(args, s.libs...)...)
}

// run runs a command in dir with additions to the environment. What the program under test
// prints is of no interest unless it fails.
func (b *bench) run(dir string, env []string, name string, args ...string) error {
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w: %s", filepath.Base(name), err, out[max(0, len(out)-2000):])
	}
	return nil
}

// parseLCOV reads the lines SF:<file> and DA:<line>,<count> of an lcov tracefile.
func parseLCOV(text string) (lineCounts, error) {
	counts := lineCounts{}
	var lines map[int]uint64
	for record := range strings.Lines(text) {
		record = strings.TrimSpace(record)
		if name, ok := strings.CutPrefix(record, "SF:"); ok {
			lines = map[int]uint64{}
			counts[name] = lines
		}
		data, ok := strings.CutPrefix(record, "DA:")
		if !ok {
			continue
		}
		line, count, _ := strings.Cut(data, ",")
		n, err := strconv.Atoi(line)
		if err != nil {
			return nil, fmt.Errorf("lcov: %q: %w", record, err)
		}
		if lines[n], err = strconv.ParseUint(count, 10, 64); err != nil {
			return nil, fmt.Errorf("lcov: %q: %w", record, err)
		}
	}
	return counts, nil
}
