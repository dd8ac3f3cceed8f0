package lsp

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"

	"github.com/fuzzls/fuzzls/lsp/lsptest"
)

// This file tests what is no message: on the wire of the real binary, and by fuzzing.

// talk sends what input says and returns what the server answers until it ends.
func talk(t *testing.T, input string) (out string, p *lsptest.Process) {
	t.Helper()
	p = lsptest.StartProcess(t, nil, nil)
	go func() {
		_, _ = io.WriteString(p.In, input) // fails if the server has ended, as it may
		p.In.Close()
	}()
	answers, err := io.ReadAll(p.Out)
	if err != nil {
		t.Fatal(err)
	}
	return string(answers), p
}

func TestGarbageEndsTheServer(t *testing.T) {
	for _, test := range []struct{ name, input, want string }{
		{"nothing", "", "--help"},
		{"text", "hello, server\n", `"hello, server" is no header`},
		{"no length", "Content-Type: x\r\n\r\n{}", "no Content-Length"},
		{"bad length", "Content-Length: -1\r\n\r\n{}", "Content-Length"},
		{"huge length", "Content-Length: 99999999999\r\n\r\n{}", "Content-Length"},
		{"short header", "Content-Length: 3", "ended within a header"},
		{"short body", "Content-Length: 100\r\n\r\n{}", "ended within a message"},
		{"endless line", strings.Repeat("x", 1<<20), "does not end"},
		{"zeros", strings.Repeat("\x00", 1<<20), "does not end"},
	} {
		t.Run(test.name, func(t *testing.T) {
			out, p := talk(t, test.input)
			if status := p.Wait(); status != 1 || out != "" {
				t.Errorf("status %d, want 1; stdout %q", status, out)
			}
			if log := p.Log(); !strings.Contains(log, test.want) || !strings.HasPrefix(log, "fuzzls: lsp: ") || strings.Count(log, "\n") != 1 {
				t.Errorf("stderr %q, want one line with %q", log, test.want)
			}
		})
	}
}

// frame returns a message with its header.
func frame(body string) string {
	return fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(body), body)
}

func TestGarbageInFramesIsAnswered(t *testing.T) {
	bad := []string{"{x}", "null", "", "[", "[1]", `{"jsonrpc":"1.0","id":1,"method":"a"}`, `{"id":`, "\xff\xfe", `{"jsonrpc":"2.0","id":{},"method":"a"}`}
	input := ""
	for _, body := range bad {
		input += frame(body)
	}
	input += frame(`{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"capabilities":{}}}`) +
		frame(`{"jsonrpc":"2.0","id":2,"method":"textDocument/hover","params":{"textDocument":7}}`) +
		frame(`{"jsonrpc":"2.0","method":"textDocument/didOpen","params":"x"}`) +
		frame(`{"jsonrpc":"2.0","id":99,"result":"an answer to nothing"}`)
	p := lsptest.StartProcess(t, nil, nil)
	go func() { _, _ = io.WriteString(p.In, input) }()
	in := newStream(struct {
		io.Reader
		io.WriteCloser
	}{p.Out, p.In}, slog.New(slog.DiscardHandler))
	// What is garbage is answered in the order in which it came, requests are not.
	parts := []string{`"id":null`, `"id":1,"result"`, `"id":2,"error":{"code":-32602`, `"id":3`}
	answers := map[string]int{}
	await := func(part string) {
		t.Helper()
		for answers[part] == 0 {
			body, _, err := in.ReadFrame(t.Context())
			if err != nil {
				t.Fatalf("%v after %v\n%s", err, answers, p.Log())
			}
			for _, part := range parts {
				if bytes.Contains(body, []byte(part)) {
					answers[part]++
				}
			}
		}
	}
	await(parts[2])
	_, _ = io.WriteString(p.In, frame(`{"jsonrpc":"2.0","id":3,"method":"shutdown"}`))
	await(parts[3])
	if answers[parts[0]] < len(bad) || answers[parts[1]] != 1 {
		t.Errorf("answers: %v", answers)
	}
	_, _ = io.WriteString(p.In, frame(`{"jsonrpc":"2.0","method":"exit"}`))
	if status := p.Wait(); status != 0 {
		t.Errorf("status %d\n%s", status, p.Log())
	}
}

// FuzzStream reads garbage: each frame is passed on or answered, and reading ends.
func FuzzStream(f *testing.F) {
	f.Add([]byte("Content-Length: 2\r\n\r\n{}"))
	f.Add([]byte("content-length:3\nX: y\n\n[1]Content-Length: 0\r\n\r\n"))
	f.Add([]byte(frame(`{"jsonrpc":"2.0","method":"a"}`) + frame(`[{"jsonrpc":"2.0","id":1,"method":"b"}]`)))
	f.Fuzz(func(t *testing.T, input []byte) {
		var answers bytes.Buffer
		s := newStream(struct {
			io.Reader
			io.Writer
			io.Closer
		}{bytes.NewReader(input), &answers, nil}, slog.New(slog.DiscardHandler))
		for range len(input) + 1 {
			body, n, err := s.ReadFrame(t.Context())
			if err != nil {
				return
			}
			if int64(len(body)) != n || checkMessage(body) != nil {
				t.Fatalf("passed on: %q", body)
			}
		}
		t.Fatal("it does not end")
	})
}
