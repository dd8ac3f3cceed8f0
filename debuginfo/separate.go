package debuginfo

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// This file defines where debug sections are found that are not in the executable
// itself: in a separate debug file. The ways are those of GDB ("Debugging
// Information in Separate Files"): by build id, by the link in .gnu_debuglink, in
// the local cache of debuginfod, and for Mach-O in a dSYM bundle. Nothing is
// downloaded.

// debugFiles is where the debug information of an image is.
type debugFiles struct {
	once sync.Once // guards image, tried
	// image has the debug sections: the executable itself if there is nothing
	// better.
	image *image
	// tried says, for each file that could have had them, why it does not.
	tried []string

	goOnce  sync.Once // guards goImage
	goImage *image    // see goLines

	supplementaryOnce  sync.Once // guards supplementary, supplementaryError
	supplementary      *debugSections
	supplementaryError *FormatError

	splits splitFiles // see split.go
}

// debugImage returns the image that holds img's debug sections: img itself, its
// separate debug file, or what Go's own tables give.
func (img *image) debugImage() *image {
	d := &img.debug
	d.once.Do(func() {
		d.image = img // also if reading faults; see File.guard
		if img.hasDebugSections() {
			return
		}
		if found := img.findSeparate(); found != nil {
			d.image = found
		} else if table := img.goLines(); table != nil {
			d.image = table
		}
	})
	return d.image
}

// hasDebugSections reports whether the file itself has DWARF.
func (img *image) hasDebugSections() bool {
	for _, name := range []string{".debug_line", ".debug_info"} {
		if s := img.ownDebugSection(name); s != nil && s.raw.size > 0 {
			return true
		}
	}
	return false
}

// noLines returns the error for a file without a line table, and says what has been
// looked for.
func (img *image) noLines() error {
	err := fmt.Errorf("%s: %w", img.path, ErrNoLines)
	if img.pdb != "" {
		err = fmt.Errorf("%w; its debug information is in %s, and PDB files are not supported yet", err, img.pdb)
	}
	if tried := img.debug.tried; len(tried) > 0 {
		err = fmt.Errorf("%w; no separate debug file: %s", err, strings.Join(tried, "; "))
	}
	if img.format == formatMachO {
		err = fmt.Errorf("%w; the linker leaves debug information in the object files: make one with dsymutil", err)
	}
	return err
}

// findSeparate returns the separate debug file that belongs to img, nil if there is
// none. Why not is in img.debug.tried.
func (img *image) findSeparate() *image {
	if img.files == nil {
		return nil
	}
	for _, c := range img.candidates() {
		found, err := img.openCompanion(c)
		if err == nil {
			return found
		}
		img.debug.tried = append(img.debug.tried, reason(c.path, err))
	}
	return nil
}

// candidate is a file that may hold what another one lacks.
type candidate struct {
	path string
	// checked is true if the sum of the file's bytes must be crc.
	checked bool
	crc     uint32
}

// candidates returns the files that may be img's debug file, the likeliest first.
func (img *image) candidates() []candidate {
	if img.format == formatMachO {
		return img.bundles()
	}
	list := img.byBuildID(img.buildID)
	dir := filepath.Dir(img.path)
	name, crc, ok := img.debugLink()
	if !ok {
		return list
	}
	near := []string{filepath.Join(dir, name), filepath.Join(dir, ".debug", name)}
	if dir, err := filepath.Abs(dir); err == nil {
		for _, global := range img.debugDirs() {
			near = append(near, filepath.Join(global, dir, name))
		}
	}
	for _, path := range near {
		list = append(list, candidate{path, true, crc})
	}
	return list
}

// defaultDebugDir is where distributions install separate debug files.
const defaultDebugDir = "/usr/lib/debug"

// debugDirs returns the directories for separate debug files.
func (img *image) debugDirs() []string {
	if dirs := img.files.options.DebugDirs; dirs != nil {
		return dirs
	}
	return []string{defaultDebugDir}
}

// byBuildID returns where a debug file with that build id may be.
func (img *image) byBuildID(id []byte) []candidate {
	if len(id) < 2 || img.format != formatELF {
		return nil
	}
	digits := hex.EncodeToString(id)
	var list []candidate
	for _, dir := range img.debugDirs() {
		list = append(list, candidate{path: filepath.Join(dir, ".build-id", digits[:2], digits[2:]+".debug")})
	}
	for _, dir := range debuginfodCaches() {
		list = append(list, candidate{path: filepath.Join(dir, digits, "debuginfo")})
	}
	return list
}

// debuginfodCaches returns where the client of debuginfod keeps what it has
// downloaded; see debuginfod_find_debuginfo(3).
func debuginfodCaches() []string {
	if dir := os.Getenv("DEBUGINFOD_CACHE_PATH"); dir != "" {
		return []string{dir}
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return nil
	}
	cache := os.Getenv("XDG_CACHE_HOME")
	if cache == "" {
		cache = filepath.Join(home, ".cache")
	}
	return []string{filepath.Join(cache, "debuginfod_client"), filepath.Join(home, ".debuginfod_client_cache")}
}

// bundles returns the files in the dSYM bundles next to a Mach-O file, or next to
// the application that it is in.
func (img *image) bundles() []candidate {
	bases := []string{img.path}
	for dir := filepath.Dir(img.path); ; dir = filepath.Dir(dir) {
		switch filepath.Ext(dir) {
		case ".app", ".framework", ".bundle", ".xctest":
			bases = append(bases, dir)
			continue
		}
		if parent := filepath.Dir(dir); parent == dir {
			break
		}
	}
	var list []candidate
	for _, base := range bases {
		inside := filepath.Join(base+".dSYM", "Contents", "Resources", "DWARF")
		list = append(list, candidate{path: filepath.Join(inside, filepath.Base(img.path))})
	}
	return list
}

// maxDebugLink bounds the section .gnu_debuglink: a name, padding and four bytes.
const maxDebugLink = 4 << 10

// debugLink reads .gnu_debuglink: the name of the debug file, zeros up to a multiple
// of 4, and the CRC-32 of the file.
func (img *image) debugLink() (name string, crc uint32, ok bool) {
	raw := img.linkSection(".gnu_debuglink")
	name = cString(raw)
	at := (len(name) + 1 + 3) &^ 3
	if name == "" || len(raw) < at+4 {
		return "", 0, false
	}
	// The name is one of a file, never a way out of the directory.
	return filepath.Base(name), binary.LittleEndian.Uint32(raw[at:]), true
}

// linkSection returns the bytes of a section that names another file, nil if it is
// missing or larger than such sections are.
func (img *image) linkSection(name string) []byte {
	s := img.ownDebugSection(name)
	if s == nil || s.raw.size > maxDebugLink {
		return nil
	}
	raw, err := s.load()
	if err != nil {
		return nil
	}
	return raw
}

// openCompanion opens a file that may be img's debug file, and checks that it is.
func (img *image) openCompanion(c candidate) (*image, error) {
	if same, err := sameFile(c.path, img.path); err == nil && same {
		return nil, errors.New("is the file itself")
	}
	found, err := img.files.openArch(c.path, img.arch)
	if err != nil {
		return nil, err
	}
	switch {
	case found.arch != img.arch || found.format != img.format:
		return nil, fmt.Errorf("is for %s", found.arch)
	case len(img.buildID) > 0 && len(found.buildID) > 0:
		if !bytes.Equal(img.buildID, found.buildID) {
			return nil, fmt.Errorf("is of another build: its build id is %x, not %x", found.buildID, img.buildID)
		}
	case c.checked:
		if sum, err := checksum(c.path); err != nil || sum != c.crc {
			return nil, fmt.Errorf("is of another build: its CRC-32 is %08x, not %08x (%v)", sum, c.crc, err)
		}
	}
	if !found.hasDebugSections() {
		return nil, errors.New("has no debug sections")
	}
	return found, nil
}

// openArch opens a file, and of a universal one the part for arch.
func (f *files) openArch(path, arch string) (*image, error) {
	m, err := f.mapFile(path)
	if err != nil {
		return nil, err
	}
	options := f.options
	options.Arch = arch
	return f.parse(mappedInput(path, m.data), options)
}

// sameFile reports whether two paths name one file.
func sameFile(a, b string) (bool, error) {
	infoA, errA := os.Stat(a)
	infoB, errB := os.Stat(b)
	return errA == nil && errB == nil && os.SameFile(infoA, infoB), errors.Join(errA, errB)
}

// checksum returns the CRC-32 of a file.
func checksum(path string) (uint32, error) {
	file, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer file.Close()
	sum := crc32.NewIEEE()
	_, err = io.Copy(sum, file)
	return sum.Sum32(), err
}

// reason words why a file is not the one.
func reason(path string, err error) string {
	if errors.Is(err, fs.ErrNotExist) {
		return path + " does not exist"
	}
	if strings.Contains(err.Error(), path) {
		return err.Error()
	}
	return path + " " + err.Error()
}
