package coverage

// This file narrows points to some files, for exports.

// Select returns p with only the spans, branches, comparisons and functions of the files
// that keep accepts. Points keep their numbers, so that a coverage file still fits.
func (p *Points) Select(keep func(*File) bool) *Points {
	out := *p
	out.Spans, out.Branches, out.Compares, out.Funcs = nil, nil, nil, nil
	kept := make([]bool, len(p.Files))
	for i := range p.Files {
		kept[i] = keep(&p.Files[i])
	}
	for _, s := range p.Spans {
		if kept[s.File] {
			out.Spans = append(out.Spans, s)
		}
	}
	for _, b := range p.Branches {
		if kept[b.File] {
			out.Branches = append(out.Branches, b)
		}
	}
	for _, c := range p.Compares {
		if kept[c.File] {
			out.Compares = append(out.Compares, c)
		}
	}
	for _, f := range p.Funcs {
		if kept[f.File] {
			out.Funcs = append(out.Funcs, f)
		}
	}
	return &out
}

// OwnFiles keeps the files of the user's own module.
func OwnFiles(f *File) bool { return f.Own }
