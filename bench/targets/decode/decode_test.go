// Package decode fuzzes the standard library's JSON decoder, which is
// instrumented as a named dependency.
package decode

import (
	"encoding/json"
	"testing"
)

func FuzzJSON(f *testing.F) {
	f.Add([]byte(`{"name":"fuzz","list":[1,2.5e3,true,null],"nested":{"a":"\u00e9"}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var v any
		if json.Unmarshal(data, &v) != nil {
			return
		}
		if _, err := json.Marshal(v); err != nil {
			t.Fatal(err)
		}
	})
}
