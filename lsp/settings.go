package lsp

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/fuzzls/fuzzls/fuzzcore/live"
	"github.com/fuzzls/fuzzls/fuzzcore/supervisor"
	"github.com/fuzzls/fuzzls/fuzzcore/target"
)

// This file defines the settings: their names, what they may be, and how they are read.
// docs/settings.md explains them to users; a test holds the two together.

// settings are the user's; documented in docs/settings.md.
type settings struct {
	GoPath     string
	BuildFlags []string
	// Env holds "key=value", sorted.
	Env           []string
	Scope         string
	ClangPath     string
	Sanitizer     string
	ZigPath       string
	ZigOptimize   string
	Jobs          int
	Timeout       time.Duration
	MemoryLimit   int64
	RebuildOnSave bool
	InlayHints    bool
	CodeLens      bool
}

func defaultSettings() settings {
	return settings{
		Scope: "module", Sanitizer: target.Sanitizers[0], ZigOptimize: target.ZigOptimize[0], Timeout: 10 * time.Second, MemoryLimit: 2 << 30,
		RebuildOnSave: true, InlayHints: true, CodeLens: true,
	}
}

// live returns what workspaces are told.
func (s settings) live() live.Settings {
	return live.Settings{
		Tools: target.Tools{
			Env:   s.Env,
			Go:    target.GoTool{Path: s.GoPath, Flags: s.BuildFlags, Scope: s.Scope},
			Clang: target.ClangTool{Path: s.ClangPath, Sanitizer: s.Sanitizer},
			Zig:   target.ZigTool{Path: s.ZigPath, Optimize: s.ZigOptimize},
		},
		Jobs: s.Jobs, Timeout: s.Timeout, MemoryLimit: s.MemoryLimit,
	}
}

// findsAs reports whether the same fuzz tests are found with other settings.
func (s settings) findsAs(other settings) bool {
	return s.GoPath == other.GoPath && slices.Equal(s.BuildFlags, other.BuildFlags) && slices.Equal(s.Env, other.Env) &&
		s.ClangPath == other.ClangPath
}

// setting is one setting.
type setting struct {
	// name is below "fuzzls.", such as "go.path".
	name string
	// expects completes "expected …".
	expects string
	// set reads the value, and reports false if it is not what is expected.
	set func(s *settings, value any) bool
}

var settingTable = []setting{
	{"go.path", `the go command as a string, "" for the one on PATH`, func(s *settings, v any) bool {
		return assign(&s.GoPath, v)
	}},
	{"go.buildFlags", `flags of "go build" as an array of strings, such as ["-tags=integration"]`, func(s *settings, v any) bool {
		return assignStrings(&s.BuildFlags, v)
	}},
	{"env", `environment variables as an object of strings, such as {"GOFLAGS": "-mod=mod"}`, func(s *settings, v any) bool {
		return assignEnv(&s.Env, v)
	}},
	{"scope", `"module", "all", or import path patterns separated by commas`, func(s *settings, v any) bool {
		return assign(&s.Scope, v) && s.Scope != ""
	}},
	{"clang.path", `the clang command as a string, "" for the newest on PATH`, func(s *settings, v any) bool {
		return assign(&s.ClangPath, v)
	}},
	{"sanitizer", `one of "` + strings.Join(target.Sanitizers, `", "`) + `"`, func(s *settings, v any) bool {
		return assign(&s.Sanitizer, v) && slices.Contains(target.Sanitizers, s.Sanitizer)
	}},
	{"zig.path", `the zig command as a string, "" for the one on PATH`, func(s *settings, v any) bool {
		return assign(&s.ZigPath, v)
	}},
	{"zig.optimize", `one of "` + strings.Join(target.ZigOptimize, `", "`) + `"`, func(s *settings, v any) bool {
		return assign(&s.ZigOptimize, v) && slices.Contains(target.ZigOptimize, s.ZigOptimize)
	}},
	{"jobs", fmt.Sprintf("a whole number from 0 (half of the processors) to %d", maxJobs), func(s *settings, v any) bool {
		n, ok := v.(float64)
		s.Jobs = int(n)
		return ok && n >= 0 && n <= maxJobs && n == math.Trunc(n)
	}},
	{"timeout", `a time above zero as a string, such as "10s" or "500ms"`, func(s *settings, v any) bool {
		text, _ := v.(string)
		var err error
		s.Timeout, err = time.ParseDuration(text)
		return err == nil && s.Timeout > 0
	}},
	{"memoryLimit", `an amount of memory as a string, such as "512MiB" or "2GiB"`, func(s *settings, v any) bool {
		text, _ := v.(string)
		var err error
		s.MemoryLimit, err = supervisor.ParseMemory(text)
		return err == nil
	}},
	{"rebuildOnSave", "true or false", func(s *settings, v any) bool { return assign(&s.RebuildOnSave, v) }},
	{"inlayHints", "true or false", func(s *settings, v any) bool { return assign(&s.InlayHints, v) }},
	{"codeLens", "true or false", func(s *settings, v any) bool { return assign(&s.CodeLens, v) }},
}

// maxJobs bounds jobs: more than the processors of most machines; a larger number is
// rather a slip.
const maxJobs = 256

// parseSettings reads a section "fuzzls". Settings that are missing or null, or not what
// is expected, have their defaults; complaints are sentences about the latter. Names may
// be nested, as VS Code sends them, or dotted, as people write them.
func parseSettings(section []byte) (s settings, complaints []string) {
	s = defaultSettings()
	if len(section) == 0 || string(section) == "null" {
		return s, nil
	}
	var values map[string]any
	if err := json.Unmarshal(section, &values); err != nil {
		return s, []string{"fuzzls: expected settings as an object; the defaults are used"}
	}
	for _, setting := range settingTable {
		value := lookUp(values, setting.name)
		if value == nil {
			continue
		}
		changed := s
		if setting.set(&changed, value) {
			s = changed
			continue
		}
		complaints = append(complaints, fmt.Sprintf("fuzzls.%s is %s: expected %s; the default is used",
			setting.name, shorten(value), setting.expects))
	}
	return s, complaints
}

// lookUp returns the value with a dotted name; nil if there is none.
func lookUp(values map[string]any, name string) any {
	if v, ok := values[name]; ok {
		return v
	}
	outer, inner, ok := strings.Cut(name, ".")
	if !ok {
		return nil
	}
	nested, _ := values[outer].(map[string]any)
	return nested[inner]
}

// shorten renders a value for a message.
func shorten(value any) string {
	// What was decoded from JSON can be encoded.
	text, _ := json.Marshal(value)
	if len(text) > 60 {
		return strings.ToValidUTF8(string(text[:60]), "") + "…"
	}
	return string(text)
}

// assign sets to if value has its type.
func assign[T any](to *T, value any) bool {
	v, ok := value.(T)
	if ok {
		*to = v
	}
	return ok
}

func assignStrings(to *[]string, value any) bool {
	list, ok := value.([]any)
	if !ok {
		return false
	}
	*to = nil
	for _, v := range list {
		text, ok := v.(string)
		if !ok {
			return false
		}
		*to = append(*to, text)
	}
	return true
}

func assignEnv(to *[]string, value any) bool {
	object, ok := value.(map[string]any)
	if !ok {
		return false
	}
	*to = nil
	for name, v := range object {
		text, ok := v.(string)
		if !ok || name == "" || strings.ContainsAny(name, "=\x00") || strings.Contains(text, "\x00") {
			return false
		}
		*to = append(*to, name+"="+text)
	}
	slices.Sort(*to)
	return true
}
