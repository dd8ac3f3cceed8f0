package lsp

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"strings"

	"go.lsp.dev/jsonrpc2"
	"go.lsp.dev/protocol"
)

// This file defines how messages are read and written: LSP's base protocol, with limits
// and with answers to what is no message.

const (
	// maxMessage is the longest message that is read: far more than the largest source
	// file, and what a machine can hold.
	maxMessage = 256 << 20
	// keptMessage is the size up to which the buffer of a message is used again; one
	// large file should not hold its memory for good.
	keptMessage = 1 << 20
)

// errFraming is the error for bytes in which no next message can be found.
var errFraming = errors.New("what came on stdin is not the language server protocol")

// stream reads and writes messages. It answers well framed messages that are not
// JSON-RPC with an error and goes on with the next; other garbage ends it.
type stream struct {
	// The library writes; it serializes writers.
	jsonrpc2.Stream
	in   *bufio.Reader
	body bytes.Buffer
	log  *slog.Logger
}

func newStream(rw io.ReadWriteCloser, log *slog.Logger) *stream {
	return &stream{Stream: jsonrpc2.NewHeaderStream(rw), in: bufio.NewReader(rw), log: log}
}

// ReadFrame returns the body of the next message, valid until the next call, and the
// number of bytes that it took. The connection calls it instead of Read.
func (s *stream) ReadFrame(ctx context.Context) ([]byte, int64, error) {
	for {
		length, err := s.readHeader()
		if err != nil {
			return nil, 0, err
		}
		if s.body.Cap() > keptMessage {
			s.body = bytes.Buffer{}
		}
		s.body.Reset()
		if _, err := io.CopyN(&s.body, s.in, length); err != nil {
			return nil, 0, fmt.Errorf("%w: it ended within a message", errFraming)
		}
		err = checkMessage(s.body.Bytes())
		if err == nil {
			return s.body.Bytes(), length, nil
		}
		s.log.Warn("a message is not JSON-RPC", "error", err, "bytes", length)
		// Only a client that waits for its answers may hold up the reading.
		if _, err := s.Write(ctx, jsonrpc2.NewResponse(jsonrpc2.ID{}, nil, err)); err != nil {
			return nil, 0, err
		}
	}
}

// WriteFrame writes a message that is encoded already.
func (s *stream) WriteFrame(ctx context.Context, data []byte) (int64, error) {
	return s.Stream.(interface {
		WriteFrame(ctx context.Context, data []byte) (int64, error)
	}).WriteFrame(ctx, data)
}

// readHeader reads the header of a message and returns the length of its body. The
// error is io.EOF if there is no further message.
func (s *stream) readHeader() (length int64, err error) {
	length = -1
	for lines := 0; ; lines++ {
		line, err := s.in.ReadSlice('\n')
		switch {
		case err == io.EOF && len(line) == 0 && lines == 0:
			return 0, io.EOF
		case err == bufio.ErrBufferFull:
			return 0, fmt.Errorf("%w: a header line does not end", errFraming)
		case err != nil:
			return 0, fmt.Errorf("%w: it ended within a header", errFraming)
		}
		field := strings.TrimRight(string(line), "\r\n")
		if field == "" {
			break
		}
		name, value, ok := strings.Cut(field, ":")
		if !ok {
			return 0, fmt.Errorf("%w: %.40q is no header", errFraming, field)
		}
		if !strings.EqualFold(name, "Content-Length") {
			continue
		}
		length, err = strconv.ParseInt(strings.TrimSpace(value), 10, 64)
		if err != nil || length < 0 || length > maxMessage {
			return 0, fmt.Errorf("%w: Content-Length is %.40q", errFraming, value)
		}
	}
	if length < 0 {
		return 0, fmt.Errorf("%w: a header has no Content-Length", errFraming)
	}
	return length, nil
}

// checkMessage returns the error to answer if body is not JSON-RPC.
func checkMessage(body []byte) error {
	body = bytes.TrimLeft(body, " \t\r\n")
	var err error
	if len(body) > 0 && body[0] == '[' {
		_, err = jsonrpc2.ParseRequests(body)
	} else {
		_, err = jsonrpc2.DecodeMessage(body)
	}
	if err == nil {
		return nil
	}
	if wire := (*jsonrpc2.Error)(nil); errors.As(err, &wire) {
		return err
	}
	return jsonrpc2.NewError(jsonrpc2.ParseError, err.Error())
}

// codec converts parameters and results with the protocol's rules.
type codec struct{}

func (codec) Marshal(v any) ([]byte, error) {
	if raw, ok := v.(jsonrpc2.RawMessage); ok && raw != nil {
		return raw, nil
	}
	return protocol.Marshal(v)
}

func (codec) Unmarshal(data []byte, v any) error {
	if raw, ok := v.(*jsonrpc2.RawMessage); ok {
		*raw = bytes.Clone(data)
		return nil
	}
	return protocol.Unmarshal(data, v)
}
