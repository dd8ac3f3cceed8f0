package supervisor

import (
	"bufio"
	"errors"
	"fmt"
	"io"

	"github.com/fuzzls/fuzzls/fuzzcore/abi"
)

// This file defines what the supervisor does with the messages of a worker.

// read takes the worker's messages until its stdout ends. An error means that the
// worker does not speak the protocol.
func (w *instance) read(stdout io.Reader) error {
	reader := bufio.NewReader(stdout)
	for {
		tag, body, err := abi.ReadMessage(reader)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = w.handle(tag, body)
		}
		if err != nil {
			return fmt.Errorf("its messages make no sense: %w", err)
		}
	}
}

func (w *instance) handle(tag abi.Tag, body []byte) error {
	switch tag {
	case abi.TagBroadcastFuzzInput:
		return w.relay(body)
	case abi.TagCrash:
		return w.crash(body)
	case abi.TagCrashAgain:
		return w.crashAgain(body)
	case abi.TagNotice:
		notice, err := abi.DecodeNotice(body)
		if err == nil {
			w.campaign.notice("%s", notice.Text)
		}
		return err
	case abi.TagZigVersion:
		return nil
	case abi.TagCoverageID:
		_, err := abi.DecodeCoverageID(body)
		return err
	case abi.TagFuzzStartAddr:
		_, err := abi.DecodeFuzzStartAddr(body)
		return err
	case abi.TagFuzzTestChange:
		change, err := abi.DecodeFuzzTestChange(body)
		if err == nil {
			_, err = w.testOf(change.Test)
		}
		return err
	}
	return fmt.Errorf("tag %#x is unknown", uint32(tag))
}

// relay passes an input on to the other workers. All of them know the same list of
// fuzz tests, so the body goes out as it came in. In limited mode nobody shares a
// fuzz test.
func (w *instance) relay(body []byte) error {
	input, err := abi.DecodeFuzzInput(body)
	if err != nil {
		return err
	}
	if _, err := w.testOf(input.Test); err != nil {
		return err
	}
	if w.campaign.config.limited() {
		return nil
	}
	frame := abi.AppendMessage(nil, abi.TagNewFuzzInput, body)
	for _, other := range w.campaign.workers {
		if other != w {
			other.send(frame)
		}
	}
	return nil
}

func (w *instance) crash(body []byte) error {
	crash, err := abi.DecodeCrash(body)
	if err != nil {
		return err
	}
	i, err := w.testOf(crash.Test)
	if err != nil {
		return err
	}
	w.campaign.crashes.add(i, &crash)
	return nil
}

func (w *instance) crashAgain(body []byte) error {
	again, err := abi.DecodeCrashAgain(body)
	if err != nil {
		return err
	}
	i, err := w.testOf(again.Test)
	if err != nil {
		return err
	}
	w.campaign.crashes.again(i, again.Signature, uint64(again.Count))
	return nil
}

// testOf returns the campaign's index of the worker's fuzz test i.
func (w *instance) testOf(i uint32) (int, error) {
	if int64(i) >= int64(len(w.share.tests)) {
		return 0, fmt.Errorf("fuzz test %d of %d", i, len(w.share.tests))
	}
	return w.share.tests[i], nil
}
