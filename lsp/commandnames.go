package lsp

// This file defines the names of the commands; docs/lsp-extensions.md says what they take
// and return.

const (
	commandStart      = "fuzzls.start"
	commandStop       = "fuzzls.stop"
	commandReplay     = "fuzzls.replay"
	commandReproducer = "fuzzls.openReproducer"
	commandMakeTest   = "fuzzls.makeTest"
	commandMinimize   = "fuzzls.minimize"
	commandDismiss    = "fuzzls.dismiss"
	commandReport     = "fuzzls.showReport"
	commandClear      = "fuzzls.clearCoverage"
	// commandFailure leads to what kept a fuzz test from starting.
	commandFailure = "fuzzls.showFailure"
)
