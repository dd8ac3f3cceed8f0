package golang

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
)

// This file defines how the overlay over the standard library is made, kept and
// merged with the user's own.

// overlayWriter writes the overlay for the Go installation goroot into the empty
// directory outDir and returns the path of its JSON file, in the format of the
// go command's -overlay flag.
type overlayWriter func(goroot, outDir string) (overlayJSON string, err error)

// overlayFormat is the JSON file of the go command's -overlay flag: paths of
// files as the build sees them, and where their contents really are; an empty
// replacement removes the file.
type overlayFormat struct{ Replace map[string]string }

// makeOverlay puts the overlay for t's Go installation in place, merged with the
// user's replacements, and returns the file for the -overlay flag, or "" if
// nothing is to be replaced. If the installation is not one the runtime knows, t
// becomes a stock target.
func (b *builder) makeOverlay(t *Target, user map[string]string) (string, error) {
	var replace map[string]string
	if !t.Stock {
		var err error
		replace, err = b.runtimeOverlay(t.GoRoot)
		if isUnknownGo(err) {
			t.makeStock(err)
		} else if err != nil {
			return "", fmt.Errorf("making the runtime's overlay: %w", err)
		}
	}
	merged := make(map[string]string, len(replace)+len(user))
	for file, by := range user {
		if _, ours := replace[file]; ours {
			return "", &FlagError{Flag: "-overlay", Why: fmt.Sprintf(
				"it replaces %s, which the fuzzing runtime replaces, too: take that file out of the overlay", file)}
		}
		merged[file] = by
	}
	maps.Copy(merged, replace)
	if len(merged) == 0 {
		return "", nil
	}
	return b.writeOverlayFile("overlay.json", merged)
}

// writeOverlayFile writes a file for the -overlay flag into the target's directory.
func (b *builder) writeOverlayFile(name string, replace map[string]string) (string, error) {
	data, err := json.MarshalIndent(overlayFormat{replace}, "", "\t")
	if err != nil {
		return "", fmt.Errorf("encoding the overlay: %w", err)
	}
	name = filepath.Join(b.dir(), name)
	if err := os.WriteFile(name, data, 0o644); err != nil {
		return "", fmt.Errorf("writing the overlay: %w", err)
	}
	return name, nil
}

// runtimeOverlay returns the runtime's replacements for a Go installation. Their
// contents are in BuildDir/overlay-<hash of all of them>, a directory that never
// changes once it is there: it is written under another name and renamed, so
// that any number of processes may do this at the same time.
func (b *builder) runtimeOverlay(goroot string) (map[string]string, error) {
	tmp, err := os.MkdirTemp(b.BuildDir, "overlay-tmp-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(tmp) // what was renamed is not there any more
	file, err := b.overlay(goroot, tmp)
	if err != nil {
		return nil, err
	}
	replace, err := readOverlayFile(file)
	if err != nil {
		return nil, err
	}
	if err := os.Remove(file); err != nil { // it names files in tmp
		return nil, err
	}
	hash, err := hashDir(tmp)
	if err != nil {
		return nil, err
	}
	final := filepath.Join(b.BuildDir, "overlay-"+hash)
	if err := os.Rename(tmp, final); err != nil && !isDir(final) {
		return nil, err
	}
	for file, by := range replace {
		rel, err := filepath.Rel(tmp, by)
		if err != nil || !filepath.IsLocal(rel) {
			return nil, fmt.Errorf("the overlay of %s refers to %s outside of %s", file, by, tmp)
		}
		replace[file] = filepath.Join(final, rel)
	}
	return replace, nil
}

// hashDir returns 16 hex digits of a digest of the names and contents of the
// files in dir.
func hashDir(dir string) (string, error) {
	h := sha256.New()
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		f, err := os.Open(name)
		if err != nil {
			return err
		}
		defer f.Close()
		info, err := f.Stat()
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, name)
		if err != nil {
			return err
		}
		fmt.Fprintf(h, "%q %d\n", rel, info.Size())
		_, err = io.Copy(h, f)
		return err
	})
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%x", h.Sum(nil)[:8]), nil
}

func isDir(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.IsDir()
}

// readOverlay reads the user's own overlay file, if he has one.
func (f *buildFlags) readOverlay() error {
	if f.overlayFile == "" {
		return nil
	}
	replace, err := readOverlayFile(f.overlayFile)
	if err != nil {
		return &FlagError{Flag: "-overlay=" + f.overlayFile, Why: err.Error()}
	}
	f.overlay = make(map[string]string, len(replace))
	for file, by := range replace {
		if by != "" {
			by = f.abs(by)
		}
		f.overlay[f.abs(file)] = by
	}
	return nil
}

func readOverlayFile(name string) (map[string]string, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	var format overlayFormat
	if err := json.Unmarshal(data, &format); err != nil {
		return nil, fmt.Errorf("%s is no overlay file: %w", name, err)
	}
	return format.Replace, nil
}

// openSource opens a source file as the build sees it through the user's overlay.
func openSource(name string, overlay map[string]string) (*os.File, error) {
	if by, ok := overlay[name]; ok {
		if by == "" {
			return nil, fs.ErrNotExist
		}
		name = by
	}
	return os.Open(name)
}

// dropReplacedBlocks takes the cover blocks from packages with files that the
// user's overlay replaces: the cover tool reads the files that are replaced.
func (t *Target) dropReplacedBlocks(overlay map[string]string) {
	for i := range t.Packages {
		p := &t.Packages[i]
		replaced := slices.IndexFunc(p.Files, func(name string) bool {
			_, ok := overlay[filepath.Join(p.Dir, name)]
			return ok
		})
		if replaced >= 0 && p.Blocks {
			p.Blocks = false
			t.Notices = append(t.Notices, fmt.Sprintf(
				"%s: lines are shown from edge counters only, because -overlay replaces %s, which Go's cover tool cannot follow", p.ImportPath, p.Files[replaced]))
		}
	}
}
