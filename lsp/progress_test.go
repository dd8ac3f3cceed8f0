package lsp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"go.lsp.dev/protocol"

	"github.com/fuzzls/fuzzls/fuzzcore/live"
	"github.com/fuzzls/fuzzls/lsp/lsptest"
)

// connectTelling is connect for tests that tell the server of activities of w.
func connectTelling(t *testing.T) (e *lsptest.Editor, tell func(live.Activity), s *server) {
	e, _ = connect(t, func(made *server) { s = made })
	w := live.New(live.Config{Dir: t.TempDir(), Observer: observer{s}})
	t.Cleanup(w.Close)
	return e, func(a live.Activity) { observer{s}.Progress(w, a) }, s
}

func TestProgressComesInPairs(t *testing.T) {
	const activities = 50
	e, tell, s := connectTelling(t)
	for i := range activities {
		a := live.Activity{ID: uint64(i), Title: fmt.Sprintf("Building %d", i), Phase: live.Begin}
		tell(a)
		for step := range i {
			a.Phase, a.Message = live.Report, fmt.Sprint("step ", step)
			tell(a)
		}
		a.Phase, a.Message = live.End, "done"
		tell(a)
	}
	e.Await("the end of all activities", func(messages []lsptest.Message) bool {
		ended := 0
		for _, p := range lsptest.ProgressOf(messages) {
			if p.Ended {
				ended++
			}
		}
		return ended == activities
	})
	kinds := map[string][]string{}
	for _, m := range e.Messages() {
		var p struct {
			Token string
			Value struct{ Kind string }
		}
		if err := json.Unmarshal(m.Params, &p); err != nil {
			t.Fatal(err)
		}
		switch m.Method {
		case protocol.MethodWindowWorkDoneProgressCreate:
			kinds[p.Token] = append(kinds[p.Token], "create")
		case protocol.MethodProgress:
			kinds[p.Token] = append(kinds[p.Token], p.Value.Kind)
		}
	}
	if len(kinds) != activities {
		t.Errorf("%d tokens", len(kinds))
	}
	for token, k := range kinds {
		for i, kind := range k {
			want := "report"
			switch i {
			case 0:
				want = "create"
			case 1:
				want = "begin"
			case len(k) - 1:
				want = "end"
			}
			if kind != want {
				t.Errorf("%s: %v", token, k)
				break
			}
		}
	}
	s.progress.mu.Lock()
	defer s.progress.mu.Unlock()
	if len(s.progress.shown) > 1 { // the last one may be just being forgotten
		t.Errorf("%d activities are kept", len(s.progress.shown))
	}
}

func TestProgressThatIsRefused(t *testing.T) {
	e, tell, _ := connectTelling(t)
	e.AnswerWith(protocol.MethodWindowWorkDoneProgressCreate, func(params json.RawMessage) (any, error) {
		if string(params) == `{"token":"fuzzls/1"}` {
			return nil, errors.New("not now")
		}
		return nil, nil
	})
	a := live.Activity{ID: 1, Title: "Refused", Phase: live.Begin}
	tell(a)
	e.Await("the request", func(messages []lsptest.Message) bool { return len(messages) > 0 })
	for range 10 {
		a.Phase, a.Message = live.Report, a.Message+"."
		tell(a)
	}
	a.Phase = live.End
	tell(a)
	tell(live.Activity{ID: 2, Title: "Wanted", Phase: live.Begin})
	tell(live.Activity{ID: 2, Title: "Wanted", Phase: live.End})
	e.AwaitProgress(0, "Wanted")
	for _, p := range lsptest.ProgressOf(e.Messages()) {
		if p.Title == "Refused" {
			t.Errorf("%+v", p)
		}
	}
}

// TestProgressCancel presses the button of a campaign with the real binary.
func TestProgressCancel(t *testing.T) {
	e, below := fuzzing(t)
	for _, p := range lsptest.ProgressOf(e.Messages()) {
		if !p.Ended {
			e.Notify(protocol.MethodWindowWorkDoneProgressCancel, &protocol.WorkDoneProgressCancelParams{Token: protocol.String(p.Token)})
		}
	}
	e.AwaitProgress(0, "Fuzzing")
	below.awaitEnd(t)
}

// TestWithoutProgress has a client that shows no progress.
func TestWithoutProgress(t *testing.T) {
	caps := lsptest.AllCapabilities()
	caps.Window.WorkDoneProgress = nil
	client, _ := serve(t, func(s *server) {
		s.addRequest("test/activity", func(context.Context, protocol.LSPAny) (any, error) {
			s.progress.tell(nil, live.Activity{ID: 1, Title: "Building", Phase: live.Begin})
			return nil, nil
		})
	})
	e := lsptest.Connect(t, client, lsptest.Options{Capabilities: &caps})
	if err := e.Call("test/activity", nil, nil); err != nil {
		t.Fatal(err)
	}
	if err := e.Call(protocol.MethodShutdown, nil, nil); err != nil {
		t.Fatal(err)
	}
	for _, m := range e.Messages() {
		if m.Method == protocol.MethodProgress || m.Method == protocol.MethodWindowWorkDoneProgressCreate {
			t.Errorf("%s: %s", m.Method, m.Params)
		}
	}
}
