package main

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/fuzzls/fuzzls/bench/debian"
)

// This file defines what is fuzzed.

// subject is a library with a harness.
type subject struct {
	name string
	// source is Debian's source package, or a directory of this repository.
	source string
	// rename is, for files to copy, their new names.
	rename map[string]string
	// harness is the text of a harness to add as fuzz_it.c, "" if the project has one.
	harness string
	// settings is the fuzzls.toml to add, "" for none.
	settings string
	// files are to be compiled for llvm-cov, as patterns, harness included; with flags and
	// libs.
	files       []string
	flags, libs []string
}

const inflateHarness = `#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "zlib.h"

static void pack(const uint8_t *data, size_t size)
{
    z_stream z;
    unsigned char *packed;

    memset(&z, 0, sizeof z);
    if (deflateInit2(&z, data[0] % 10, Z_DEFLATED, data[1] & 1 ? 15 : 31, 1 + data[1] % 9, data[2] % 5) != Z_OK)
        return;
    packed = malloc(deflateBound(&z, size));
    if (packed != NULL) {
        z.next_in = (Bytef *)data;
        z.avail_in = size;
        z.next_out = packed;
        z.avail_out = deflateBound(&z, size);
        deflate(&z, Z_FINISH);
    }
    deflateEnd(&z);
    free(packed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned char out[4096];
    z_stream z;
    int ret;

    if (size < 4)
        return 0;
    if (data[0] & 128) {
        pack(data, size);
        return 0;
    }
    memset(&z, 0, sizeof z);
    if (inflateInit2(&z, data[0] & 1 ? 47 : -15) != Z_OK)
        return 0;
    z.next_in = (Bytef *)data + 1;
    z.avail_in = size - 1;
    do {
        z.next_out = out;
        z.avail_out = sizeof out;
        ret = inflate(&z, Z_NO_FLUSH);
    } while (ret == Z_OK && z.avail_out == 0);
    inflateEnd(&z);
    return 0;
}
`

var zlibFiles = []string{"adler32.c", "crc32.c", "deflate.c", "inflate.c", "inffast.c", "inftrees.c", "trees.c", "zutil.c"}

var subjects = []subject{
	{
		name: "cJSON", source: "cjson", files: []string{"cJSON.c", "fuzzing/cjson_read_fuzzer.c"}, libs: []string{"-lm"},
		flags: []string{"-DENABLE_LOCALES"}, // as its CMakeLists.txt has it
	},
	{
		name: "zlib", source: "zlib", harness: inflateHarness, files: append([]string{"fuzz_it.c"}, zlibFiles...),
		settings: "[[target]]\nname = 'inflate'\nsources = ['fuzz_it.c', '" + strings.Join(zlibFiles, "', '") + "']\n",
	},
	{
		name: "libpng", source: "libpng1.6", rename: map[string]string{"scripts/pnglibconf.h.prebuilt": "pnglibconf.h"},
		files:    []string{"contrib/oss-fuzz/libpng_read_fuzzer.cc", "png.c", "png[^t]*.c", "pngtrans.c"},
		flags:    []string{"-I.", "-DPNG_INTEL_SSE_OPT=0"},
		libs:     []string{"-lz", "-lm"},
		settings: "[[target]]\nname = 'libpng_read_fuzzer'\nsources = ['contrib/oss-fuzz/libpng_read_fuzzer.cc', 'png.c', 'png[^t]*.c', 'pngtrans.c']\nflags = ['-I.', '-DPNG_INTEL_SSE_OPT=0']\nlibs = ['-lz']\ncorpus = ['contrib/pngsuite']\n",
	},
	{
		name: "query (C++)", source: "examples/query", files: []string{"query.cpp", "query_fuzzer.cpp"}, flags: []string{"-std=c++17"},
	},
}

// checkout makes a subject's project in dir.
func (s *subject) checkout(dir string) error {
	if info, err := os.Stat(s.source); err == nil && info.IsDir() {
		if err := os.CopyFS(dir, os.DirFS(s.source)); err != nil {
			return err
		}
	} else if err := debian.Unpack(s.source, dir); err != nil {
		return err
	}
	// The workspace's root is here, whatever is above.
	if err := os.MkdirAll(filepath.Join(dir, ".git"), 0o755); err != nil {
		return err
	}
	for from, to := range s.rename {
		data, err := os.ReadFile(filepath.Join(dir, from))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, to), data, 0o644); err != nil {
			return err
		}
	}
	for name, text := range map[string]string{"fuzz_it.c": s.harness, "fuzzls.toml": s.settings} {
		if text == "" {
			continue
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}
