package target

import (
	"fmt"
	"testing"
)

func FuzzInputValues(f *testing.F) {
	f.Add("größe\x00\xff`\"\\")
	f.Fuzz(func(t *testing.T, content string) {
		values, err := InputValues(Go, fmt.Appendf(nil, "go test fuzz v1\n[]byte(%q)\nstring(%q)\nint(5)\n", content, content))
		if err != nil {
			t.Fatal(err)
		}
		if string(values[0].Bytes) != content || string(values[1].Bytes) != content || values[2].Bytes != nil {
			t.Errorf("%q became %+v", content, values)
		}
		if values, err = InputValues(C, []byte(content)); err != nil || len(values) != 1 || string(values[0].Bytes) != content {
			t.Errorf("%q became %+v, %v", content, values, err)
		}
	})
}
