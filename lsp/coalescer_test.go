package lsp

import (
	"context"
	"log/slog"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// startGoroutines returns a server that can do nothing but run goroutines, until the test
// ends.
func startGoroutines(t *testing.T) *server {
	s := &server{log: slog.New(slog.DiscardHandler)}
	s.goroutines.start()
	t.Cleanup(func() { <-s.goroutines.stop() })
	return s
}

func TestCoalescer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := startGoroutines(t)
		begin := time.Now()
		type call struct {
			at   time.Duration
			keys []int
		}
		var calls []call
		c := newCoalescer(s, time.Second, func(_ context.Context, keys []int) {
			calls = append(calls, call{time.Since(begin), keys})
		})
		synctest.Wait()
		c.mark(1)
		synctest.Wait() // the first is sent at once
		for _, key := range []int{3, 2, 3, 3, 2, 1} {
			c.mark(key)
		}
		time.Sleep(10 * time.Second)
		c.mark(4)
		synctest.Wait()
		want := []call{{0, []int{1}}, {time.Second, []int{3, 2, 1}}, {10 * time.Second, []int{4}}}
		if !slices.EqualFunc(calls, want, func(a, b call) bool { return a.at == b.at && slices.Equal(a.keys, b.keys) }) {
			t.Errorf("calls %v, want %v", calls, want)
		}
	})
}

func TestCollector(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := startGoroutines(t)
		begin := time.Now()
		var calls []time.Duration
		c := newCollector(s, time.Second, func(_ context.Context, keys []string) {
			calls = append(calls, time.Since(begin))
			if len(keys) != 2 {
				t.Errorf("keys %v", keys)
			}
		})
		c.mark("a")
		time.Sleep(time.Second / 2)
		c.mark("b")
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if !slices.Equal(calls, []time.Duration{time.Second}) {
			t.Errorf("calls at %v", calls)
		}
	})
}

// TestPartsThatPanic checks that a panic in a part ends neither the others nor a
// coalescer.
func TestPartsThatPanic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := startGoroutines(t)
		told := 0
		s.addPart(panickingPart{})
		s.addPart(countingPart{&told})
		tell(s, func(l settingsListener) { l.settingsChanged() })
		if told != 1 {
			t.Errorf("the other part was told %d times", told)
		}
		calls := 0
		c := newCoalescer(s, 0, func(context.Context, []int) {
			calls++
			panic("send panics")
		})
		for range 3 {
			c.mark(1)
			synctest.Wait()
		}
		if calls != 3 {
			t.Errorf("send was called %d times", calls)
		}
	})
}

type panickingPart struct{}

func (panickingPart) settingsChanged() { panic("settingsChanged panics") }

type countingPart struct{ told *int }

func (p countingPart) settingsChanged() { *p.told++ }
