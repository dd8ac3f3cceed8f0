package debuginfo

import (
	"bytes"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// This file defines the supplementary file, in which several debug files keep the
// strings and entries that they have in common; the tool dwz makes them.
// DW_FORM_GNU_strp_alt, DW_FORM_GNU_ref_alt, DW_FORM_strp_sup and DW_FORM_ref_sup4
// and 8 refer to it.

// supplementary returns the sections of the supplementary file that s belongs to,
// or why they cannot be had.
func (s *debugSections) supplementary() (*debugSections, *FormatError) {
	img := s.img.debugImage()
	d := &img.debug
	d.supplementaryOnce.Do(func() {
		d.supplementaryError = img.noSupplementary(errCutShort.Error()) // unless it gets to the end; see File.guard
		d.supplementary, d.supplementaryError = img.findSupplementary()
	})
	return d.supplementary, d.supplementaryError
}

// supplementary returns the units of the supplementary file.
func (x *unitIndex) supplementary() (*unitIndex, *FormatError) {
	sections, err := x.sections.supplementary()
	if err != nil {
		return nil, err
	}
	x.supplementOnce.Do(func() {
		x.supplement = &unitIndex{sections: sections}
		newUnitReader(sections).each(func(u *unit) {
			u.stmtList = value{} // numbers of files are those of a line table that is not loaded
			x.supplement.units = append(x.supplement.units, u)
		}, x.supplement.failed)
	})
	return x.supplement, nil
}

// noSupplementary returns the error for a missing supplementary file.
func (img *image) noSupplementary(problem string) *FormatError {
	return &FormatError{Path: img.path, Section: ".gnu_debugaltlink", Problem: problem}
}

// findSupplementary finds the file that .gnu_debugaltlink or .debug_sup names.
func (img *image) findSupplementary() (*debugSections, *FormatError) {
	name, id := img.supplementaryLink()
	if name == "" || img.files == nil {
		return nil, img.noSupplementary("the file refers to a supplementary file (of dwz), but names none")
	}
	list := slices.Concat([]candidate{{path: img.beside(name)}}, img.byBuildID(id))
	var tried []string
	for _, c := range list {
		found, err := img.files.openArch(c.path, img.arch)
		if err == nil {
			if own := found.supplementaryID(); len(own) > 0 && !bytes.Equal(own, id) {
				err = fmt.Errorf("is of another build: its id is %x, not %x", own, id)
			}
		}
		if err == nil {
			return &debugSections{img: found, keep: true}, nil
		}
		tried = append(tried, reason(c.path, err))
	}
	return nil, img.noSupplementary("no supplementary file, which has a part of the names: " + strings.Join(tried, "; "))
}

// beside returns the path of a file that img names relative to its own place.
func (img *image) beside(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	dir := filepath.Dir(img.path)
	// Files in .build-id directories are often links.
	if target, err := filepath.EvalSymlinks(img.path); err == nil {
		dir = filepath.Dir(target)
	}
	return filepath.Join(dir, name)
}

// supplementaryLink returns the name of img's supplementary file and the id that the
// file must have: from .gnu_debugaltlink, a name and a build id, or from .debug_sup.
func (img *image) supplementaryLink() (name string, id []byte) {
	if raw := img.linkSection(".gnu_debugaltlink"); raw != nil {
		name = cString(raw)
		return name, raw[min(len(name)+1, len(raw)):]
	}
	isSupplementary, name, id := img.debugSup()
	if isSupplementary {
		return "", nil
	}
	return name, id
}

// supplementaryID returns the id of a supplementary file.
func (img *image) supplementaryID() []byte {
	if isSupplementary, _, id := img.debugSup(); isSupplementary {
		return id
	}
	return img.buildID
}

// debugSup reads .debug_sup (DWARF 5, 7.3.6): version u16, whether this is the
// supplementary file u8, its name, and an id with its length in front, which both
// files have.
func (img *image) debugSup() (isSupplementary bool, name string, id []byte) {
	c := contents{path: img.path, section: ".debug_sup", data: img.linkSection(".debug_sup")}.cursor(0)
	c.u16()
	isSupplementary = c.u8() != 0
	name = string(c.cstring())
	id = c.bytes(c.uleb())
	return isSupplementary && c.err == nil, name, id
}
