package zigtest

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/fuzzls/fuzzls/fuzzcore/abi"
)

// This file defines what is said to a child and how it is heard.

// tell gives the owner an event. It reports false if nobody listens any more.
func (c *Child) tell(e Event) bool {
	select {
	case c.events <- e:
		return true
	case <-c.unheard:
		return false
	}
}

// write writes to the child's stdin: what to do, when that is known, then inputs.
func (c *Child) write() {
	var frame []byte
	for starting := true; starting; {
		select {
		case frame = <-c.first:
		case <-c.exited:
			return
		}
		if _, err := c.stdin.Write(frame); err != nil {
			return
		}
		starting = abi.Tag(frame[0]) != abi.TagStartFuzzing
	}
	for {
		select {
		case body := <-c.inputs:
			frame = abi.AppendMessage(frame[:0], abi.TagNewFuzzInput, body)
			if _, err := c.stdin.Write(frame); err != nil {
				return
			}
		case <-c.exited:
			return
		}
	}
}

// read takes the child's messages until its stdout ends. An error means that it does not
// speak the protocol.
func (c *Child) read() error {
	reader := bufio.NewReader(c.stdout)
	form := FormNames
	for first := true; ; first = false {
		tag, body, err := abi.ReadMessage(reader)
		if errors.Is(err, io.EOF) || errors.Is(err, os.ErrDeadlineExceeded) {
			return nil
		}
		if errors.Is(err, abi.ErrMessageCut) {
			return nil // it has died while it wrote
		}
		if err == nil && first != (tag == abi.TagZigVersion) {
			err = fmt.Errorf("tag %#x where zig_version comes first", uint32(tag))
		}
		var e Event
		if err == nil {
			e, err = c.event(form, tag, body)
		}
		if err == nil && first {
			form = FormOf(e.Version)
			err = c.begin(form)
		}
		if err == nil && tag == abi.TagTestMetadata && len(c.config.Start.Names) > 0 {
			err = c.fuzz(form, e.Tests)
		}
		if err != nil {
			return fmt.Errorf("%s does not speak as a fuzz executable of Zig does (a fuzz test must not print to standard output): %w", c.config.Exe, err)
		}
		if !c.tell(e) {
			return nil
		}
	}
}

// begin sends the first message to a child of this form.
func (c *Child) begin(form Form) error {
	if len(c.config.Start.Names) == 0 {
		frame := abi.AppendMessage(nil, abi.TagQueryTestMetadata, nil)
		c.first <- abi.AppendMessage(frame, abi.TagExit, nil)
		return nil
	}
	if form.needsMetadata() {
		c.first <- abi.AppendMessage(nil, abi.TagQueryTestMetadata, nil)
		return nil
	}
	return c.fuzz(form, nil)
}

// fuzz sends start_fuzzing. tests are the names in the test metadata, for forms that need
// them.
func (c *Child) fuzz(form Form, tests []string) error {
	body, err := form.startBody(c.config.Start, tests)
	if err == nil {
		c.first <- abi.AppendMessage(nil, abi.TagStartFuzzing, body)
	}
	return err
}

// event decodes a message and checks what it says.
func (c *Child) event(form Form, tag abi.Tag, body []byte) (Event, error) {
	e := Event{Tag: tag}
	var err error
	switch tag {
	case abi.TagZigVersion:
		e.Version = string(body)
	case abi.TagTestMetadata:
		var m abi.TestMetadata
		m, err = abi.DecodeTestMetadata(body)
		e.Tests = m.Names
	case abi.TagCoverageID:
		e.Coverage, err = form.coverageID(body)
	case abi.TagFuzzStartAddr:
		var m abi.FuzzStartAddr
		m, err = abi.DecodeFuzzStartAddr(body)
		e.Addr = m.Addr
	case abi.TagFuzzTestChange:
		var m abi.FuzzTestChange
		m, err = abi.DecodeFuzzTestChange(body)
		e.Test = m.Test
	case abi.TagBroadcastFuzzInput:
		var m abi.FuzzInput
		m, err = abi.DecodeFuzzInput(body)
		e.Test, e.Input = m.Test, m.Data
	default:
		err = fmt.Errorf("tag %#x is unknown", uint32(tag))
	}
	if n := len(c.config.Start.Names); err == nil && e.Test != 0 && int64(e.Test) >= int64(n) {
		err = fmt.Errorf("fuzz test %d of %d", e.Test, n)
	}
	return e, err
}
