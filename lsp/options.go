package lsp

import (
	"context"
	"encoding/json"
	"reflect"
	"slices"
	"sync"
	"time"

	"go.lsp.dev/jsonrpc2"
	"go.lsp.dev/protocol"
)

// This file defines where settings come from: initializationOptions first, then the
// client's configuration each time it changes.

// clientPatience is how long the beginning of the session waits for an answer of the
// client before it goes on without: clients answer within milliseconds, or never.
const clientPatience = 5 * time.Second

// options holds the present settings.
type options struct {
	mu  sync.Mutex // guards the fields below
	now settings
	// complaints are those shown last: the same are not shown twice.
	complaints []string
	// refresh asks the client again; nil until the session begins.
	refresh *coalescer[struct{}]
	// asking is held while the client is asked, so that the last answer is used last.
	asking sync.Mutex
}

// settings returns the present settings.
func (s *server) settings() settings {
	s.options.mu.Lock()
	defer s.options.mu.Unlock()
	return s.options.now
}

// readInitializationOptions reads trust and the first settings.
func (s *server) readInitializationOptions(raw protocol.LSPAny) error {
	s.trusted = true
	if len(raw) == 0 || string(raw) == "null" {
		return nil
	}
	var o struct {
		Trusted  *bool           `json:"trusted"`
		Settings json.RawMessage `json:"settings"`
	}
	if err := json.Unmarshal(raw, &o); err != nil {
		// Whether the workspace is trusted must not be guessed.
		return jsonrpc2.Errorf(jsonrpc2.InvalidParams,
			`initializationOptions: expected {"trusted": boolean, "settings": object}: %v`, err)
	}
	s.trusted = o.Trusted == nil || *o.Trusted
	s.useSettings(o.Settings)
	return nil
}

// useSettings makes a section "fuzzls" the present settings and tells everyone.
func (s *server) useSettings(section []byte) {
	next, complaints := parseSettings(section)
	o := &s.options
	o.mu.Lock()
	before := o.now
	repeated := slices.Equal(complaints, o.complaints)
	o.now, o.complaints = next, complaints
	o.mu.Unlock()
	if !repeated {
		for _, c := range complaints {
			s.messages.show(protocol.MessageTypeWarning, c)
		}
	}
	if !reflect.DeepEqual(before, next) {
		s.folders.settingsChanged(before, next)
		tell(s, func(l settingsListener) { l.settingsChanged() })
	}
}

// fetchSettings asks the client for its settings, if it can tell them, and listens from
// now on for changes of them.
func (s *server) fetchSettings(ctx context.Context) {
	if !s.caps.configuration {
		return
	}
	refresh := newCoalescer(s, 0, s.askSettings)
	s.options.mu.Lock()
	s.options.refresh = refresh
	s.options.mu.Unlock()
	s.watchSettings(ctx)
	s.askSettings(ctx, nil)
}

// watchSettings asks the client to tell of changes of the settings; some do so only then.
func (s *server) watchSettings(ctx context.Context) {
	if !s.caps.watchSettings {
		return
	}
	err := s.register(ctx, "fuzzls/settings", protocol.MethodWorkspaceDidChangeConfiguration,
		protocol.DidChangeConfigurationRegistrationOptions{Section: protocol.String("fuzzls")})
	if err != nil {
		s.log.Warn("the client does not tell of changed settings", "error", err)
	}
}

// register asks the client for the notifications of a method.
func (s *server) register(ctx context.Context, id, method string, options any) error {
	encoded, err := protocol.Marshal(options)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, clientPatience)
	defer cancel()
	return s.client.RegisterCapability(ctx, &protocol.RegistrationParams{
		Registrations: []protocol.Registration{{ID: id, Method: method, RegisterOptions: encoded}},
	})
}

func (s *server) askSettings(ctx context.Context, _ []struct{}) {
	s.options.asking.Lock()
	defer s.options.asking.Unlock()
	ctx, cancel := context.WithTimeout(ctx, clientPatience)
	defer cancel()
	section := "fuzzls"
	answers, err := s.client.Configuration(ctx, &protocol.ConfigurationParams{
		Items: []protocol.ConfigurationItem{{Section: &section}},
	})
	switch {
	case err != nil:
		s.log.Warn("asking for the settings", "error", err)
	case len(answers) == 1 && string(answers[0]) != "null":
		s.useSettings(answers[0])
	}
}

// DidChangeConfiguration asks for the settings again, or takes them from the
// notification if the client cannot be asked.
func (s *server) DidChangeConfiguration(_ context.Context, params *protocol.DidChangeConfigurationParams) error {
	if s.caps.configuration {
		s.options.mu.Lock()
		refresh := s.options.refresh
		s.options.mu.Unlock()
		if refresh != nil {
			refresh.mark(struct{}{})
		}
		return nil
	}
	var p struct {
		Fuzzls json.RawMessage `json:"fuzzls"`
	}
	if json.Unmarshal(params.Settings, &p) == nil && len(p.Fuzzls) > 0 {
		s.useSettings(p.Fuzzls)
	}
	return nil
}
