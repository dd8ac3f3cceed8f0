package target

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/fuzzls/fuzzls/fuzzcore/engine"
)

func TestDictionary(t *testing.T) {
	path := filepath.Join(t.TempDir(), "dictionary")
	tokens := []engine.Token{{Kind: engine.Bytes, Text: []byte("\x00\xff")}, {Kind: engine.Int, Value: 1<<64 - 1}}
	if err := SaveDictionary(path, tokens); err != nil {
		t.Fatal(err)
	}
	got, err := LoadDictionary(path)
	if err != nil || !reflect.DeepEqual(got, tokens) {
		t.Errorf("got %v, %v", got, err)
	}
	if none, err := LoadDictionary(""); none != nil || err != nil {
		t.Errorf("without a path: %v, %v", none, err)
	}
	if err := os.WriteFile(path, []byte("[{"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadDictionary(path); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("truncated: %v", err)
	}
}
