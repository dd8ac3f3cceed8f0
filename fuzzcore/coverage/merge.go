package coverage

import (
	"cmp"
	"slices"
)

// This file merges the coverage of several builds of the same source: source
// text is covered if any build covers it.

// Build is one build's points and which of them were hit (bit p%64 of word p/64).
type Build struct {
	Points *Points
	Hit    []uint64
}

// Merged is the coverage of several builds. Its points are not those of any
// build and have no addresses: there is one for each distinct span, branch and
// function.
type Merged struct {
	Points *Points
	// Hit tells which of Points were hit.
	Hit []uint64
	// Stale lists the paths of files whose text differs between the builds. Such a
	// file is shown as the first build that has it knows it.
	Stale []string

	// maps holds, for each build, its points' merged points; nil if they are the same.
	maps []*index
}

// Merge merges builds, the newest first. A single build is taken as it is.
func Merge(builds []Build) *Merged {
	if len(builds) == 1 {
		return &Merged{Points: builds[0].Points, Hit: builds[0].Hit, maps: make([]*index, 1)}
	}
	m := &merger{out: &Points{}, paths: map[string]uint32{}, stale: map[string]bool{}, spans: map[spanKey]uint32{}, branches: map[branchKey]uint32{}, funcs: map[funcKey]uint32{}, compares: map[uint32]bool{}}
	for _, b := range builds {
		m.addFiles(b.Points)
	}
	m.countBranches(builds)
	for i, b := range builds {
		m.add(i, b.Points)
	}
	return m.finish(builds)
}

// Translate appends the merged points of a build's points to dst.
func (m *Merged) Translate(build int, points, dst []uint32) []uint32 {
	x := m.maps[build]
	if x == nil {
		return append(dst, points...)
	}
	for _, p := range points {
		if int(p)+1 < len(x.start) {
			dst = append(dst, x.of(p)...)
		}
	}
	return dst
}

type spanKey struct{ file, startLine, startCol, endLine, endCol, stmts uint32 }

// branchKey: the n-th branch of a line.
type branchKey struct{ file, line, n uint32 }

type funcKey struct {
	name       string
	file, line uint32
}

// noFile is the file of text that is left out because it is stale.
const noFile = ^uint32(0)

// merger builds a Merged.
type merger struct {
	out   *Points
	paths map[string]uint32
	stale map[string]bool
	// files maps each build's files to those of out, or noFile.
	files [][]uint32
	// spans, branches and funcs map to indexes of out's lists.
	spans    map[spanKey]uint32
	branches map[branchKey]uint32
	funcs    map[funcKey]uint32
	// perLine is the number of branches of a line, or 0 if the builds disagree.
	perLine map[sourceLine]uint32
	// compares are the sites in out.
	compares map[uint32]bool
	points   uint32
	// links are the pairs of a build's point and its merged point.
	links [][]link
}

type link struct{ from, to uint32 }

type sourceLine struct{ file, line uint32 }

func (m *merger) addFiles(p *Points) {
	files := make([]uint32, len(p.Files))
	for i, f := range p.Files {
		at, ok := m.paths[f.Path]
		if !ok {
			at = uint32(len(m.out.Files))
			m.paths[f.Path] = at
			m.out.Files = append(m.out.Files, f)
		}
		have := &m.out.Files[at]
		if have.SHA256 != f.SHA256 {
			m.stale[f.Path] = true
			at = noFile
		} else if f.Exact && !have.Exact {
			have.Exact, have.Profile = true, f.Profile
		}
		files[i] = at
	}
	m.files = append(m.files, files)
	m.links = append(m.links, nil)
}

// countBranches sets perLine: branches have no identity but their order, so
// they are merged only where all builds have equally many.
func (m *merger) countBranches(builds []Build) {
	m.perLine = map[sourceLine]uint32{}
	for i, b := range builds {
		mine := map[sourceLine]uint32{}
		for _, br := range b.Points.Branches {
			if file := m.files[i][br.File]; file != noFile {
				mine[sourceLine{file, br.Line}]++
			}
		}
		for l, n := range mine {
			if have, ok := m.perLine[l]; ok && have != n {
				n = 0
			}
			m.perLine[l] = n
		}
	}
}

// add takes over one build's spans, branches and functions.
func (m *merger) add(build int, p *Points) {
	files := m.files[build]
	for _, s := range p.Spans {
		// An inexact build knows only part of a file that another build knows wholly.
		if files[s.File] != noFile && p.Files[s.File].Exact == m.out.Files[files[s.File]].Exact {
			m.addSpan(build, files[s.File], s)
		}
	}
	var at sourceLine
	n := uint32(0)
	for _, b := range p.Branches {
		l := sourceLine{files[b.File], b.Line}
		if l != at {
			at, n = l, 0
		}
		if l.file != noFile && m.perLine[l] > 0 {
			m.addBranch(build, l, n, b.Point)
		}
		n++
	}
	for _, f := range p.Funcs {
		if files[f.File] != noFile {
			m.addFunc(build, files[f.File], f)
		}
	}
	for _, c := range p.Compares {
		if files[c.File] != noFile {
			m.addCompare(CompareSite{c.Site, files[c.File], c.Line})
		}
	}
}

func (m *merger) newPoint() uint32 {
	m.points++
	return m.points - 1
}

func (m *merger) link(build int, from, to uint32) {
	if from != NoPoint {
		m.links[build] = append(m.links[build], link{from, to})
	}
}

func (m *merger) addSpan(build int, file uint32, s Span) {
	key := spanKey{file, s.StartLine, s.StartCol, s.EndLine, s.EndCol, s.Stmts}
	i, ok := m.spans[key]
	if !ok {
		i = uint32(len(m.out.Spans))
		m.spans[key] = i
		fresh := s
		fresh.File, fresh.Point = file, NoPoint
		m.out.Spans = append(m.out.Spans, fresh)
	}
	m.out.Spans[i].Unsure = m.out.Spans[i].Unsure || s.Unsure
	if s.Point == NoPoint {
		return
	}
	have := &m.out.Spans[i]
	if have.Point == NoPoint {
		have.Point = m.newPoint()
	}
	m.link(build, s.Point, have.Point)
}

func (m *merger) addBranch(build int, l sourceLine, n, point uint32) {
	key := branchKey{l.file, l.line, n}
	i, ok := m.branches[key]
	if !ok {
		i = uint32(len(m.out.Branches))
		m.branches[key] = i
		m.out.Branches = append(m.out.Branches, Branch{m.newPoint(), l.file, l.line})
	}
	m.link(build, point, m.out.Branches[i].Point)
}

func (m *merger) addFunc(build int, file uint32, f Func) {
	key := funcKey{f.Name, file, f.Line}
	i, ok := m.funcs[key]
	if !ok {
		i = uint32(len(m.out.Funcs))
		m.funcs[key] = i
		m.out.Funcs = append(m.out.Funcs, Func{Name: f.Name, File: file, Line: f.Line, First: m.newPoint()})
	}
	m.link(build, f.First, m.out.Funcs[i].First)
}

// addCompare adds a comparison. Its site is a hash of the source, so it is the same in
// all builds; if two disagree, the newest is believed.
func (m *merger) addCompare(c CompareSite) {
	if !m.compares[c.Site] {
		m.compares[c.Site] = true
		m.out.Compares = append(m.out.Compares, c)
	}
}

// finish sorts the lists and translates what was hit.
func (m *merger) finish(builds []Build) *Merged {
	p := m.out
	p.Merged = int(m.points)
	slices.SortFunc(p.Spans, CompareSpans)
	slices.SortFunc(p.Branches, func(a, b Branch) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Point, b.Point))
	})
	slices.SortFunc(p.Compares, func(a, b CompareSite) int { return cmp.Compare(a.Site, b.Site) })
	slices.SortFunc(p.Funcs, func(a, b Func) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Name, b.Name))
	})
	out := &Merged{Points: p, Hit: newBitset(p.Len())}
	for i, b := range builds {
		links := m.links[i]
		x := newIndex(b.Points.Len(), len(links), func(k int) uint32 { return links[k].from })
		for k, item := range x.items {
			x.items[k] = links[item].to
		}
		out.maps = append(out.maps, &x)
		for _, l := range links {
			if int(l.from)/64 < len(b.Hit) && bitset(b.Hit).has(l.from) {
				bitset(out.Hit).set(l.to)
			}
		}
	}
	for path := range m.stale {
		out.Stale = append(out.Stale, path)
	}
	slices.Sort(out.Stale)
	return out
}
