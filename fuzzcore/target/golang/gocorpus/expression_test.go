package gocorpus

import (
	"bytes"
	"fmt"
	"go/parser"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// This file tests the values of corpus entries as Go source.

func TestExpressions(t *testing.T) {
	const entry = version + "\n[]byte(\"a\\x00\")\nstring(\"b\")\nbool(true)\nbyte('x')\nrune('y')\nint32(-1)\nint(-5)\nint8(5)\n" +
		"float64(1)\nfloat64(1e+06)\nfloat64(-Inf)\nfloat64(-0)\nfloat32(0.5)\nfloat32(NaN)\nmath.Float64frombits(0x7ff8000000000002)\n"
	want := []string{
		`[]byte("a\x00")`, `"b"`, "true", "byte('x')", "'y'", "int32(-1)", "-5", "int8(5)",
		"1.0", "1e+06", "math.Inf(-1)", "math.Copysign(0, -1)", "float32(0.5)", "float32(math.NaN())", "math.Float64frombits(0x7ff8000000000002)",
	}
	got, err := Expressions([]byte(entry))
	if err != nil || len(got) != len(want) {
		t.Fatalf("got %v, %v", got, err)
	}
	for i, e := range got {
		if e.Text != want[i] || e.Math != strings.Contains(want[i], "math.") {
			t.Errorf("got %+v, want %s", e, want[i])
		}
	}
}

func TestExpressionErrors(t *testing.T) {
	for entry, want := range map[string]string{
		"":                      `line 1 is "", expected "go test fuzz v1"`,
		version + "\n":          "line 2 is the end, expected a value",
		version + "\nint(1":     `line 2 is "int(1", expected a value: it is not of the form type(literal)`,
		version + "\n\nerror()": `line 3 is "error()", expected a value: it is not of the form type(literal)`,
	} {
		_, err := Expressions([]byte(entry))
		checkError(t, err, want)
	}
}

// TestCompilerReadsExpressions has the compiler say what the expressions are: the
// values of the entries that they come from, with the same types.
func TestCompilerReadsExpressions(t *testing.T) {
	dir := t.TempDir()
	copyModule(t, dir, "alltypes")
	calls, want := new(strings.Builder), new(strings.Builder)
	for _, values := range inputs {
		entry, err := Marshal(streamOf(values...), allTypes)
		if err != nil {
			t.Fatal(err)
		}
		expressions, err := Expressions(entry)
		if err != nil {
			t.Fatal(err)
		}
		texts := make([]string, len(expressions))
		for i, e := range expressions {
			texts[i] = e.Text
		}
		fmt.Fprintf(calls, "\tfmt.Println(describe(%s))\n", strings.Join(texts, ", "))
		fmt.Fprintln(want, describe(values...))
	}
	source := "package alltypes\n\nimport (\n\t\"fmt\"\n\t\"math\"\n\t\"testing\"\n)\n\nvar _ = math.Pi\n\nfunc TestExpressions(*testing.T) {\n" + calls.String() + "}\n"
	if err := os.WriteFile(filepath.Join(dir, "expressions_test.go"), []byte(source), 0o666); err != nil {
		t.Fatal(err)
	}
	if out := runGo(t, dir, nil, "test", "-count=1", "-v", "-run=^TestExpressions$", "."); !bytes.Contains(out, []byte(want.String())) {
		t.Errorf("got\n%s\nwant\n%s\nfrom\n%s", out, want, source)
	}
}

func FuzzExpressions(f *testing.F) {
	for _, line := range lines {
		f.Add([]byte(version + "\n" + line + "\n"))
	}
	f.Fuzz(func(t *testing.T, entry []byte) {
		expressions, err := Expressions(entry)
		if err != nil {
			return
		}
		for _, e := range expressions {
			if _, err := parser.ParseExpr(e.Text); err != nil {
				t.Errorf("%q from %q: %v", e.Text, entry, err)
			}
		}
	})
}
