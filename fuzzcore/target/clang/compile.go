package clang

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"golang.org/x/sync/errgroup"
)

// This file compiles sources into objects where no build system does. An object is kept
// with a note of what it was made of, so that nothing is compiled again that has not
// changed.

// unit is one source file to compile.
type unit struct {
	// source is absolute; dir is where the compiler runs.
	source, dir string
	// flags are the user's.
	flags []string
}

// objectNote says what an object was made of: the digest of the command, and of each file
// that the compiler read.
type objectNote struct {
	Command string            `json:"command"`
	Files   map[string]string `json:"files"`
}

// compileAll compiles units into dir, as many at once as there are processors, and returns
// the paths of the objects, in order. changed tells whether any was compiled.
func (t *toolchain) compileAll(ctx context.Context, dir string, units []unit) (objects []string, changed bool, err error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, false, err
	}
	objects = make([]string, len(units))
	fresh := make([]bool, len(units))
	digests := newDigests()
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.NumCPU())
	for i := range units {
		group.Go(func() error {
			objects[i] = filepath.Join(dir, objectName(&units[i]))
			var err error
			fresh[i], err = t.compile(ctx, &units[i], objects[i], digests)
			return err
		})
	}
	err = group.Wait()
	for _, f := range fresh {
		changed = changed || f
	}
	return objects, changed, err
}

// objectName is different for units of one name in different directories.
func objectName(u *unit) string {
	return fmt.Sprintf("%s-%s.o", filepath.Base(u.source), digest([]byte(u.source + "\x00" + strings.Join(u.flags, "\x00")))[:12])
}

// compile compiles one unit unless its object is as it should be.
func (t *toolchain) compile(ctx context.Context, u *unit, object string, digests *digests) (compiled bool, err error) {
	cc := t.cc
	if isCPlusPlus(u.source) {
		cc = t.cxx
	}
	depfile := object + ".d"
	// The user's flags are the last: they win.
	args := append([]string{cc, "-c", "-O2", "-MD", "-MF", depfile, "-o", object, u.source}, u.flags...)
	key := digest([]byte(t.version + "\x00" + strings.Join(instrumentation(t.major, t.sanitizer), " ") + "\x00" + strings.Join(args, "\x00")))
	notePath := object + ".note"
	if isFresh(notePath, object, key, digests) {
		return false, nil
	}
	// An object of which no note tells what it was made of is never taken.
	if err := os.Remove(notePath); err != nil && !os.IsNotExist(err) {
		return false, err
	}
	c := command{dir: u.dir, args: args}
	if _, err := c.run(ctx); err != nil {
		return false, err
	}
	note := objectNote{Command: key, Files: map[string]string{}}
	for _, path := range dependencies(depfile, u.dir) {
		note.Files[path] = digests.of(path)
	}
	data, err := json.Marshal(&note)
	if err != nil {
		return true, err
	}
	return true, os.WriteFile(notePath, data, 0o644)
}

// isFresh reports whether an object was made by that command of files that are as they
// were.
func isFresh(notePath, object, key string, digests *digests) bool {
	data, err := os.ReadFile(notePath)
	var note objectNote
	if err != nil || json.Unmarshal(data, &note) != nil || note.Command != key || len(note.Files) == 0 {
		return false
	}
	if _, err := os.Stat(object); err != nil {
		return false
	}
	for path, was := range note.Files {
		if digests.of(path) != was {
			return false
		}
	}
	return true
}

// dependencies reads the rule for make that clang writes with -MD: the files that a unit
// was compiled of, absolute.
func dependencies(depfile, dir string) []string {
	data, err := os.ReadFile(depfile)
	if err != nil {
		return nil
	}
	text := strings.ReplaceAll(string(data), "\\\n", " ")
	_, list, _ := strings.Cut(text, ":")
	// A space in a name is escaped with a backslash.
	list = strings.ReplaceAll(list, `\ `, "\x00")
	var files []string
	for _, name := range strings.Fields(list) {
		name = strings.ReplaceAll(strings.ReplaceAll(name, "\x00", " "), "$$", "$")
		files = append(files, absolute(dir, name))
	}
	return files
}

// digest is the SHA-256 of data in hex digits.
func digest(data []byte) string { return fmt.Sprintf("%x", sha256.Sum256(data)) }
