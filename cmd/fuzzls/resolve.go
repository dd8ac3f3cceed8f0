package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

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
	addresses, baseNames  bool
	defaultArch, dwp, dsy string // accepted and ignored: there is nothing to choose
}

const resolveLong = `Reads addresses from stdin, one on a line, and prints for each the function and
the place in the source, those of inlined calls first, then an empty line:

  fuzzls resolve x.test < addresses

Addresses are those of the file, as in its symbol table: hexadecimal, with or
without 0x. Input and output are those of llvm-symbolizer: a line can name its
file, as in CODE "x.test" 0x4a1b20, and FILE can then be left out; a line that is
no address is printed as it is. Addresses that come together are resolved in one
pass over the file, so give many at once.

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
	set.StringVar(&flags.outputStyle, "output-style", "LLVM", "LLVM or JSON")
	set.BoolVarP(&flags.addresses, "addresses", "a", false, "print the address first")
	set.BoolVarP(&flags.baseNames, "basenames", "s", false, "print file names without directories")
	set.StringVar(&flags.defaultArch, "default-arch", "", "")
	set.StringVar(&flags.dwp, "dwp", "", "")
	set.StringVar(&flags.dsy, "dsym-hint", "", "")
	for _, name := range []string{"exe", "default-arch", "dwp", "dsym-hint"} {
		_ = set.MarkHidden(name)
	}
	return cmd
}

// check completes the flags.
func (f *resolveFlags) check() error {
	f.inlines = f.inlines && !f.noInlines
	f.demangle = f.demangle && !f.noDemangle
	switch f.functions {
	case "none", "short", "linkage":
	default:
		return fmt.Errorf("--functions=%s: want none, short or linkage", f.functions)
	}
	switch f.outputStyle {
	case "LLVM":
	case "JSON":
		f.json = true
	default:
		return fmt.Errorf("--output-style=%s: want LLVM or JSON", f.outputStyle)
	}
	return nil
}

func resolve(ctx context.Context, flags *resolveFlags, args []string, stdin io.Reader, stdout io.Writer) error {
	if err := flags.check(); err != nil {
		return err
	}
	if flags.obj == "" && len(args) > 0 {
		flags.obj, args = args[0], args[1:]
	}
	s := &symbolizer{flags: flags, out: bufio.NewWriterSize(stdout, 1<<16), files: map[string]*openFile{}}
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

// request is one line of input.
type request struct {
	line string
	// file is the executable, "" if the line is no address.
	file string
	addr uint64
	// data asks for a variable; see dataAnswer.
	data bool
}

// parseRequest reads a line: [CODE|DATA] [file] address. A file with spaces is in
// double or single quotes.
func parseRequest(line, obj string) request {
	r := request{line: line}
	rest := strings.TrimSpace(line)
	if word, after, ok := strings.Cut(rest, " "); ok && (word == "CODE" || word == "DATA") {
		r.data = word == "DATA"
		rest = strings.TrimSpace(after)
	}
	file := obj
	if len(rest) > 0 && (rest[0] == '"' || rest[0] == '\'') {
		end := strings.IndexByte(rest[1:], rest[0])
		if end < 0 {
			return r
		}
		file, rest = rest[1:1+end], strings.TrimSpace(rest[end+2:])
	} else if i := strings.LastIndexByte(rest, ' '); i >= 0 && obj == "" {
		file, rest = strings.TrimSpace(rest[:i]), rest[i+1:]
	}
	addr, err := strconv.ParseUint(strings.TrimPrefix(strings.TrimPrefix(rest, "0x"), "0X"), 16, 64)
	if err == nil {
		r.file, r.addr = file, addr
	}
	return r
}

// symbolizer answers requests.
type symbolizer struct {
	flags *resolveFlags
	out   *bufio.Writer
	files map[string]*openFile
}

// openFile is an executable, or why it could not be opened.
type openFile struct {
	path string
	file *debuginfo.File
	err  error
	// told is set once its problem has been told to the user.
	told  bool
	names map[debuginfo.FuncID]string
}

// open returns the executable at path.
func (s *symbolizer) open(path string) *openFile {
	f := s.files[path]
	if f == nil {
		f = &openFile{path: path, names: map[debuginfo.FuncID]string{}}
		f.file, f.err = debuginfo.Open(path)
		s.files[path] = f
	}
	return f
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
		requests[i] = parseRequest(line, s.flags.obj)
		if r := requests[i]; r.file != "" && !r.data {
			byFile[r.file] = append(byFile[r.file], r.addr)
		}
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
		switch {
		case r.file == "":
			fmt.Fprintln(s.out, r.line)
			continue
		case r.data:
			s.printData(s.open(r.file), r.addr)
		default:
			s.print(r, answers[r.file])
		}
	}
	if err := s.out.Flush(); err != nil {
		return fmt.Errorf("writing answers: %w", err)
	}
	return nil
}
