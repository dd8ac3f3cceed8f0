package golang

import (
	"errors"
	"go/format"
	"go/parser"
	"go/token"
	"slices"
	"strings"
	"testing"

	"github.com/fuzzls/fuzzls/fuzzcore/target"
	"github.com/fuzzls/fuzzls/fuzzcore/target/golang/gocorpus"
)

// This file tests the edit that adds a seed.

// insert carries out insertions, whose offsets are those of the old text.
func insert(content string, all []target.Insertion) string {
	slices.SortFunc(all, func(a, b target.Insertion) int { return b.Offset - a.Offset })
	for _, i := range all {
		content = content[:i.Offset] + i.Text + content[i.Offset:]
	}
	return content
}

func TestAddSeed(t *testing.T) {
	number := []gocorpus.Expression{{Type: "int", Text: "7"}}
	infinite := []gocorpus.Expression{{Type: "string", Text: `"a"`}, {Type: "float64", Text: "math.Inf(1)", Math: true}}
	tests := []struct {
		name       string
		values     []gocorpus.Expression
		text, want string
	}{
		{"first", number,
			"package p\n\nimport \"testing\"\n\nfunc FuzzA(f *testing.F) {\n\tf.Fuzz(x)\n}\n",
			"package p\n\nimport \"testing\"\n\nfunc FuzzA(f *testing.F) {\n\tf.Add(7)\n\tf.Fuzz(x)\n}\n"},
		{"behind the others", number,
			"package p\n\nfunc FuzzA(f *testing.F) {\n\tf.Add(1) // one\n\tload(f)\n\t// Now go.\n\tf.Fuzz(x)\n}\n",
			"package p\n\nfunc FuzzA(f *testing.F) {\n\tf.Add(1) // one\n\tf.Add(7)\n\tload(f)\n\t// Now go.\n\tf.Fuzz(x)\n}\n"},
		{"above the comment", number,
			"package p\n\nfunc FuzzA(fuzz *testing.F) {\n\tfor {\n\t\tfuzz.Add(1)\n\t}\n\n\t// Now\n\t// go.\n\tfuzz.Fuzz(x)\n}\n",
			"package p\n\nfunc FuzzA(fuzz *testing.F) {\n\tfor {\n\t\tfuzz.Add(1)\n\t}\n\n\tfuzz.Add(7)\n\t// Now\n\t// go.\n\tfuzz.Fuzz(x)\n}\n"},
		{"nested", number,
			"package p\n\nfunc FuzzA(f *testing.F) {\n\tif ok {\n\t\tf.Fuzz(x)\n\t}\n}\n",
			"package p\n\nfunc FuzzA(f *testing.F) {\n\tif ok {\n\t\tf.Add(7)\n\t\tf.Fuzz(x)\n\t}\n}\n"},
		{"one line", number,
			"package p\n\nfunc FuzzA(f *testing.F) { f.Fuzz(x) }\n",
			"package p\n\nfunc FuzzA(f *testing.F) { f.Add(7); f.Fuzz(x) }\n"},
		{"the right one", number,
			"package p\n\nfunc FuzzB(f *testing.F) {\n\tf.Fuzz(x)\n}\n\nfunc FuzzA(f *testing.F) {\n\tf.Fuzz(x)\n}\n",
			"package p\n\nfunc FuzzB(f *testing.F) {\n\tf.Fuzz(x)\n}\n\nfunc FuzzA(f *testing.F) {\n\tf.Add(7)\n\tf.Fuzz(x)\n}\n"},
		{"line ends", number,
			"package p\r\n\r\nfunc FuzzA(f *testing.F) {\r\n\tf.Add(1)\r\n\tf.Fuzz(x)\r\n}\r\n",
			"package p\r\n\r\nfunc FuzzA(f *testing.F) {\r\n\tf.Add(1)\r\n\tf.Add(7)\r\n\tf.Fuzz(x)\r\n}\r\n"},
		{"import in order", infinite,
			"package p\n\nimport (\n\t\"fmt\"\n\t\"testing\"\n)\n\nfunc FuzzA(f *testing.F) {\n\tf.Fuzz(x)\n}\n",
			"package p\n\nimport (\n\t\"fmt\"\n\t\"math\"\n\t\"testing\"\n)\n\nfunc FuzzA(f *testing.F) {\n\tf.Add(\"a\", math.Inf(1))\n\tf.Fuzz(x)\n}\n"},
		{"import alone", infinite,
			"package p\n\nimport \"testing\"\n\nfunc FuzzA(f *testing.F) {\n\tf.Fuzz(x)\n}\n",
			"package p\n\nimport \"math\"\n\nimport \"testing\"\n\nfunc FuzzA(f *testing.F) {\n\tf.Add(\"a\", math.Inf(1))\n\tf.Fuzz(x)\n}\n"},
		{"import last", infinite,
			"package p\n\nimport ( // std\n\t\"fmt\"\n)\n\nfunc FuzzA(f *testing.F) {\n\tf.Fuzz(x)\n}\n",
			"package p\n\nimport ( // std\n\t\"math\"\n\t\"fmt\"\n)\n\nfunc FuzzA(f *testing.F) {\n\tf.Add(\"a\", math.Inf(1))\n\tf.Fuzz(x)\n}\n"},
		{"import on one line", infinite,
			"package p\n\nimport (\"testing\")\n\nfunc FuzzA(f *testing.F) {\n\tf.Fuzz(x)\n}\n",
			"package p\n\nimport (\"math\"; \"testing\")\n\nfunc FuzzA(f *testing.F) {\n\tf.Add(\"a\", math.Inf(1))\n\tf.Fuzz(x)\n}\n"},
		{"import there", infinite,
			"package p\n\nimport (\n\tm \"math\"\n)\n\nfunc FuzzA(f *testing.F) {\n\tf.Fuzz(x)\n}\n",
			"package p\n\nimport (\n\tm \"math\"\n)\n\nfunc FuzzA(f *testing.F) {\n\tf.Add(\"a\", m.Inf(1))\n\tf.Fuzz(x)\n}\n"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			all, err := addSeed("x_test.go", []byte(test.text), "FuzzA", test.values)
			if err != nil {
				t.Fatal(err)
			}
			got := insert(test.text, all)
			if got != test.want {
				t.Fatalf("got\n%s\nwant\n%s", got, test.want)
			}
			if _, err := format.Source([]byte(got)); err != nil {
				t.Error(err)
			}
			if _, err := addSeed("x_test.go", []byte(got), "FuzzA", test.values); !errors.Is(err, errSeedThere) {
				t.Errorf("the second time: got %v", err)
			}
		})
	}
}

func TestAddSeedErrors(t *testing.T) {
	for text, want := range map[string]string{
		"package p\nfunc FuzzA(f *testing.F) {":             "x_test.go has a syntax error: x_test.go:2:27: expected '}', found 'EOF'",
		"package p\nfunc FuzzA(f *testing.F) { helper(f) }": "x_test.go has no call of f.Fuzz in FuzzA",
		"package p\nfunc FuzzA(*testing.F) { f.Fuzz(x) }":   "x_test.go has no call of f.Fuzz in FuzzA",
		"package p\nfunc FuzzB(f *testing.F) { f.Fuzz(x) }": "x_test.go has no call of f.Fuzz in FuzzA",
	} {
		if _, err := addSeed("x_test.go", []byte(text), "FuzzA", nil); err == nil || err.Error() != want {
			t.Errorf("got %v\nwant %s", err, want)
		}
	}
}

// FuzzAddSeed checks that what parses still does, with one more call.
func FuzzAddSeed(f *testing.F) {
	f.Add("package p\nimport \"testing\"\nfunc FuzzA(f *testing.F) {\n\tf.Add(1)\n\tf.Fuzz(x)\n}\n")
	f.Add("package p\nimport (\"a\"; z \"z\")\nfunc FuzzA(f *testing.F) { f.Add(1); /* c */ f.Fuzz(x) }\n")
	f.Add("package p\r\nimport (\r\n_ \"math\"\r\n)\r\nfunc FuzzA(f *testing.F) { switch { case x: f.Fuzz(x) } }\n")
	values := []gocorpus.Expression{{Type: "float64", Text: "math.NaN()", Math: true}}
	f.Fuzz(func(t *testing.T, content string) {
		all, err := addSeed("x_test.go", []byte(content), "FuzzA", values)
		if err != nil {
			return
		}
		got := insert(content, slices.Clone(all))
		if _, err := parser.ParseFile(token.NewFileSet(), "x_test.go", got, parser.ParseComments); err != nil {
			t.Fatalf("%q became %q: %v", content, got, err)
		}
		if strings.Count(got, ".Add(") != strings.Count(content, ".Add(")+1 {
			t.Fatalf("%q became %q", content, got)
		}
	})
}
