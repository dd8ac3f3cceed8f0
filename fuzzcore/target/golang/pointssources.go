package golang

import (
	"crypto/sha256"
	"encoding/hex"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/fuzzls/fuzzls/fuzzcore/coverage"
)

// This file finds the source files of an executable. A file has two names in
// it: its profile name (import path and base name) in the coverage meta-data,
// and the name in the debug information, which is its path or, with -trimpath,
// "mod@version/pkg/file.go".

// sources is the table of files, in order of first use.
type sources struct {
	config PointsConfig
	files  []coverage.File
	texts  []*sourceText
	// paths, profiles and debugNames map names to indexes of files.
	paths, profiles, debugNames map[string]uint32
}

func newSources(config PointsConfig) *sources {
	return &sources{config: config, paths: map[string]uint32{}, profiles: map[string]uint32{}, debugNames: map[string]uint32{}}
}

// byProfile returns the file with that profile name. debugName is the name that
// the debug information has for it, or for another file of the same package, or "".
func (s *sources) byProfile(profile, debugName string) uint32 {
	if i, ok := s.profiles[profile]; ok {
		return i
	}
	at := s.locate(profile)
	if at == "" && path.Base(filepath.ToSlash(debugName)) == path.Base(profile) {
		at = debugName
	}
	if at == "" && filepath.IsAbs(debugName) {
		at = filepath.Join(filepath.Dir(debugName), path.Base(profile))
	}
	if at == "" {
		at = profile
	}
	i := s.add(at)
	f := &s.files[i]
	f.Profile, f.Exact = profile, true
	if s.ownProfile(profile) {
		f.Own = true
	}
	s.profiles[profile] = i
	return i
}

// byDebugName returns the file that the debug information calls name.
func (s *sources) byDebugName(name string) uint32 {
	if i, ok := s.debugNames[name]; ok {
		return i
	}
	i := s.resolve(name)
	s.debugNames[name] = i
	return i
}

// exact reports whether the file that the debug information calls name is known and
// exact. Unlike byDebugName it adds no file.
func (s *sources) exact(name string) bool {
	i, ok := s.profiles[name]
	if at := s.locate(name); !ok && at != "" {
		i, ok = s.paths[at]
	}
	return ok && s.files[i].Exact
}

func (s *sources) resolve(name string) uint32 {
	if filepath.IsAbs(name) {
		return s.add(name)
	}
	if i, ok := s.profiles[name]; ok {
		return i
	}
	if at := s.locate(name); at != "" {
		return s.add(at)
	}
	return s.add(name)
}

// locate returns the path of the file with a profile name (or its like in the
// debug information, with versions), or "".
func (s *sources) locate(profile string) string {
	if filepath.IsAbs(profile) {
		return profile
	}
	dir, base := path.Split(profile)
	dir = path.Clean(dir)
	if at, ok := s.config.Packages[dir]; ok {
		return filepath.Join(at, base)
	}
	dir = withoutVersion(dir)
	if at, ok := s.config.Packages[dir]; ok {
		return filepath.Join(at, base)
	}
	m := s.module(dir)
	if m == nil {
		return ""
	}
	return filepath.Join(m.Dir, filepath.FromSlash(strings.TrimPrefix(dir, m.Path)), base)
}

// withoutVersion removes "@v1.2.3" from a path of -trimpath.
func withoutVersion(dir string) string {
	at := strings.IndexByte(dir, '@')
	if at < 0 {
		return dir
	}
	rest := dir[at:]
	if slash := strings.IndexByte(rest, '/'); slash >= 0 {
		return dir[:at] + rest[slash:]
	}
	return dir[:at]
}

// module returns the module with the longest path that holds the package.
func (s *sources) module(importPath string) *SourceModule {
	var best *SourceModule
	for i := range s.config.Modules {
		m := &s.config.Modules[i]
		inside := importPath == m.Path || strings.HasPrefix(importPath, m.Path+"/")
		if inside && (best == nil || len(m.Path) > len(best.Path)) {
			best = m
		}
	}
	return best
}

func (s *sources) ownProfile(profile string) bool {
	m := s.module(path.Dir(profile))
	return m != nil && m.Own
}

// ownPath reports whether a path is in an own module, and not vendored there.
func (s *sources) ownPath(at string) bool {
	for _, m := range s.config.Modules {
		if !m.Own {
			continue
		}
		rel, err := filepath.Rel(m.Dir, at)
		if err == nil && filepath.IsLocal(rel) && !strings.HasPrefix(filepath.ToSlash(rel), "vendor/") {
			return true
		}
	}
	return false
}

// add returns the file at a path, with its text read if it is there.
func (s *sources) add(at string) uint32 {
	if i, ok := s.paths[at]; ok {
		return i
	}
	i := uint32(len(s.files))
	f := coverage.File{Path: at, Own: s.ownPath(at)}
	text := &sourceText{}
	if data, err := os.ReadFile(at); err == nil {
		digest := sha256.Sum256(data)
		f.SHA256 = hex.EncodeToString(digest[:])
		text = readText(at, data)
		f.Code = text.lines()
	}
	s.files, s.texts = append(s.files, f), append(s.texts, text)
	s.paths[at] = i
	return i
}

// span makes the span of a block.
func (s *sources) span(point, file uint32, b coverBlock) coverage.Span {
	span := coverage.Span{
		Point: point, File: file,
		StartLine: b.startLine, StartCol: b.startCol, EndLine: b.endLine, EndCol: b.endCol, Stmts: b.stmts,
	}
	span.First, span.Last = s.texts[file].within(b)
	return span
}

// declared returns the line at which the innermost function around a line is
// declared (its "func"), 0 if there is none or the text is unknown.
func (s *sources) declared(file, line uint32) uint32 {
	t := s.texts[file]
	if t.funcs == nil {
		t.funcs = declaredFuncs(s.files[file].Path, t.data)
	}
	var found funcLines
	for _, f := range t.funcs {
		if f.first <= line && line <= f.last && f.first >= found.first {
			if f.first == found.first && found.first != 0 {
				// Two functions on one line: nobody can tell them apart.
				return 0
			}
			found = f
		}
	}
	return found.first
}

// funcLines is the extent of one function in its file.
type funcLines struct{ first, last uint32 }

// declaredFuncs lists the functions and function literals of a file; never nil.
func declaredFuncs(name string, data []byte) []funcLines {
	out := []funcLines{}
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, name, data, parser.SkipObjectResolution)
	if err != nil {
		return out
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n.(type) {
		case *ast.FuncDecl, *ast.FuncLit:
			out = append(out, funcLines{uint32(set.Position(n.Pos()).Line), uint32(set.Position(n.End()).Line)})
		}
		return true
	})
	return out
}
