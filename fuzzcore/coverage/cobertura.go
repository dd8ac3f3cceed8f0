package coverage

import (
	"encoding/xml"
	"fmt"
	"io"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// This file writes Cobertura XML reports, as CI systems read them (DTD:
// cobertura.sourceforge.net/xml/coverage-04.dtd).

// CoberturaOptions are what a report needs to know besides coverage.
type CoberturaOptions struct {
	// Root is the directory that file names are relative to; files outside of it
	// have absolute names.
	Root string
	// Time is the moment of the report.
	Time time.Time
}

type coberturaReport struct {
	XMLName         xml.Name           `xml:"coverage"`
	LineRate        rate               `xml:"line-rate,attr"`
	BranchRate      rate               `xml:"branch-rate,attr"`
	LinesCovered    int                `xml:"lines-covered,attr"`
	LinesValid      int                `xml:"lines-valid,attr"`
	BranchesCovered int                `xml:"branches-covered,attr"`
	BranchesValid   int                `xml:"branches-valid,attr"`
	Complexity      int                `xml:"complexity,attr"`
	Version         string             `xml:"version,attr"`
	Timestamp       int64              `xml:"timestamp,attr"`
	Sources         []string           `xml:"sources>source"`
	Packages        []coberturaPackage `xml:"packages>package"`
}

type coberturaPackage struct {
	Name       string           `xml:"name,attr"`
	LineRate   rate             `xml:"line-rate,attr"`
	BranchRate rate             `xml:"branch-rate,attr"`
	Complexity int              `xml:"complexity,attr"`
	Classes    []coberturaClass `xml:"classes>class"`

	counts coberturaCounts
}

// coberturaClass is one file.
type coberturaClass struct {
	Name       string           `xml:"name,attr"`
	Filename   string           `xml:"filename,attr"`
	LineRate   rate             `xml:"line-rate,attr"`
	BranchRate rate             `xml:"branch-rate,attr"`
	Complexity int              `xml:"complexity,attr"`
	Methods    coberturaMethods `xml:"methods"`
	Lines      []coberturaLine  `xml:"lines>line"`
}

// coberturaMethods is always empty: methods need the lines of each, which points
// do not tell.
type coberturaMethods struct{}

type coberturaLine struct {
	Number    int    `xml:"number,attr"`
	Hits      int    `xml:"hits,attr"`
	Branch    bool   `xml:"branch,attr"`
	Condition string `xml:"condition-coverage,attr,omitempty"`
}

type coberturaCounts struct {
	lines              Summary
	branches, branched int
}

func (c *coberturaCounts) add(o coberturaCounts) {
	c.lines.Add(o.lines)
	c.branches += o.branches
	c.branched += o.branched
}

func (c *coberturaCounts) lineRate() rate   { return newRate(c.lines.Ran(), c.lines.Instrumented) }
func (c *coberturaCounts) branchRate() rate { return newRate(c.branched, c.branches) }

// rate is a share, 0 to 1.
type rate float64

// newRate returns n/of; Cobertura counts nothing of nothing as all.
func newRate(n, of int) rate {
	if of == 0 {
		return 1
	}
	return rate(float64(n) / float64(of))
}

// MarshalXMLAttr writes four decimals.
func (r rate) MarshalXMLAttr(name xml.Name) (xml.Attr, error) {
	return xml.Attr{Name: name, Value: fmt.Sprintf("%.4f", float64(r))}, nil
}

// WriteCobertura writes the states of all files with instrumented lines.
func WriteCobertura(w io.Writer, t *Tracker, options CoberturaOptions) error {
	report := coberturaReport{Version: "fuzzls", Timestamp: options.Time.UnixMilli(), Sources: []string{sourceRoot(options.Root)}}
	var total coberturaCounts
	for _, f := range t.byPath() {
		p := report.pkg(packageName(&t.points.Files[f]))
		class, counts := t.coberturaClass(f, options.Root)
		p.Classes = append(p.Classes, class)
		p.counts.add(counts)
		p.LineRate, p.BranchRate = p.counts.lineRate(), p.counts.branchRate()
		total.add(counts)
	}
	report.LineRate, report.BranchRate = total.lineRate(), total.branchRate()
	report.LinesCovered, report.LinesValid = total.lines.Ran(), total.lines.Instrumented
	report.BranchesCovered, report.BranchesValid = total.branched, total.branches
	if err := writeXML(w, &report); err != nil {
		return fmt.Errorf("writing a Cobertura report: %w", err)
	}
	return nil
}

// pkg returns the package of that name, which it adds if need be.
func (r *coberturaReport) pkg(name string) *coberturaPackage {
	i := slices.IndexFunc(r.Packages, func(p coberturaPackage) bool { return p.Name == name })
	if i < 0 {
		i = len(r.Packages)
		r.Packages = append(r.Packages, coberturaPackage{Name: name})
	}
	return &r.Packages[i]
}

func writeXML(w io.Writer, report *coberturaReport) error {
	const header = xml.Header + `<!DOCTYPE coverage SYSTEM "http://cobertura.sourceforge.net/xml/coverage-04.dtd">` + "\n"
	if _, err := io.WriteString(w, header); err != nil {
		return err
	}
	enc := xml.NewEncoder(w)
	enc.Indent("", "  ")
	if err := enc.Encode(report); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

func (t *Tracker) coberturaClass(file int, root string) (coberturaClass, coberturaCounts) {
	f := &t.points.Files[file]
	counts := coberturaCounts{lines: t.Summary(file)}
	class := coberturaClass{Name: path.Base(filepath.ToSlash(f.Path)), Filename: relativeTo(root, f.Path)}
	for i, l := range t.files[file] {
		if l.State == NotInstrumented {
			continue
		}
		line := coberturaLine{Number: i + 1, Hits: count(l.State != NotCovered)}
		if l.Branches > 0 {
			line.Branch = true
			line.Condition = fmt.Sprintf("%d%% (%d/%d)", 100*l.BranchesHit/l.Branches, l.BranchesHit, l.Branches)
			counts.branches += int(l.Branches)
			counts.branched += int(l.BranchesHit)
		}
		class.Lines = append(class.Lines, line)
	}
	class.LineRate, class.BranchRate = counts.lineRate(), counts.branchRate()
	return class, counts
}

func sourceRoot(root string) string {
	if root == "" {
		return "/"
	}
	return root
}

// relativeTo returns at relative to root if it is inside.
func relativeTo(root, at string) string {
	rel, err := filepath.Rel(root, at)
	if root == "" || err != nil || !filepath.IsLocal(rel) {
		return at
	}
	return filepath.ToSlash(rel)
}

// packageName is the import path of a covered file, or its directory.
func packageName(f *File) string {
	if f.Profile != "" {
		return path.Dir(f.Profile)
	}
	return strings.TrimSuffix(filepath.ToSlash(filepath.Dir(f.Path)), "/")
}
