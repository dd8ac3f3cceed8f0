package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fuzzls/fuzzls/debuginfo"
)

// This file tests `fuzzls resolve` as llvm-symbolizer's callers use that.

// resolvable builds a program with an inlined call and returns it with the address of
// its function used, which starts on line 4.
func resolvable(t *testing.T) (file string, used uint64) {
	t.Helper()
	if _, err := exec.LookPath("gcc"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("gcc is missing, and CI=true")
		}
		t.Skip("SKIPPED FOR WANT OF A TOOL: gcc is not installed")
	}
	dir := t.TempDir()
	write(t, dir, "a b.c", `static inline __attribute__((always_inline)) int leaf(int x) {
	return x * 3 + 1;
}
__attribute__((noinline)) int used(int x) {
	return leaf(x) ^ 7;
}
int counter = 3;
int main(int argc, char **argv) { return used(argc); }
`)
	file = filepath.Join(dir, "a b")
	if out, err := exec.Command("gcc", "-O1", "-g", "-gno-column-info", "-o", file, file+".c").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	f, err := debuginfo.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	s, ok := f.Symbol("used")
	if !ok {
		t.Fatal("no symbol used")
	}
	return file, s.Addr
}

// ask runs `fuzzls resolve` with that input.
func ask(t *testing.T, input string, args ...string) outcome {
	t.Helper()
	cmd := exec.Command(binary, append([]string{"resolve"}, args...)...)
	cmd.Stdin = strings.NewReader(input)
	return finish(t, cmd)
}

func TestResolve(t *testing.T) {
	file, used := resolvable(t)
	chain := fmt.Sprintf("leaf\n%[1]s.c:2:0\nused\n%[1]s.c:5:0\n\n", file)
	unknown := "??\n??:0:0\n\n"
	addr := fmt.Sprintf("%#x", used)
	tests := []struct {
		name, input string
		args        []string
		want        string
	}{
		{"addresses", addr + "\n1\n" + addr[2:] + "\n", []string{file}, chain + unknown + chain},
		{"no newline at the end", addr, []string{"--obj=" + file}, chain},
		{"as arguments", "", []string{file, addr}, chain},
		{"named file", fmt.Sprintf("CODE %q %s\n", file, addr), nil, chain},
		{"file without quotes", fmt.Sprintf("%s %s\n", file, addr), []string{"--demangle", "--inlines", "--default-arch=x86_64"}, chain},
		{"no address", "hello\n\n" + addr + "\n", []string{file}, unknown + unknown + chain},
		{"no inlined calls", addr, []string{file, "--no-inlines"}, fmt.Sprintf("used\n%s.c:2:0\n\n", file)},
		{"no functions", addr, []string{file, "--functions=none", "--no-inlines", "-s"}, "a b.c:2:0\n\n"},
		{"moved", fmt.Sprintf("%#x", used+0x1000), []string{file, "--adjust-vma=0x1000"}, chain},
		{"address first", addr, []string{file, "-a"}, addr + "\n" + chain},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := ask(t, test.input, test.args...)
			if got.stdout != test.want || got.status != statusOK || got.stderr != "" {
				t.Errorf("status %d, stderr %q, stdout\n%s\nwant\n%s", got.status, got.stderr, got.stdout, test.want)
			}
		})
	}
}

func TestResolveJSON(t *testing.T) {
	file, used := resolvable(t)
	got := ask(t, fmt.Sprintf("%#x\n", used), "--json", file)
	var answer struct {
		Address, ModuleName string
		Symbol              []sourcePlace
	}
	if err := json.Unmarshal([]byte(got.stdout), &answer); err != nil {
		t.Fatalf("%v: %s%s", err, got.stdout, got.stderr)
	}
	want := sourcePlace{FileName: file + ".c", FunctionName: "used", Line: 5,
		StartAddress: fmt.Sprintf("%#x", used), StartFileName: file + ".c", StartLine: 4}
	if answer.ModuleName != file || len(answer.Symbol) != 2 || answer.Symbol[1] != want || answer.Symbol[0].FunctionName != "leaf" {
		t.Errorf("got %+v", answer)
	}
}

// TestResolveAnswersAtOnce asks twice over a pipe that stays open, as sanitizers do.
func TestResolveAnswersAtOnce(t *testing.T) {
	file, used := resolvable(t)
	cmd := exec.Command(binary, "resolve", "--inlines")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	answers := bufio.NewScanner(out)
	for _, want := range []string{"leaf", "??"} {
		fmt.Fprintf(in, "CODE %q %#x\n", file, used)
		used = 1
		if !answers.Scan() || answers.Text() != want {
			t.Fatalf("got %q, want %q", answers.Text(), want)
		}
		for answers.Scan() && answers.Text() != "" {
		}
	}
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}

func TestResolveRefuses(t *testing.T) {
	file, _ := resolvable(t)
	refused(t, ask(t, "1\n", "/does/not/exist"), "/does/not/exist")
	refused(t, ask(t, "1\n", "--functions=all", file), "--functions=all", "none, short or linkage")
	refused(t, ask(t, "1\n", "--output-style=XML", file), "LLVM, GNU or JSON")
	got := ask(t, "CODE /does/not/exist 0x1\nCODE /does/not/exist 0x2\n")
	if got.stdout != "??\n??:0:0\n\n??\n??:0:0\n\n" || strings.Count(got.stderr, "/does/not/exist") != 1 {
		t.Errorf("got %q, %q", got.stdout, got.stderr)
	}
}

// TestResolveLikeLLVM compares what is printed with what llvm-symbolizer prints, byte
// for byte.
func TestResolveLikeLLVM(t *testing.T) {
	file, used := resolvable(t)
	if _, err := exec.LookPath("llvm-symbolizer-19"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("llvm-symbolizer-19 is missing, and CI=true")
		}
		t.Skip("SKIPPED FOR WANT OF A TOOL: llvm-symbolizer-19 is not installed")
	}
	f, err := debuginfo.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	counter, ok := f.Symbol("counter")
	if !ok {
		t.Fatal("no symbol counter")
	}
	input := strings.NewReplacer("FILE", file, "USED", fmt.Sprintf("%#x", used), "COUNTER", fmt.Sprintf("%#x", counter.Addr)).Replace(`CODE "FILE" USED
"FILE" USED
  'FILE' USED
DATA "FILE" COUNTER
DATA "FILE" USED
DATA "FILE" 0x1
CODE "FILE" 0x1
CODE "FILE" nosuch
SYMBOL "FILE" used
"FILE" used
"FILE" used+0x2
CODE "FILE" 0x
hello

CODE "/does/not/exist" 0x1
`)
	for _, flags := range []string{
		"", "--no-inlines", "--inlining=false", "--functions=none", "--functions=short", "--functions", "-s", "-a", "--print-address",
		"-p", "-p -a", "--output-style=GNU", "--output-style=GNU -p -a", "--no-demangle", "-C", "-i", "--default-arch=x86_64",
	} {
		args := strings.Fields(flags)
		cmd := exec.Command("llvm-symbolizer-19", args...)
		cmd.Stdin = strings.NewReader(input)
		want, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		// Where variables are declared is not known here.
		said := strings.ReplaceAll(string(want), file+".c:7\n", "??:?\n")
		if got := ask(t, input, args...); got.stdout != said {
			t.Errorf("%s: got\n%s\nwant\n%s", flags, got.stdout, said)
		}
	}
}
