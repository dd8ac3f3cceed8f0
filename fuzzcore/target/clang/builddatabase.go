package clang

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// This file builds a harness from a compile_commands.json: it says how each source is
// compiled, not what is linked. The harness's object is linked with those of the others
// that something in it uses.

// databaseEntry is the layout of an entry (clang's documentation, JSON Compilation
// Database Format Specification).
type databaseEntry struct {
	Directory string   `json:"directory"`
	File      string   `json:"file"`
	Command   string   `json:"command"`
	Arguments []string `json:"arguments"`
}

// compileDatabase builds the harness if a compile_commands.json in the root, the harness's
// directory or a directory of builds in them has it.
func (b *builder) compileDatabase(ctx context.Context) (*built, error) {
	for _, path := range databases(b.root, filepath.Dir(b.harness.Test.File)) {
		entries, err := readDatabase(path)
		if err != nil {
			return nil, err
		}
		units, err := databaseUnits(entries)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		own := slices.IndexFunc(units, func(u unit) bool { return u.source == b.harness.Test.File })
		if own < 0 {
			continue
		}
		units[0], units[own] = units[own], units[0]
		return b.compileUnits(ctx, path, units)
	}
	return nil, passf("no compile_commands.json names it")
}

// compileUnits compiles the harness, units[0], and the others that are no harness, and
// links them.
func (b *builder) compileUnits(ctx context.Context, path string, units []unit) (*built, error) {
	units = slices.DeleteFunc(units, func(u unit) bool {
		data, err := os.ReadFile(u.source)
		_, harness := findHarness(data)
		return err != nil || harness && u.source != b.harness.Test.File
	})
	b.say("compiling %d files as %s says, with %s", len(units), path, b.tool.version)
	objects, changed, err := b.tool.compileAll(ctx, b.path("objects"), units)
	if err != nil {
		return nil, err
	}
	return b.link(ctx, changed, &link{
		dir: filepath.Dir(b.harness.Test.File), objects: objects[:1], more: objects[1:], libs: []string{"-lm"},
		cplusplus: slices.ContainsFunc(units, func(u unit) bool { return isCPlusPlus(u.source) }),
	})
}

// databases returns the compilation databases of directories, in the order in which they
// are asked.
func databases(dirs ...string) []string {
	var found []string
	for _, dir := range dirs {
		for _, pattern := range []string{".", "build*", "out", filepath.Join("out", "*"), "cmake-build-*"} {
			paths, err := filepath.Glob(filepath.Join(dir, pattern, "compile_commands.json"))
			if err == nil {
				found = append(found, paths...)
			}
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

func readDatabase(path string) ([]databaseEntry, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var entries []databaseEntry
	if err := json.Unmarshal(data, &entries); err != nil {
		return nil, fmt.Errorf("%s: %w: generate it again", path, err)
	}
	return entries, nil
}

// databaseUnits makes units of entries, each source once.
func databaseUnits(entries []databaseEntry) ([]unit, error) {
	var units []unit
	seen := map[string]bool{}
	for _, e := range entries {
		args := e.Arguments
		if len(args) == 0 {
			var err error
			if args, err = splitCommand(e.Command); err != nil {
				return nil, err
			}
		}
		source := filepath.Clean(absolute(e.Directory, e.File))
		if len(args) == 0 || seen[source] || !isSource(source) {
			continue
		}
		seen[source] = true
		units = append(units, unit{source: source, dir: e.Directory, flags: compileFlags(args[1:], e)})
	}
	return units, nil
}

// compileFlags returns the arguments of a compiler without those that name the source and
// the output.
func compileFlags(args []string, e databaseEntry) []string {
	var flags []string
	source := filepath.Clean(absolute(e.Directory, e.File))
	for i := 0; i < len(args); i++ {
		switch arg := args[i]; {
		case arg == "-o" || arg == "-MF" || arg == "-MT" || arg == "-MQ":
			i++
		case arg == "-c" || arg == "-MD" || arg == "-MMD" || arg == "-MP" || arg == "--":
		case !strings.HasPrefix(arg, "-") && filepath.Clean(absolute(e.Directory, arg)) == source:
		default:
			flags = append(flags, arg)
		}
	}
	return flags
}

// splitCommand splits a shell command into words, as far as compilation databases use the
// shell: quotes and backslashes.
func splitCommand(command string) ([]string, error) {
	var words []string
	var word strings.Builder
	begun, quote := false, byte(0)
	for i := 0; i < len(command); i++ {
		c := command[i]
		switch {
		case c == '\\' && quote != '\'' && i+1 < len(command):
			i++
			if quote == '"' && !strings.ContainsRune("\"\\$`", rune(command[i])) {
				word.WriteByte('\\')
			}
			word.WriteByte(command[i])
			begun = true
		case quote != 0 && c == quote:
			quote = 0
		case quote == 0 && (c == '"' || c == '\''):
			quote, begun = c, true
		case quote == 0 && (c == ' ' || c == '\t' || c == '\n'):
			if begun {
				words = append(words, word.String())
				word.Reset()
				begun = false
			}
		default:
			word.WriteByte(c)
			begun = true
		}
	}
	if quote != 0 {
		return nil, fmt.Errorf("a quote is not closed in %q", command)
	}
	if begun {
		words = append(words, word.String())
	}
	return words, nil
}
