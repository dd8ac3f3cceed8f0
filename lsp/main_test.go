package lsp

import (
	"os"
	"testing"

	"github.com/fuzzls/fuzzls/lsp/lsptest"
)

// TestMain removes the binary that tests with a fake editor build.
func TestMain(m *testing.M) { os.Exit(lsptest.Main(m)) }
