package lsp

import (
	"encoding/json"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"
)

// TestSettingsDocument holds docs/settings.md and the code together: the same settings in
// the same order, with the same defaults.
func TestSettingsDocument(t *testing.T) {
	page, err := os.ReadFile("../docs/settings.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := regexp.MustCompile("(?m)^\\| `fuzzls\\.([a-zA-Z.]+)` \\| `(.+?)` \\|").FindAllStringSubmatch(string(page), -1)
	if len(rows) != len(settingTable) {
		t.Fatalf("%d settings in the document, %d in the code", len(rows), len(settingTable))
	}
	var documented settings
	for i, row := range rows {
		if row[1] != settingTable[i].name {
			t.Errorf("the document has %s, the code %s", row[1], settingTable[i].name)
			continue
		}
		var value any
		if err := json.Unmarshal([]byte(row[2]), &value); err != nil {
			t.Errorf("%s: default %s: %v", row[1], row[2], err)
		} else if !settingTable[i].set(&documented, value) {
			t.Errorf("%s: the default %s is not accepted", row[1], row[2])
		}
	}
	if !reflect.DeepEqual(documented, defaultSettings()) {
		t.Errorf("the document's defaults are %+v, those of the code %+v", documented, defaultSettings())
	}
}

func TestParseSettings(t *testing.T) {
	s, complaints := parseSettings([]byte(`{
		"go": {"path": "/opt/go", "buildFlags": ["-tags=a,b", "-race"]},
		"env": {"B": "2", "A": "1=2"}, "scope": "all", "clang": {"path": "/opt/clang"}, "sanitizer": "none", "zig": {"path": "/opt/zig", "optimize": "Debug"}, "jobs": 3, "timeout": "1m30s",
		"memoryLimit": "512MiB", "rebuildOnSave": false, "inlayHints": false, "codeLens": null,
		"server.path": "not the server's business"}`))
	want := settings{
		GoPath: "/opt/go", BuildFlags: []string{"-tags=a,b", "-race"}, Env: []string{"A=1=2", "B=2"},
		Scope: "all", ClangPath: "/opt/clang", Sanitizer: "none", ZigPath: "/opt/zig", ZigOptimize: "Debug", Jobs: 3, Timeout: 90 * time.Second, MemoryLimit: 512 << 20, CodeLens: true,
	}
	if !reflect.DeepEqual(s, want) || len(complaints) > 0 {
		t.Errorf("%+v, complaints %q", s, complaints)
	}
	s, _ = parseSettings([]byte(`{"go.path": "/dotted"}`))
	if s.GoPath != "/dotted" {
		t.Errorf("dotted name: %q", s.GoPath)
	}
	for _, nothing := range []string{"", "null", "{}"} {
		if s, complaints := parseSettings([]byte(nothing)); !reflect.DeepEqual(s, defaultSettings()) || len(complaints) > 0 {
			t.Errorf("%q: %+v, complaints %q", nothing, s, complaints)
		}
	}
}

func TestBadSettings(t *testing.T) {
	for _, test := range []struct{ section, setting string }{
		{`[]`, "fuzzls"},
		{`{"go": {"path": 1}}`, "go.path"},
		{`{"go": {"buildFlags": "-race"}}`, "go.buildFlags"},
		{`{"go": {"buildFlags": ["-race", 1]}}`, "go.buildFlags"},
		{`{"env": ["A=1"]}`, "env"},
		{`{"env": {"A": 1}}`, "env"},
		{`{"env": {"A=B": "1"}}`, "env"},
		{`{"scope": ""}`, "scope"},
		{`{"clang": {"path": 1}}`, "clang.path"},
		{`{"sanitizer": "adress"}`, "sanitizer"},
		{`{"zig": {"path": 1}}`, "zig.path"},
		{`{"zig": {"optimize": "ReleaseFast"}}`, "zig.optimize"},
		{`{"jobs": 1.5}`, "jobs"},
		{`{"jobs": -1}`, "jobs"},
		{`{"jobs": 1e30}`, "jobs"},
		{`{"timeout": 10}`, "timeout"},
		{`{"timeout": "-1s"}`, "timeout"},
		{`{"memoryLimit": "lots"}`, "memoryLimit"},
		{`{"rebuildOnSave": "yes"}`, "rebuildOnSave"},
		{`{"inlayHints": 1}`, "inlayHints"},
		{`{"codeLens": {"enable": "` + strings.Repeat("long ", 100) + `"}}`, "codeLens"},
	} {
		s, complaints := parseSettings([]byte(test.section))
		if !reflect.DeepEqual(s, defaultSettings()) {
			t.Errorf("%s: not the defaults: %+v", test.section, s)
		}
		if len(complaints) != 1 || !strings.Contains(complaints[0], test.setting+" is ") && test.setting != "fuzzls" ||
			!strings.Contains(complaints[0], "expected ") || len(complaints[0]) > 250 {
			t.Errorf("%s: complaints %q", test.section, complaints)
		}
	}
}

func FuzzParseSettings(f *testing.F) {
	f.Add([]byte(`{"go": {"path": "x"}, "jobs": 1, "timeout": "1s", "env": {"A": "b"}}`))
	f.Fuzz(func(t *testing.T, section []byte) {
		s, complaints := parseSettings(section)
		if s.Timeout <= 0 || s.MemoryLimit <= 0 || s.Jobs < 0 || s.Jobs > maxJobs || s.Scope == "" {
			t.Errorf("%+v", s)
		}
		if len(complaints) > len(settingTable) {
			t.Errorf("%d complaints", len(complaints))
		}
		s.live()
	})
}
