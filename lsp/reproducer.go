package lsp

import (
	"context"
	"fmt"
	"os"
	"strings"

	"go.lsp.dev/jsonrpc2"
	"go.lsp.dev/protocol"
	"go.lsp.dev/uri"

	"github.com/fuzzls/fuzzls/fuzzcore/live"
	"github.com/fuzzls/fuzzls/fuzzcore/supervisor"
	"github.com/fuzzls/fuzzls/fuzzcore/target"
)

// This file answers fuzzls/reproducer: the values that crash a fuzz test.

// maxValueText is how much of a value is written as text: more than anyone reads. The
// bytes are sent whole.
const maxValueText = 64 << 10

// findCrash returns the crash with a signature, and its workspace.
func (s *server) findCrash(signature string) (*live.Workspace, live.Crash, bool) {
	for _, w := range s.workspaces() {
		if c, ok := w.Crash(signature); ok {
			return w, c, true
		}
	}
	return nil, live.Crash{}, false
}

// reproducer returns the values of a crash's reproducer.
func (s *server) reproducer(_ context.Context, params protocol.LSPAny) (any, error) {
	p, err := decode[ReproducerParams](methodReproducer, params)
	if err != nil {
		return nil, err
	}
	w, c, ok := s.findCrash(p.Signature)
	if !ok {
		return nil, jsonrpc2.Errorf(jsonrpc2.InvalidParams, "%s: there is no crash %q: fuzzls/crashes lists them", methodReproducer, p.Signature)
	}
	entry, err := os.ReadFile(c.Reproducer)
	if err != nil {
		return nil, fmt.Errorf("reading the reproducer of %s: %w", p.Signature, err)
	}
	t, ok := w.Test(c.Test)
	if !ok {
		return nil, fmt.Errorf("%s is gone: its source no longer has this fuzz test", c.Test)
	}
	values, err := target.InputValues(t.Language, entry)
	if err != nil {
		return nil, fmt.Errorf("reading the reproducer %s: %w", c.Reproducer, err)
	}
	result := &ReproducerResult{Values: []ReproducerValue{}, Size: len(entry), URI: uri.File(c.Reproducer)}
	for _, v := range values {
		result.Values = append(result.Values, ReproducerValue{Type: v.Type, Text: shortened(v.Text), Bytes: v.Bytes})
	}
	for _, asked := range supervisor.InputValues(c.Reproducer) {
		result.Asked = append(result.Asked, AskedValue{Name: asked.Name, Text: shortened(asked.Text)})
	}
	return result, nil
}

// shortened returns text, cut off behind maxValueText bytes.
func shortened(text string) string {
	if len(text) <= maxValueText {
		return text
	}
	return strings.ToValidUTF8(text[:maxValueText], "") + "…"
}
