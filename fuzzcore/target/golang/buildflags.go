package golang

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
)

// This file defines buildFlags: what the user's own build flags come to once
// ours are to be added. The go command's rules that it follows are those of
// cmd/go/internal/base (goflags.go), load (flag.go) and quoted.

// FlagError is a build flag that cannot be honoured.
type FlagError struct {
	// Flag is the flag as the user wrote it; Why says what to do instead.
	Flag string
	Why  string
}

func (e *FlagError) Error() string { return fmt.Sprintf("build flag %s: %s", e.Flag, e.Why) }

// refusedFlags are the flags that cannot be honoured, with the reason.
var refusedFlags = map[string]string{
	"cover":        "a fuzz build always has cover blocks: leave the flag out and choose the packages by the scope",
	"covermode":    "the mode follows from -race (atomic with it, set without): leave the flag out",
	"coverpkg":     "which packages have cover blocks follows from the scope: leave the flag out and choose the scope",
	"coverprofile": "a build writes no profile: leave the flag out and export one from the campaign's coverage",
	"o":            "the executable's place is in the state directory: leave the flag out",
	"c":            "fuzz tests are always only compiled here: leave the flag out",
	"exec":         "the executable is started directly, because it shares memory with its worker: leave the flag out",
	"n":            "a build that is only printed makes no executable: leave the flag out",
	"C":            "directories are found from the package: leave the flag out and start in that directory",
	"json":         "the go command's messages are read as text: leave the flag out",
	"vet":          "fuzz builds are not vetted: leave the flag out and run go vet",
	"fuzz":         "which fuzz tests run is no matter of the build: name them to the campaign",
}

// boolFlags are the go command's build flags that take no value of their own:
// "-race x" is the flag and something else.
var boolFlags = map[string]bool{
	"a": true, "asan": true, "buildvcs": true, "linkshared": true, "modcacherw": true,
	"msan": true, "race": true, "trimpath": true, "v": true, "work": true, "x": true,
	"c": true, "cover": true, "json": true, "n": true,
}

// valueFlags are the build flags with a value, in the same or the next word.
var valueFlags = map[string]bool{
	"asmflags": true, "buildmode": true, "compiler": true, "gccgoflags": true, "gcflags": true,
	"installsuffix": true, "ldflags": true, "mod": true, "modfile": true, "overlay": true,
	"p": true, "pgo": true, "pkgdir": true, "tags": true, "toolexec": true,
	"C": true, "covermode": true, "coverpkg": true, "coverprofile": true, "exec": true,
	"fuzz": true, "o": true, "vet": true,
}

// ignoredInGOFLAGS are refused flags that GOFLAGS may hold nevertheless: it is
// meant for every go command, and ours replace them without harm.
var ignoredInGOFLAGS = map[string]bool{
	"cover": true, "covermode": true, "coverpkg": true, "coverprofile": true, "o": true,
	"c": true, "json": true, "vet": true, "fuzz": true, "v": true,
}

// buildFlags are the user's flags, sorted out.
type buildFlags struct {
	// args are passed on to the go command, in the user's order, GOFLAGS first.
	args []string
	// goflags is what is left for the variable GOFLAGS: flags of other commands.
	goflags string
	// gcflags are the user's -gcflags values, in order; they are in args, too.
	gcflags []perPackage
	// overlayFile is the user's own overlay file, absolute, and overlay its
	// replacements, absolute, too; "" and nil if he has none. They are not in args.
	overlayFile string
	overlay     map[string]string
	// base is the directory that the user's relative paths and patterns refer to,
	// dir the one that the go command runs in.
	base, dir string
	race      bool
	notices   []string
}

// perPackage is one value of a flag like -gcflags: [pattern=]flags.
type perPackage struct {
	// pattern is "" for the packages named on the command line.
	pattern string
	flags   string
}

// parseFlags reads the user's flags: those of goflags, the value of GOFLAGS, then
// those of args. Relative paths are taken from base and made fit for a go
// command that runs in dir.
func parseFlags(goflags string, args []string, base, dir string) (*buildFlags, error) {
	f := &buildFlags{base: base, dir: dir}
	words, err := splitQuoted(goflags)
	if err != nil {
		return nil, &FlagError{Flag: "GOFLAGS=" + goflags, Why: err.Error()}
	}
	var rest []string
	for _, word := range words {
		name, value, _ := cutFlag(word)
		switch {
		case ignoredInGOFLAGS[name]:
		case boolFlags[name] || valueFlags[name]:
			if err := f.add(word, name, value); err != nil {
				err.Flag += " (in GOFLAGS)"
				return nil, err
			}
		default:
			rest = append(rest, quote(word))
		}
	}
	// An empty variable would bring back the value that `go env -w` has stored.
	f.goflags = strings.Join(rest, " ") + " "

	for i := 0; i < len(args); i++ {
		word := args[i]
		name, value, hasValue := cutFlag(word)
		if name == "" {
			return nil, &FlagError{Flag: word, Why: "this is no flag: name packages apart from the build flags"}
		}
		if valueFlags[name] && !hasValue {
			if i++; i == len(args) {
				return nil, &FlagError{Flag: word, Why: "it needs a value"}
			}
			value = args[i]
			word += "=" + value
		}
		if err := f.add(word, name, value); err != nil {
			return nil, err
		}
	}
	return f, f.readOverlay()
}

// add takes one flag; word is how it was written, with its value.
func (f *buildFlags) add(word, name, value string) *FlagError {
	if why := refusedFlags[name]; why != "" {
		return &FlagError{Flag: word, Why: why}
	}
	switch name {
	case "race":
		on, err := strconv.ParseBool(value)
		f.race = on || value == "" || err != nil
	case "overlay":
		f.overlayFile = ""
		if value != "" {
			f.overlayFile = f.abs(value)
		}
		return nil
	case "compiler":
		if value != "gc" {
			return &FlagError{Flag: word, Why: "only the gc compiler instruments for fuzzing: leave the flag out"}
		}
	case "modfile", "pkgdir":
		word = "-" + name + "=" + f.abs(value)
	case "pgo":
		if value != "auto" && value != "off" {
			word = "-pgo=" + f.abs(value)
		}
	case "gcflags":
		pp, why := parsePerPackage(value)
		if why != "" {
			return &FlagError{Flag: word, Why: why}
		}
		pp.pattern = f.fromDir(pp.pattern)
		f.gcflags = append(f.gcflags, pp)
		word = "-gcflags=" + pp.String()
	case "ldflags":
		pp, why := parsePerPackage(value)
		if why != "" {
			return &FlagError{Flag: word, Why: why}
		}
		kept, dropped := dropStrip(pp.flags)
		if dropped != "" {
			f.notices = append(f.notices, fmt.Sprintf(
				"-ldflags: %s left out: coverage is found through the symbols and debug information that it would remove", dropped))
		}
		pp.flags = kept
		pp.pattern = f.fromDir(pp.pattern)
		word = "-ldflags=" + pp.String()
	}
	f.args = append(f.args, word)
	return nil
}

func (f *buildFlags) abs(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(f.base, name)
}

// fromDir makes a directory pattern ("./...") relative to dir.
func (f *buildFlags) fromDir(pattern string) string {
	if !isRelative(pattern) {
		return pattern
	}
	rel, err := filepath.Rel(f.dir, filepath.Join(f.base, pattern))
	if err != nil {
		return pattern
	}
	if !isRelative(rel) {
		rel = "./" + rel
	}
	return rel
}

// cutFlag splits "-name=value" or "--name"; name is "" if word is no flag.
func cutFlag(word string) (name, value string, hasValue bool) {
	name, found := strings.CutPrefix(word, "-")
	if !found {
		return "", "", false
	}
	name = strings.TrimPrefix(name, "-")
	return strings.Cut(name, "=")
}

// parsePerPackage reads a value of -gcflags or -ldflags; why says what is wrong.
func parsePerPackage(value string) (pp perPackage, why string) {
	value = strings.TrimSpace(value)
	if value == "" || strings.HasPrefix(value, "-") {
		return perPackage{flags: value}, ""
	}
	pattern, flags, found := strings.Cut(value, "=")
	if !found || pattern == "" || strings.ContainsAny(value[:1], `'"`) {
		return pp, "it must be flags, which begin with a dash, or pattern=flags"
	}
	return perPackage{strings.TrimSpace(pattern), strings.TrimSpace(flags)}, ""
}

func (pp perPackage) String() string {
	if pp.pattern == "" {
		return pp.flags
	}
	return pp.pattern + "=" + pp.flags
}

// gcflagsFor returns the user's own compiler flags for a package: those of the
// last -gcflags whose pattern matches.
func (f *buildFlags) gcflagsFor(p *listedPackage, named bool) string {
	flags := ""
	for _, pp := range f.gcflags {
		if pp.pattern == "" && named || pp.pattern != "" && matchPackage(pp.pattern, f.dir, p) {
			flags = pp.flags
		}
	}
	return flags
}

// dropStrip removes -s and -w from linker flags and returns what it removed.
func dropStrip(flags string) (kept, dropped string) {
	var keep, drop []string
	for _, word := range rawWords(flags) {
		switch name, _, _ := cutFlag(strings.Trim(word, `'"`)); name {
		case "s", "w":
			drop = append(drop, word)
		default:
			keep = append(keep, word)
		}
	}
	return strings.Join(keep, " "), strings.Join(drop, " ")
}

// splitQuoted splits s into words at white space. A word that begins with a
// quote ends at the same quote, which is removed; there are no escapes.
func splitQuoted(s string) ([]string, error) {
	words := rawWords(s)
	for i, word := range words {
		if c := word[0]; c == '\'' || c == '"' {
			if len(word) < 2 || word[len(word)-1] != c {
				return nil, fmt.Errorf("unterminated %c string", c)
			}
			words[i] = word[1 : len(word)-1]
		}
	}
	return words, nil
}

// rawWords splits s as splitQuoted does, but leaves the quotes on.
func rawWords(s string) []string {
	var words []string
	for {
		s = strings.TrimLeft(s, " \t\r\n")
		if s == "" {
			return words
		}
		end := strings.IndexAny(s, " \t\r\n")
		if s[0] == '\'' || s[0] == '"' {
			end = strings.IndexByte(s[1:], s[0]) + 2
			if end == 1 { // unterminated
				end = len(s)
			}
		}
		if end < 0 {
			end = len(s)
		}
		words = append(words, s[:end])
		s = s[end:]
	}
}

// quote makes one word for splitQuoted out of s.
func quote(s string) string {
	switch {
	case s != "" && !strings.ContainsAny(s, " \t\r\n'\""):
		return s
	case !strings.Contains(s, "'"):
		return "'" + s + "'"
	default:
		return `"` + s + `"`
	}
}
