package debuginfo

import (
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// This file defines the other symbolizers that the tests compare with:
// llvm-symbolizer, elfutils and gimli.

// peerFrame is a frame as a symbolizer prints it: the linkage name if there is one,
// a clean path, "??" for what is unknown.
type peerFrame struct {
	name, file   string
	line, column uint32
}

func (f peerFrame) String() string {
	return fmt.Sprintf("%s %s:%d:%d", f.name, f.file, f.line, f.column)
}

// place is f without the name.
func (f peerFrame) place() peerFrame { f.name = ""; return f }

// parsePlace parses "file:line:column".
func parsePlace(tb testing.TB, text string) peerFrame {
	tb.Helper()
	text, column, _ := cutLast(text)
	file, line, ok := cutLast(text)
	l, lineErr := strconv.ParseUint(line, 10, 32)
	c, columnErr := strconv.ParseUint(column, 10, 32)
	if !ok || lineErr != nil || columnErr != nil {
		tb.Fatalf("not a place: %q:%q", text, column)
	}
	if file != "??" {
		file = path.Clean(file)
	}
	return peerFrame{file: file, line: uint32(l), column: uint32(c)}
}

// cutLast cuts text at its last colon.
func cutLast(text string) (before, after string, ok bool) {
	i := strings.LastIndexByte(text, ':')
	if i < 0 {
		return text, "", false
	}
	return text[:i], text[i+1:], true
}

// parseChains parses the output of llvm-symbolizer: for each address lines of
// function and place, then an empty line.
func parseChains(tb testing.TB, output string, want int) [][]peerFrame {
	tb.Helper()
	chains := make([][]peerFrame, 1, want)
	lines := strings.Split(strings.TrimSuffix(output, "\n"), "\n")
	for i := 0; i < len(lines); i++ {
		if lines[i] == "" {
			chains = append(chains, nil)
			continue
		}
		if i+1 == len(lines) {
			tb.Fatalf("%q without a place", lines[i])
		}
		frame := parsePlace(tb, lines[i+1])
		frame.name = lines[i]
		chains[len(chains)-1] = append(chains[len(chains)-1], frame)
		i++
	}
	if len(chains) == want+1 {
		chains = chains[:want]
	}
	if len(chains) != want {
		tb.Fatalf("answers to %d addresses, want %d", len(chains), want)
	}
	return chains
}

// llvmSymbolizer returns the name of llvm-symbolizer.
func llvmSymbolizer(tb testing.TB) string {
	tb.Helper()
	if _, err := exec.LookPath("llvm-symbolizer-19"); err == nil {
		return "llvm-symbolizer-19"
	}
	need(tb, "llvm-symbolizer-19")
	return ""
}

// askLLVM returns the chains of llvm-symbolizer; functions is "linkage" or "short".
func askLLVM(tb testing.TB, file string, pcs []uint64, functions string) [][]peerFrame {
	tb.Helper()
	cmd := exec.Command(llvmSymbolizer(tb), "--obj="+file, "--no-demangle", "--functions="+functions)
	cmd.Stdin = strings.NewReader(hexLines(pcs))
	out, err := cmd.Output()
	if err != nil {
		tb.Fatal(err)
	}
	return parseChains(tb, string(out), len(pcs))
}

// hexLines returns the addresses, one on a line.
func hexLines(pcs []uint64) string {
	var b strings.Builder
	for _, pc := range pcs {
		fmt.Fprintf(&b, "%#x\n", pc)
	}
	return b.String()
}

// askElfutils returns the innermost places of eu-addr2line.
func askElfutils(tb testing.TB, file string, pcs []uint64) []peerFrame {
	tb.Helper()
	need(tb, "eu-addr2line")
	cmd := exec.Command("eu-addr2line", "-e", file)
	cmd.Stdin = strings.NewReader(hexLines(pcs))
	out, err := cmd.Output()
	if err != nil {
		tb.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if len(lines) != len(pcs) {
		tb.Fatalf("eu-addr2line answers %d addresses of %d", len(lines), len(pcs))
	}
	places := make([]peerFrame, len(pcs))
	for i, line := range lines {
		if strings.Count(line, ":") == 1 { // no column
			line += ":0"
		}
		places[i] = parsePlace(tb, line)
	}
	return places
}

// gimliPeer builds bench/debuginfo/gimli, once.
var gimliPeer = sync.OnceValues(func() (string, error) {
	dir, err := filepath.Abs("../bench/debuginfo/gimli")
	if err != nil {
		return "", err
	}
	cmd := exec.Command("cargo", "build", "--release", "--locked")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building gimli-peer: %w\n%s", err, out)
	}
	return filepath.Join(dir, "target", "release", "gimli-peer"), nil
})

// askGimli returns the chains of addr2line and gimli; an unknown address has none.
func askGimli(tb testing.TB, file string, pcs []uint64) [][]peerFrame {
	tb.Helper()
	need(tb, "cargo")
	peer, err := gimliPeer()
	if err != nil {
		tb.Fatal(err)
	}
	var data []byte
	for _, pc := range pcs {
		data = binary.LittleEndian.AppendUint64(data, pc)
	}
	addresses := filepath.Join(tb.TempDir(), "addresses")
	if err := os.WriteFile(addresses, data, 0o644); err != nil {
		tb.Fatal(err)
	}
	return parseChains(tb, run(tb, ".", nil, peer, "print", file, addresses), len(pcs))
}

// ownChains resolves addresses with ResolveCalls. With short, names are those of
// the source.
func ownChains(tb testing.TB, f *File, pcs []uint64, short bool, o Options) [][]peerFrame {
	tb.Helper()
	locations := make([]Location, len(pcs))
	calls, err := f.ResolveCalls(tb.Context(), pcs, locations, o)
	if err != nil {
		tb.Fatal(err)
	}
	chains := make([][]peerFrame, len(pcs))
	var frames []Frame
	for i := range pcs {
		frames = calls.AppendFrames(frames[:0], i)
		for _, frame := range frames {
			fn := f.Func(frame.Func)
			name := fn.Linkage
			if short || name == "" {
				name = fn.Source
			}
			p := peerFrame{name: name, file: f.Path(frame.File), line: frame.Line, column: frame.Column}
			if p.name == "" {
				p.name = "??"
			}
			if p.file == "" {
				p.file = "??"
			}
			chains[i] = append(chains[i], p)
		}
	}
	return chains
}
