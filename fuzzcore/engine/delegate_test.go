package engine

import (
	"bytes"
	"testing"
)

// TestDelegate checks what a target's own mutator is given: a kept input, and another
// behind it.
func TestDelegate(t *testing.T) {
	e := New(Config{Schema: Schema{{Kind: Bytes}}, Edges: 8, MaxInput: 64, Mutates: true, Crosses: true})
	input := []byte("\x03\x00\x00\x00abc")
	if err := e.AddSeed(input); err != nil {
		t.Fatal(err)
	}
	slot := make([]byte, 64)
	kept := 0
	for range 1000 {
		ticket := e.Next(slot)
		if !ticket.Generated {
			counters := make([]byte, 8)
			counters[ticket.Len%8] = 1
			for _, event := range e.Observe(&Run{Data: slot[:ticket.Len], New: true, Counters: counters, Edges: 1}) {
				if event.Kind != Dropped {
					kept++
				}
			}
			continue
		}
		if !ticket.Mutate {
			e.Observe(&Run{Data: slot[:ticket.Len]}) // a substitution
			continue
		}
		rest := slot[ticket.Len:][:ticket.Donor]
		if ticket.Limit != 64 || ticket.Donor == 0 || !bytes.HasPrefix(input, slot[:4]) && ticket.Len != 4 || len(rest) < 4 {
			t.Fatalf("%+v: %q, %q", ticket, slot[:ticket.Len], rest)
		}
		e.Observe(&Run{Data: append([]byte("\x01\x00\x00\x00"), byte(ticket.Seed))})
	}
	if kept == 0 {
		t.Error("nothing was kept")
	}
}
