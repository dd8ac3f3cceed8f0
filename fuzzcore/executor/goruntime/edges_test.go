package goruntime

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// TestEdges runs the tests in testdata/edges_test.go on the overlay's judge of edge
// counters, in a module of its own: with AVX2 if there is any, and without.
func TestEdges(t *testing.T) {
	for _, avx2 := range avx2Here() {
		runEdges(t, avx2, "-run=.")
	}
}

// BenchmarkEdges runs the benchmarks there.
func BenchmarkEdges(b *testing.B) {
	for _, avx2 := range avx2Here() {
		b.Logf("AVX2 %v\n%s", avx2, runEdges(b, avx2, "-run=^$", "-bench=."))
	}
}

func avx2Here() []bool {
	if info, _ := os.ReadFile("/proc/cpuinfo"); strings.Contains(string(info), " avx2 ") {
		return []bool{true, false}
	}
	return []bool{false}
}

func runEdges(tb testing.TB, avx2 bool, args ...string) string {
	dir := tb.TempDir()
	files := map[string]string{
		"go.mod": "module fuzz\n\ngo 1.22\n",
		"cpu.go": fmt.Sprintf("package fuzz\n\nvar haveAVX2 = %v\n", avx2),
	}
	if runtime.GOARCH != "amd64" {
		files["judge.go"] = "package fuzz\n\nfunc judgeAVX2(*byte, *byte, uint64, bool, uint64) (a, b uint64, c bool) { return }\n"
	}
	for from, to := range map[string]string{
		"_overlay/fuzz/zz_fuzzls_edges.go":       "edges.go",
		"_overlay/fuzz/zz_fuzzls_edges_amd64.go": "edges_amd64.go",
		"_overlay/fuzz/zz_fuzzls_edges_amd64.s":  "edges_amd64.s",
		"testdata/edges_test.go":                 "edges_test.go",
	} {
		text, err := os.ReadFile(from)
		if err != nil {
			tb.Fatal(err)
		}
		files[to] = string(text)
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			tb.Fatal(err)
		}
	}
	cmd := exec.Command("go", append([]string{"test"}, args...)...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOTOOLCHAIN=local")
	out, err := cmd.CombinedOutput()
	if err != nil {
		tb.Fatalf("AVX2 %v: %v\n%s", avx2, err, out)
	}
	return string(out)
}
