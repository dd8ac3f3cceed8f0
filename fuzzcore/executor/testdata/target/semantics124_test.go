//go:build go1.24

package target

import (
	"context"
	"os"
	"strings"
	"testing"
)

func init() {
	var last context.Context
	var home string
	more = func(t *testing.T, name, s string) {
		switch way, arg, _ := strings.Cut(s, " "); way {
		case "context":
			if err := t.Context().Err(); err != nil {
				t.Fatal(err)
			}
			last = t.Context()
		case "context-done":
			if last == nil || last.Err() == nil {
				t.Fatal("the context of the input before is not done")
			}
		case "chdir":
			home, _ = os.Getwd()
			t.Chdir(arg)
		case "chdir-back":
			if dir, _ := os.Getwd(); dir != home {
				t.Fatal("still in ", dir)
			}
		}
	}
}
