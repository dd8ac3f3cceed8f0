# The commands of this repository. Everything runs on a Debian machine with Go.

GO ?= go
BIN := bin/fuzzls
# The linter's version, so that a new release of it does not fail an old commit.
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2

.PHONY: all build demo test lint bench real vsix vscode-check vscode-host vscode-test bench-vscode clean

all: build

build:
	$(GO) build -o $(BIN) ./cmd/fuzzls

# Fuzzes the example module for some seconds and shows what came of it.
demo: build
	@scripts/demo

# Everything: formatting, vet, linter, race detector, all tests, the real modules.
test:
	@scripts/test

lint:
	@scripts/lint $(STATICCHECK)

# Real public modules, from the module proxy, at pinned versions.
real:
	$(GO) test -run TestReal -v ./cmd/fuzzls

# Speed and puzzles against `go test -fuzz`; takes some minutes.
bench: build
	$(GO) run ./bench/speed
	$(GO) run ./bench/puzzles
	$(GO) run ./bench/accuracy

# The VS Code extension with the server in it: vscode-extension/fuzzls-<platform>-<version>.vsix.
# Needs Node.js 20 or newer; npm runs no install scripts.
vsix: vscode-extension/node_modules/.package-lock.json
	cd vscode-extension && rm -f *.vsix && npm run --silent vsix

# npm's own record of what it installed; it is older than the lock file when that changed.
vscode-extension/node_modules/.package-lock.json: vscode-extension/package-lock.json
	cd vscode-extension && npm ci --ignore-scripts --silent && touch node_modules/.package-lock.json

# The extension's own checks: types, linter, unit tests.
vscode-check: vscode-extension/node_modules/.package-lock.json
	cd vscode-extension && npm run --silent check

# Its checks, then its tests inside VS Code's extension host.
vscode-host: vscode-check vsix
	vscode-extension/scripts/setup-vscode
	cd vscode-extension && npm run --silent host

# All that, then its tests in a real workbench in headless Chromium; some minutes.
# Pictures of what they saw are in vscode-extension/test-output.
vscode-test: vscode-host
	cd vscode-extension && npm run --silent e2e

# What a user of the extension waits for: first mark, painted bit, start, large files.
bench-vscode: vsix
	vscode-extension/scripts/setup-vscode
	cd vscode-extension && node bench/run.mjs

clean:
	rm -rf bin examples/*/.fuzzls
