package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/fuzzls/fuzzls/debuginfo"
)

// This file defines `fuzzls resolve`: addresses from stdin to places in the source,
// in the words of llvm-symbolizer, so that it can stand in for it.

// resolveFlags are the flags of `fuzzls resolve`. Those of llvm-symbolizer have its
// names and defaults.
type resolveFlags struct {
	obj                   string
	inlines, noInlines    bool
	functions             string // none, short or linkage
	demangle, noDemangle  bool
	json                  bool
	outputStyle           string
	gnu                   bool // outputStyle, set by check
	inlining              bool
	addresses, baseNames  bool
	pretty                bool
	adjust                string
	adjustment            uint64 // adjust, set by check
	defaultArch, dwp, dsy string // accepted and ignored: there is nothing to choose
}

const resolveLong = `Reads addresses from stdin, one on a line, and prints for each the function and
the place in the source, those of inlined calls first, then an empty line:

  fuzzls resolve x.test < addresses

Addresses are those of the file, as in its symbol table: hexadecimal, with or
without 0x, or the name of a symbol, as in used or used+0x10. Input and output are those of llvm-symbolizer: a line can name its
file, as in CODE "x.test" 0x4a1b20, and FILE can then be left out; DATA asks for
the variable at an address. What is no address is unknown (??). Addresses that come together are resolved in one
pass over the file, so give many at once. Answers for thousands of addresses are kept
in the user's cache directory (fuzzls/debuginfo), for when the same are asked for again.

To use it where a program expects llvm-symbolizer (ASAN_SYMBOLIZER_PATH), put

  #!/bin/sh
  exec fuzzls resolve "$@"

into a file of the name llvm-symbolizer.`

func newResolveCommand() *cobra.Command {
	var flags resolveFlags
	cmd := &cobra.Command{
		Use:   "resolve [FILE] [address...]",
		Short: "Say which source lines belong to addresses of an executable",
		Long:  resolveLong,
		RunE: func(cmd *cobra.Command, args []string) error {
			return resolve(cmd.Context(), &flags, args, os.Stdin, os.Stdout)
		},
	}
	set := cmd.Flags()
	set.StringVarP(&flags.obj, "obj", "e", "", "the file, instead of the first argument")
	set.StringVar(&flags.obj, "exe", "", "as --obj")
	set.BoolVarP(&flags.inlines, "inlines", "i", true, "print inlined calls")
	set.BoolVar(&flags.noInlines, "no-inlines", false, "print the innermost place only, with the function that holds it")
	set.StringVarP(&flags.functions, "functions", "f", "linkage", "print function names: none, short or linkage")
	set.Lookup("functions").NoOptDefVal = "linkage"
	set.BoolVarP(&flags.demangle, "demangle", "C", true, "print names of C++ and Rust readably")
	set.BoolVar(&flags.noDemangle, "no-demangle", false, "print names of C++ and Rust as the linker has them")
	set.BoolVar(&flags.json, "json", false, "print a JSON object on a line for each address")
	set.StringVar(&flags.outputStyle, "output-style", "LLVM", "LLVM, GNU or JSON")
	set.BoolVar(&flags.inlining, "inlining", true, "as --inlines")
	set.BoolVarP(&flags.pretty, "pretty-print", "p", false, "print function and place on one line")
	set.BoolVar(&flags.addresses, "print-address", false, "as --addresses")
	set.StringVar(&flags.adjust, "adjust-vma", "", "what was added to each address")
	set.BoolVarP(&flags.addresses, "addresses", "a", false, "print the address first")
	set.BoolVarP(&flags.baseNames, "basenames", "s", false, "print file names without directories")
	set.StringVar(&flags.defaultArch, "default-arch", "", "")
	set.StringVar(&flags.dwp, "dwp", "", "")
	set.StringVar(&flags.dsy, "dsym-hint", "", "")
	for _, name := range []string{"exe", "inlining", "print-address", "default-arch", "dwp", "dsym-hint"} {
		_ = set.MarkHidden(name)
	}
	return cmd
}

// check completes the flags.
func (f *resolveFlags) check() error {
	f.inlines = f.inlines && f.inlining && !f.noInlines
	f.demangle = f.demangle && !f.noDemangle
	switch f.functions {
	case "none", "short", "linkage":
	default:
		return fmt.Errorf("--functions=%s: want none, short or linkage", f.functions)
	}
	switch f.outputStyle {
	case "LLVM":
	case "GNU":
		f.gnu = true
	case "JSON":
		f.json = true
	default:
		return fmt.Errorf("--output-style=%s: want LLVM, GNU or JSON", f.outputStyle)
	}
	if f.adjust == "" {
		return nil
	}
	adjustment, err := strconv.ParseInt(f.adjust, 0, 64)
	if err != nil {
		return fmt.Errorf("--adjust-vma=%s: not a number", f.adjust)
	}
	f.adjustment = uint64(adjustment)
	return nil
}

func resolve(ctx context.Context, flags *resolveFlags, args []string, stdin io.Reader, stdout io.Writer) error {
	if err := flags.check(); err != nil {
		return err
	}
	if flags.obj == "" && len(args) > 0 {
		flags.obj, args = args[0], args[1:]
	}
	s := &symbolizer{flags: flags, out: bufio.NewWriterSize(stdout, 1<<16), files: map[string]*openFile{}, cache: answerCache()}
	defer s.close()
	if flags.obj != "" {
		if file := s.open(flags.obj); file.err != nil {
			return file.err
		}
	}
	if len(args) > 0 {
		return s.batch(ctx, args)
	}
	lines := readLines(stdin)
	for {
		batch, err := lines.next(ctx)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := s.batch(ctx, batch); err != nil {
			return err
		}
	}
}

// symbolizer answers requests.
type symbolizer struct {
	flags *resolveFlags
	out   *bufio.Writer
	files map[string]*openFile
	cache *debuginfo.Cache
}

// openFile is an executable, or why it could not be opened.
type openFile struct {
	path string
	file *debuginfo.File
	err  error
	// told is set once its problem has been told to the user.
	told  bool
	names map[debuginfo.FuncID]string
	// symbols are those with a size, sorted by address; see variable.
	symbols []debuginfo.Symbol
}

// open returns the executable at path.
func (s *symbolizer) open(path string) *openFile {
	f := s.files[path]
	if f == nil {
		f = &openFile{path: path, names: map[debuginfo.FuncID]string{}}
		f.file, f.err = debuginfo.OpenWith(path, debuginfo.OpenOptions{Cache: s.cache})
		s.files[path] = f
	}
	return f
}

// answerCache returns the cache of answers in the user's cache directory, nil if there
// is no such directory. Its problems are told on stderr.
func answerCache() *debuginfo.Cache {
	dir, err := os.UserCacheDir()
	if err != nil {
		return nil
	}
	return debuginfo.NewCache(filepath.Join(dir, "fuzzls", "debuginfo"), debuginfo.DefaultCacheLimit, func(err error) {
		fmt.Fprintf(os.Stderr, "fuzzls: %v\n", err)
	})
}

func (s *symbolizer) close() {
	for _, f := range s.files {
		if f.file != nil {
			_ = f.file.Close()
		}
	}
}

// batch answers lines, in their order.
func (s *symbolizer) batch(ctx context.Context, lines []string) error {
	requests := make([]request, len(lines))
	byFile := map[string][]uint64{}
	for i, line := range lines {
		r := parseRequest(line, s.flags.obj)
		if r.kind == askSymbol {
			r = s.locate(r)
		}
		if r.kind == askCode || r.kind == askData {
			r.addr -= s.flags.adjustment
		}
		if r.kind == askCode || r.kind == askSymbol {
			byFile[r.file] = append(byFile[r.file], r.addr)
		}
		requests[i] = r
	}
	answers := map[string]*answers{}
	for path, pcs := range byFile {
		a, err := s.resolve(ctx, s.open(path), pcs)
		if err != nil {
			return err
		}
		answers[path] = a
	}
	for _, r := range requests {
		switch r.kind {
		case askNothing:
			s.printPlaces(r, []sourcePlace{{}})
		case askData:
			s.printData(r, s.open(r.file))
		default:
			s.print(r, answers[r.file])
		}
	}
	if err := s.out.Flush(); err != nil {
		return fmt.Errorf("writing answers: %w", err)
	}
	return nil
}
