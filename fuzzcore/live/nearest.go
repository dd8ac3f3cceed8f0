package live

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/token"
	"math"
	"slices"
	"strconv"

	"github.com/fuzzls/fuzzls/fuzzcore/coverage"
	"github.com/fuzzls/fuzzls/fuzzcore/frontier"
	"github.com/fuzzls/fuzzls/fuzzcore/store"
)

// This file finds the operands that came nearest to an outcome that never happened.

// nearness looks at what the fuzz tests of some builds have compared in one file.
type nearness struct {
	state *store.State
	parts []part
	// sites are the comparisons of the file with their lines; nil before the first
	// question.
	sites map[uint32][]frontier.Site
}

// of returns " (nearest 16)", or "" if that is not known for certain.
func (n *nearness) of(c *condition) string {
	if c.comparison == nil {
		return ""
	}
	if n.sites == nil {
		n.load()
	}
	nearest := ""
	if text, ok := stringLiteral(c.comparison); ok {
		nearest = nearestText(n.sites[c.at.line], text)
	} else {
		nearest = nearestInteger(n.sites[c.at.line], c.comparison)
	}
	if nearest == "" {
		return ""
	}
	return " (nearest " + nearest + ")"
}

// load reads what was compared. What cannot be read is not shown.
func (n *nearness) load() {
	n.sites = map[uint32][]frontier.Site{}
	for _, p := range n.parts {
		for _, name := range p.build.Tests {
			sites, err := frontier.LoadCompares(n.state.FuzzTest(p.build.Name, name), p.build.Coverage)
			if err != nil {
				continue
			}
			for _, s := range sites {
				i, ok := slices.BinarySearchFunc(p.points.Compares, s.Site, func(c coverage.CompareSite, site uint32) int { return cmp.Compare(c.Site, site) })
				if ok && int(p.points.Compares[i].File) == p.file && s.Nearest != nil {
					line := p.points.Compares[i].Line
					n.sites[line] = append(n.sites[line], s)
				}
			}
		}
	}
}

// stringLiteral returns the string that something is compared with.
func stringLiteral(b *ast.BinaryExpr) (string, bool) {
	for _, e := range []ast.Expr{b.X, b.Y} {
		if l, ok := ast.Unparen(e).(*ast.BasicLit); ok && l.Kind == token.STRING {
			text, err := strconv.Unquote(l.Value)
			return text, err == nil
		}
	}
	return "", false
}

// nearestText returns the string that is nearest to text, quoted.
func nearestText(sites []frontier.Site, text string) string {
	best, common := "", -1
	for _, s := range sites {
		if s.Bits != 0 {
			continue
		}
		for _, pair := range [][2][]byte{{s.Nearest.TextA, s.Nearest.TextB}, {s.Nearest.TextB, s.Nearest.TextA}} {
			constant, other := string(pair[0]), string(pair[1])
			if constant == "" || len(constant) > len(text) || text[:len(constant)] != constant {
				continue
			}
			n := 0
			for n < min(len(other), len(text)) && other[n] == text[n] {
				n++
			}
			if n > common && other != text {
				best, common = other, n
			}
		}
	}
	if common < 0 {
		return ""
	}
	return shorten(strconv.Quote(best))
}

// nearestInteger returns the integer that is nearest to the constant of a comparison. If
// the line has several comparisons with constants, the source must tell which it is.
func nearestInteger(sites []frontier.Site, b *ast.BinaryExpr) string {
	sites = slices.DeleteFunc(slices.Clone(sites), func(s frontier.Site) bool { return s.Bits == 0 || !s.Const })
	literal, isLiteral, isRune := integerLiteral(b)
	if isLiteral {
		sites = slices.DeleteFunc(sites, func(s frontier.Site) bool { return s.Nearest.A&mask(s.Bits) != literal&mask(s.Bits) })
	}
	best, distance := "", uint64(math.MaxUint64)
	for _, s := range sites {
		if s.Nearest.A != sites[0].Nearest.A {
			return "" // another comparison
		}
		a, v := s.Nearest.Signed(s.Bits)
		if d := uint64(max(a-v, v-a)); d < distance {
			best, distance = integerText(s.Nearest.B, s.Bits, isRune), d
		}
	}
	return best
}

func mask(bits int) uint64 { return math.MaxUint64 >> (64 - bits) }

// integerLiteral returns the integer or character that something is compared with.
func integerLiteral(b *ast.BinaryExpr) (value uint64, ok, isRune bool) {
	for _, e := range []ast.Expr{b.X, b.Y} {
		l, isLiteral := ast.Unparen(e).(*ast.BasicLit)
		if !isLiteral {
			continue
		}
		switch l.Kind {
		case token.INT:
			value, err := strconv.ParseUint(l.Value, 0, 64)
			return value, err == nil, false
		case token.CHAR:
			r, _, _, err := strconv.UnquoteChar(l.Value[1:], '\'')
			return uint64(r), err == nil, true
		}
	}
	return 0, false, false
}

// integerText writes an integer of which it is not known whether it is signed. Bytes are
// taken as unsigned; of wider ones, those that would be huge are taken as negative.
func integerText(n uint64, bits int, isRune bool) string {
	n &= mask(bits)
	switch {
	case isRune && n <= 0x10ffff:
		return strconv.QuoteRune(rune(n))
	case bits > 8 && n > mask(bits)/2:
		return strconv.FormatInt(int64(n<<(64-bits))>>(64-bits), 10)
	}
	return fmt.Sprint(n)
}
