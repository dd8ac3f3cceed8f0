package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fuzzls/fuzzls/bench/debian"
)

// This file tests the commands with public C libraries, as Debian distributes their
// source, with harnesses in the manner of OSS-Fuzz: those of the benchmarks.

// debianProject unpacks the source of a package into src beside a harness and the settings
// that say how to build it, and returns their directory.
func debianProject(t *testing.T, name, harness, settings string) string {
	t.Helper()
	needClang(t)
	dir := t.TempDir()
	if err := debian.Unpack(name, filepath.Join(dir, "src")); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skipf("SKIPPED: %v", err)
	}
	text, err := os.ReadFile(harness)
	if err != nil {
		t.Fatal(err)
	}
	write(t, dir, filepath.Base(harness), string(text))
	write(t, dir, "fuzzls.toml", settings)
	return dir
}

// tomlFiles returns the elements of an array in TOML: those in below, and others.
func tomlFiles(below string, files string, others ...string) string {
	for _, file := range strings.Fields(files) {
		others = append(others, below+"/"+file)
	}
	return `["` + strings.Join(others, `", "`) + `"]`
}

const zlibFiles = "adler32.c crc32.c inffast.c inflate.c inftrees.c zutil.c compress.c deflate.c trees.c uncompr.c"

// wantLibraryCovered runs a campaign of one fuzz test, which finds no crash, and checks that
// a line of the library is covered.
func wantLibraryCovered(t *testing.T, dir, name, file, line string) {
	t.Helper()
	report, o := campaign(t, dir, "--run", "^"+name+"$", "--limit", "20K", "-j", "1", "--seed", "1", "--sanitizer", "none")
	if o.status != statusOK || len(report.Tests) != 1 {
		t.Fatalf("status %d, report %+v\n%s", o.status, report, o.stderr)
	}
	for text := range strings.Lines(fuzzls(t, dir, "cover", file).stdout) {
		if strings.Contains(text, line) {
			if !strings.HasPrefix(strings.TrimSpace(text), "+") && !strings.HasPrefix(strings.TrimSpace(text), "~") {
				t.Errorf("%s is not covered: %s", file, text)
			}
			return
		}
	}
	t.Errorf("%s has no line %q", file, line)
}

func TestSQLite(t *testing.T) {
	dir := debianProject(t, "sqlite3", "../../bench/targets/native/sqlite_exec.c",
		"[[target]]\nname = \"sqlite\"\nsources = [\"sqlite_exec.c\", \"src/sqlite3.c\"]\nflags = [\"-w\", \"-O1\", \"-Isrc\", \"-DSQLITE_THREADSAFE=0\", "+
			"\"-DSQLITE_OMIT_LOAD_EXTENSION\"]\nlibs = [\"-lm\"]\n")
	// The one large file that people embed is put together by SQLite's own makefile.
	cmd := exec.Command("sh", "-c", "./configure && make sqlite3.c")
	cmd.Dir = filepath.Join(dir, "src")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	write(t, dir, "sqlite_seed_corpus/select", "select a + 1 from (select 2 as a) where a like 'x%' order by a;")
	wantLibraryCovered(t, dir, "sqlite", "src/sqlite3.c", "pWC->pWInfo = pWInfo;")
}

func TestZlib(t *testing.T) {
	dir := debianProject(t, "zlib", "../../bench/targets/native/zlib_uncompress.c",
		"[[target]]\nname = \"zlib\"\nsources = "+tomlFiles("src", zlibFiles, "zlib_uncompress.c")+
			"\nflags = [\"-w\", \"-O2\", \"-Isrc\", \"-DHAVE_UNISTD_H\"]\n")
	write(t, dir, "zlib_seed_corpus/hello", "\x00\x78\x9c\xcb\x48\xcd\xc9\xc9\xd7\x51\x28\xcf\x2f\xca\x49\x01\x00\x21\xe7\x04\x93")
	wantLibraryCovered(t, dir, "zlib", "src/inflate.c", "state->mode = LEN_;")
}

func TestLibpng(t *testing.T) {
	const files = "png.c pngerror.c pngget.c pngmem.c pngpread.c pngread.c pngrio.c pngrtran.c pngrutil.c pngset.c pngtrans.c " +
		"pngwio.c pngwrite.c pngwtran.c pngwutil.c"
	dir := debianProject(t, "libpng1.6", "../../bench/targets/native/png_read.c",
		"[[target]]\nname = \"png\"\nsources = "+tomlFiles("src", files, "png_read.c")+
			"\nflags = [\"-w\", \"-O2\", \"-Isrc\", \"-DPNG_INTEL_SSE_OPT=0\"]\nlibs = [\"-lz\", \"-lm\"]\n")
	header, err := os.ReadFile(filepath.Join(dir, "src/scripts/pnglibconf.h.prebuilt"))
	if err != nil {
		t.Fatal(err)
	}
	write(t, dir, "src/pnglibconf.h", string(header))
	write(t, dir, "png_seed_corpus/one-pixel", "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x02\x00\x00\x00\x90wS\xde"+
		"\x00\x00\x00\x0cIDATx\x9cc\xf8\xcf\xc0\x00\x00\x03\x01\x01\x00\xc9\xfe\x92\xef\x00\x00\x00\x00IEND\xaeB`\x82")
	wantLibraryCovered(t, dir, "png", "src/pngrutil.c", "png_ptr->width = width;")
}

// TestKnownBug takes the correction of CVE-2022-37434 out of zlib: an extra field of a gzip
// header that is longer than the room for it, and comes in pieces, was written behind it.
func TestKnownBug(t *testing.T) {
	dir := debianProject(t, "zlib", "testdata/debian/zlib_header.c",
		"[[target]]\nname = \"header\"\nsources = "+tomlFiles("src", "adler32.c crc32.c inffast.c inflate.c inftrees.c zutil.c", "zlib_header.c")+
			"\nflags = [\"-w\", \"-O1\", \"-Isrc\"]\n")
	path := filepath.Join(dir, "src/inflate.c")
	source, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	fixed := `state->head->extra != Z_NULL &&
                        (len = state->head->extra_len - state->length) <
                            state->head->extra_max) {`
	broken := strings.Replace(string(source), fixed, `state->head->extra != Z_NULL) {
                        len = state->head->extra_len - state->length;`, 1)
	if broken == string(source) {
		t.Fatal("the correction is not where it was in zlib 1.2.13")
	}
	write(t, dir, "src/inflate.c", broken)
	report, o := campaign(t, dir, "--limit", "4K", "-j", "1", "--seed", "1")
	if o.status != statusCrashes || len(report.Tests) != 1 || len(report.Tests[0].Crashes) == 0 {
		t.Fatalf("status %d, report %+v\n%s", o.status, report, o.stderr)
	}
	c := report.Tests[0].Crashes[0]
	if c.Kind != "heap-buffer-overflow" || !strings.HasPrefix(c.Location, "src/inflate.c:") {
		t.Errorf("the crash is %+v", c)
	}
	checkReplay(t, dir, c.Replay, "inflate.c")
}
