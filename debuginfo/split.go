package debuginfo

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// This file defines how the other half of a split unit is found. With split DWARF
// (-gsplit-dwarf) an executable has skeleton units only: addresses and line tables.
// The entries of functions, with their names, stand in files that are not linked
// (.dwo), one per unit, or in a package of them (.dwp). See DWARF 5, 7.3.2, and for
// version 4 GCC's "DebugFission".

// splitFiles is the .dwo and .dwp files of one image.
type splitFiles struct {
	mu sync.Mutex
	// The package and its index, nil if there is none; set by the first search.
	searched bool                // guarded by mu
	pack     *splitPackage       // guarded by mu
	tried    []string            // guarded by mu; packages that are not there
	files    map[string]dwoFile  // guarded by mu; the .dwo files, by path
	units    map[uint64]splitted // guarded by mu; by the id of the unit
	// indexes are the units of .dwo files: a file can hold those of many skeletons.
	indexes map[*image]*splitIndex // guarded by mu
	// skeletons are all skeleton units, by id, nil before they are first asked for.
	skeletons map[uint64]*unit // guarded by mu
}

// splitIndex is the units of a .dwo file, or of one unit's part of a package.
type splitIndex struct {
	*unitIndex
	byID map[uint64]*unit
}

// dwoFile is a .dwo file, or why it cannot be had.
type dwoFile struct {
	image *image
	err   error
}

// splitted is the units among which a split unit is, or why they cannot be had.
type splitted struct {
	index *splitIndex
	err   error
}

// dwoSuffix is what the names of the sections of split units end with.
const dwoSuffix = ".dwo"

// splitUnits returns the units of the file with the split unit of the skeleton u in img.
// Their sections go by their plain names (".debug_info"), and with them come the
// .debug_addr of img, and .debug_ranges for version 4. name and compDir are what the
// skeleton says: the .dwo file and the directory of the compilation.
func (img *image) splitUnits(u *unit, name, compDir string) (*splitIndex, error) {
	s := &img.debug.splits
	s.mu.Lock()
	defer s.mu.Unlock()
	if known, ok := s.units[u.dwoID]; ok {
		return known.index, known.err
	}
	if s.units == nil {
		s.units, s.indexes = map[uint64]splitted{}, map[*image]*splitIndex{}
	}
	s.units[u.dwoID] = splitted{err: errCutShort} // unless it gets to the end; see File.guard
	index, err := img.findSplit(u, name, compDir)
	s.units[u.dwoID] = splitted{index, err}
	return index, err
}

// findSplit finds the split unit in the package or in its own file. The caller holds
// the lock.
func (img *image) findSplit(u *unit, name, compDir string) (*splitIndex, error) {
	if img.files == nil {
		return nil, errors.New("no other files are opened for this one")
	}
	s := &img.debug.splits
	if !s.searched {
		s.searched = true
		s.pack = img.findPackage()
	}
	if s.pack != nil {
		if sections, ok := s.pack.unit(u.dwoID); ok {
			return img.readSplit(u, img.splitFrom(s.pack.image, sections)), nil
		}
	}
	dwo, err := img.dwoFile(name, compDir)
	if err != nil {
		return nil, err
	}
	if s.indexes[dwo] == nil {
		s.indexes[dwo] = img.readSplit(u, img.splitFrom(dwo, dwoSections(dwo)))
	}
	return s.indexes[dwo], nil
}

// readSplit reads the units of an image of split units, and gives each what its
// skeleton knows. The caller holds the lock.
func (img *image) readSplit(u *unit, from *image) *splitIndex {
	s := &img.debug.splits
	if s.skeletons == nil {
		s.skeletons = map[uint64]*unit{}
		newUnitReader(u.from).each(func(skeleton *unit) {
			if skeleton.dwoName.form != 0 && s.skeletons[skeleton.dwoID] == nil {
				s.skeletons[skeleton.dwoID] = skeleton
			}
		}, func(error) {}) // known from the first time that they were read
	}
	sections := &debugSections{img: from, keep: true}
	x := &splitIndex{&unitIndex{sections: sections}, map[uint64]*unit{}}
	newUnitReader(sections).each(func(other *unit) {
		skeleton := s.skeletons[other.dwoID]
		if skeleton == nil {
			skeleton = u
		}
		other.complete(skeleton)
		other.siblings = x.unitIndex
		x.units = append(x.units, other)
		if x.byID[other.dwoID] == nil {
			x.byID[other.dwoID] = other
		}
	}, x.failed)
	return x
}

// complete sets what a split unit has from its skeleton.
func (u *unit) complete(skeleton *unit) {
	u.stmtList, u.addrBase = skeleton.stmtList, skeleton.addrBase
	if skeleton.version < 5 {
		u.rangesBase = skeleton.splitRangesBase
	}
	if skeleton.code.lowPC.form != 0 {
		u.base, _ = skeleton.address(skeleton.code.lowPC) // 0 if there is none
	}
}

// splitFrom makes the image of a split unit in file.
func (img *image) splitFrom(file *image, sections []*section) *image {
	skeleton := img.debugImage()
	found := &image{path: file.path, arch: img.arch, format: img.format, text: img.text, sections: sections}
	for _, name := range []string{".debug_addr", ".debug_ranges"} {
		if s := skeleton.ownDebugSection(name); s != nil {
			found.sections = append(found.sections, s)
		}
	}
	found.debug.once.Do(func() { found.debug.image = found })
	return found
}

// dwoSections returns the sections of a .dwo file under their plain names.
func dwoSections(dwo *image) []*section {
	var sections []*section
	for _, s := range dwo.sections {
		if name, ok := strings.CutSuffix(s.debugName, dwoSuffix); ok {
			sections = append(sections, &section{Section: s.Section, debugName: name, raw: s.raw, packing: s.packing})
		}
	}
	return sections
}

// dwoFile opens the .dwo file of that name: in the directory of the compilation, or
// next to the executable. The caller holds the lock.
func (img *image) dwoFile(name, compDir string) (*image, error) {
	if name == "" {
		return nil, errors.New("its .dwo file has no name")
	}
	s := &img.debug.splits
	near := filepath.Dir(img.path)
	paths := []string{joinPath(compDir, name), filepath.Join(near, name), filepath.Join(near, filepath.Base(name))}
	tried := slices.Clone(s.tried)
	for _, path := range slices.Compact(paths) {
		file, ok := s.files[path]
		if !ok {
			file.image, file.err = img.files.openArch(path, img.arch)
			if file.err == nil && len(dwoSections(file.image)) == 0 {
				file = dwoFile{err: errors.New("has no sections of split units")}
			}
			if s.files == nil {
				s.files = map[string]dwoFile{}
			}
			s.files[path] = file
		}
		if file.err == nil {
			return file.image, nil
		}
		tried = append(tried, reason(path, file.err))
	}
	return nil, errors.New(strings.Join(tried, "; "))
}

// findPackage opens the package of split units next to the executable or its
// separate debug file. The caller holds the lock.
func (img *image) findPackage() *splitPackage {
	s := &img.debug.splits
	paths := []string{img.path + ".dwp", img.debugImage().path + ".dwp"}
	for _, path := range slices.Compact(paths) {
		file, err := img.files.openArch(path, img.arch)
		var pack *splitPackage
		if err == nil {
			pack, err = openPackage(file)
		}
		if err == nil {
			return pack
		}
		s.tried = append(s.tried, reason(path, err))
	}
	return nil
}

// split returns the other half of a skeleton unit, nil if u is no skeleton. Indexed
// addresses, old address ranges and file numbers of the other half are those of u's
// file. Its sections are kept until the File is closed.
func (u *unit) split() (*unit, *FormatError) {
	if u.dwoName.form == 0 || u.siblings != nil {
		return nil, nil
	}
	name, err := u.text(u.dwoName)
	if err != nil {
		return nil, err
	}
	compDir, err := u.text(u.compDir)
	if err != nil {
		return nil, err
	}
	in := u.from.get(secInfo)
	index, problem := u.from.img.splitUnits(u, string(name), string(compDir))
	if problem != nil {
		return nil, in.errorAt(u.offset, "no file with the split unit "+string(name)+", so that its functions are not known: "+problem.Error())
	}
	other := index.byID[u.dwoID]
	switch {
	case other != nil:
		return other, nil
	case index.problem != nil:
		return nil, in.errorAt(u.offset, "its split unit: "+index.problem.Error())
	}
	return nil, in.errorAt(u.offset, fmt.Sprintf("%s is of another build: it has no unit with the id %#x", index.sections.img.path, u.dwoID))
}
