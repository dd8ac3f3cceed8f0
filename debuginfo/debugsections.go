package debuginfo

import (
	"cmp"
	"context"
	"slices"
	"sync"
)

// This file defines debugSections, the sections in which units lie and to which
// their values refer.

// sectionID names one of these sections.
type sectionID uint8

const (
	secInfo sectionID = iota
	secAbbrev
	secStr
	secLineStr
	secStrOffsets
	secAddr
	secRanges
	secRnglists
	sectionCount
)

// sectionNames are their names, by sectionID.
var sectionNames = [sectionCount]string{
	".debug_info", ".debug_abbrev", ".debug_str", ".debug_line_str",
	".debug_str_offsets", ".debug_addr", ".debug_ranges", ".debug_rnglists",
}

// debugSections loads a section when it is first asked for. It may be used from
// several goroutines at once.
type debugSections struct {
	img *image
	// keep makes decompressed sections outlive this value; see image.debugSection.
	keep bool
	all  [sectionCount]loadedSection
}

// loadedSection is one section, set by once.
type loadedSection struct {
	once sync.Once
	in   contents
	err  error
}

// get returns a section: empty if there is none, or if it cannot be read (see
// problem).
func (s *debugSections) get(id sectionID) contents {
	l := &s.all[id]
	l.once.Do(func() {
		l.in, l.err = contents{path: s.img.path, section: sectionNames[id]}, errCutShort // unless it gets to the end; see File.guard
		in, err := s.img.debugSection(sectionNames[id], s.keep)
		if err != nil {
			in.data = nil
		}
		l.in, l.err = in, err
	})
	return l.in
}

// unpackAll loads the compressed ones of the sections, and .debug_line, with that many
// goroutines. Otherwise each would be decompressed when it is asked for. What cannot be
// read is told then.
func (f *File) unpackAll(s *debugSections, workers int) {
	if workers <= 1 {
		return
	}
	type job struct {
		size uint64
		load func()
	}
	var jobs []job
	add := func(name string, load func()) {
		in := s.img.debugImage().ownDebugSection(name)
		if in != nil && in.packing != notPacked {
			jobs = append(jobs, job{in.raw.size, load})
		}
	}
	add(".debug_line", func() { _, _ = s.img.debugSection(".debug_line", true) })
	for id, name := range sectionNames {
		add(name, func() { s.get(sectionID(id)) })
	}
	slices.SortFunc(jobs, func(a, b job) int { return cmp.Compare(b.size, a.size) }) // the largest first
	_ = f.parallel(context.Background(), min(workers, len(jobs)), len(jobs), func(_, i int) { jobs[i].load() })
}

// problem returns why the first of the sections that were asked for cannot be
// read, nil if all can. No get may be running.
func (s *debugSections) problem() error {
	for i := range s.all {
		if err := s.all[i].err; err != nil {
			return err
		}
	}
	return nil
}

// size returns how many bytes the sections hold together.
func (s *debugSections) size(ids ...sectionID) int {
	size := 0
	for _, id := range ids {
		size += len(s.get(id).data)
	}
	return size
}
