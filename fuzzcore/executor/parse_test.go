package executor

import (
	"bytes"
	"strings"
	"testing"
)

func FuzzParseDescription(f *testing.F) {
	f.Add([]byte(`{"Types":["string","int"],"Edges":3,"Seeds":[{"Origin":"seed#0","Data":"AAAA"}],"Problems":null}`))
	f.Add([]byte(`{"Types":["error"]}`))
	f.Add([]byte(`{"Edges":-1,`))
	f.Fuzz(func(t *testing.T, text []byte) {
		d, err := parseDescription(Config{Exe: "/proc/self/exe"}, text)
		if err == nil && len(d.Schema) != len(d.Types) {
			t.Errorf("%+v", d)
		}
	})
}

func FuzzGoCorpus(f *testing.F) {
	f.Add("string int []byte", []byte("\x01\x00\x00\x00a12345678\x05\x00\x00\x00xx"))
	f.Add("rune byte float32 float64 bool", bytes.Repeat([]byte{0xff}, 40))
	f.Fuzz(func(t *testing.T, names string, stream []byte) {
		types := strings.Fields(names)
		if checkStock(types) != nil {
			return
		}
		text := appendGoCorpus(nil, types, stream)
		if n := bytes.Count(text, []byte("\n")); n != 1+len(types) {
			t.Errorf("%d lines for %d arguments:\n%s", n, len(types), text)
		}
	})
}
