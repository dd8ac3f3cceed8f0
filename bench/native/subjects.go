package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// This file defines what is fuzzed, and gets it.

// subject is a harness and the library that it is about.
type subject struct {
	name string
	// source is Debian's source package, "" if there is none; orig is a pattern for its
	// archive.
	source string
	// prepare is a shell command in the unpacked source.
	prepare string
	// files are to be compiled, relative to the project; %s in prepare and files is
	// nothing special. The source is in "src", the harnesses are in the project itself.
	files []string
	flags []string
	libs  []string
	// seeds are inputs to begin with.
	seeds []string
}

var zlibFiles = []string{"adler32.c", "crc32.c", "inffast.c", "inflate.c", "inftrees.c", "zutil.c", "compress.c", "deflate.c", "trees.c", "uncompr.c"}

var subjects = []subject{
	{name: "trivial", files: []string{"trivial.c"}},
	{
		name: "cjson", source: "cjson", files: []string{"src/fuzzing/cjson_read_fuzzer.c", "src/cJSON.c"},
		flags: []string{"-Isrc"}, libs: []string{"-lm"},
		seeds: []string{"bbbb[1, 2.5e3, \"a\\u0041\", null, true, {\"b\": false}]"},
	},
	{
		name: "zlib", source: "zlib", files: append([]string{"zlib_uncompress.c"}, below("src", zlibFiles)...),
		flags: []string{"-Isrc", "-DHAVE_UNISTD_H"},
		seeds: []string{"\x00\x78\x9c\xcb\x48\xcd\xc9\xc9\xd7\x51\x28\xcf\x2f\xca\x49\x01\x00\x21\xe7\x04\x93"},
	},
	{
		name: "libpng", source: "libpng1.6", prepare: "cp scripts/pnglibconf.h.prebuilt pnglibconf.h",
		files: append([]string{"png_read.c"}, below("src", []string{"png.c", "pngerror.c", "pngget.c", "pngmem.c", "pngpread.c", "pngread.c",
			"pngrio.c", "pngrtran.c", "pngrutil.c", "pngset.c", "pngtrans.c", "pngwio.c", "pngwrite.c", "pngwtran.c", "pngwutil.c"})...),
		flags: []string{"-Isrc", "-DPNG_ARM_NEON_OPT=0", "-DPNG_INTEL_SSE_OPT=0"}, libs: []string{"-lz", "-lm"},
		seeds: []string{"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x02\x00\x00\x00\x90wS\xde" +
			"\x00\x00\x00\x0cIDATx\x9cc\xf8\xcf\xc0\x00\x00\x03\x01\x01\x00\xc9\xfe\x92\xef\x00\x00\x00\x00IEND\xaeB`\x82"},
	},
	{
		name: "sqlite", source: "sqlite3", prepare: "./configure >/dev/null 2>&1 && make sqlite3.c >/dev/null 2>&1",
		files: []string{"sqlite_exec.c", "src/sqlite3.c"},
		flags: []string{"-Isrc", "-DSQLITE_THREADSAFE=0", "-DSQLITE_OMIT_LOAD_EXTENSION", "-DSQLITE_DEFAULT_MEMSTATUS=0"}, libs: []string{"-lm"},
		seeds: []string{"create table t(a, b); insert into t values(1, 'x'); select a + 1 from t where b like 'x%' order by a;"},
	},
}

// puzzles are guards of comparisons.
var puzzles = []subject{
	{name: "find", files: []string{"puzzle_find.c"}},
	{name: "magics", files: []string{"puzzle_magics.c"}},
	{name: "checksum", files: []string{"puzzle_checksum.c"}},
	{name: "behind", files: []string{"puzzle_behind.c"}},
}

func below(dir string, files []string) (paths []string) {
	for _, file := range files {
		paths = append(paths, dir+"/"+file)
	}
	return paths
}

// project is a subject's directory.
type project struct {
	subject
	dir string
}

// path returns the path of something in the project.
func (p *project) path(name string) string { return filepath.Join(p.dir, name) }

// checkout makes a subject's project.
func (b *bench) checkout(s subject) (*project, error) {
	p := &project{subject: s, dir: filepath.Join(b.work, s.name)}
	if err := os.CopyFS(p.dir, os.DirFS("bench/targets/native")); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(p.path("seeds"), 0o777); err != nil {
		return nil, err
	}
	for i, seed := range s.seeds {
		if err := os.WriteFile(p.path(fmt.Sprintf("seeds/%d", i)), []byte(seed), 0o666); err != nil {
			return nil, err
		}
	}
	if s.source == "" {
		return p, nil
	}
	archive, err := b.download(s.source)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(p.path("src"), 0o777); err != nil {
		return nil, err
	}
	if err := p.command("tar", "xf", archive, "-C", "src", "--strip-components=1"); err != nil {
		return nil, err
	}
	if s.prepare != "" {
		return p, p.command("sh", "-c", "cd src && "+s.prepare)
	}
	return p, nil
}

// download gets a source package with apt-get, if it is not there yet, and returns its
// upstream archive.
func (b *bench) download(source string) (archive string, err error) {
	pattern := filepath.Join(b.cache, source+"_*.orig.tar.*")
	if found, _ := filepath.Glob(pattern); len(found) > 0 {
		return found[0], nil
	}
	if err := os.MkdirAll(b.cache, 0o777); err != nil {
		return "", err
	}
	cmd := exec.Command("apt-get", "source", "--download-only", source)
	cmd.Dir = b.cache
	out, err := cmd.CombinedOutput()
	if found, _ := filepath.Glob(pattern); len(found) > 0 {
		return found[0], nil // Debian's own changes are not needed
	}
	return "", fmt.Errorf("downloading the source of %s: %v: %s: is there a deb-src line in apt's sources?", source, err, out)
}

// command runs a command in the project.
func (p *project) command(name string, args ...string) error {
	cmd := exec.Command(name, args...)
	cmd.Dir = p.dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, out)
	}
	return nil
}
