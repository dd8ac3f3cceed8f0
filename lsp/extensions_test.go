package lsp

import (
	"log/slog"
	"maps"
	"net"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// This file holds docs/lsp-extensions.md and the code together, both ways.

// wireTypes are the messages that the document describes under their own names.
var wireTypes = []any{
	CoverageParams{}, CoverageDocument{}, CoverageSplice{}, CoverageSummary{}, StatusParams{}, WorkspaceStatus{}, TestStatus{},
	TestFigures{}, CrashesParams{}, CrashEntry{}, CrashFrame{}, FilesResult{}, FileEntry{}, NewestResult{}, HistoryParams{},
	HistoryResult{}, LinesParams{}, ReproducerParams{}, ReproducerResult{}, ReproducerValue{}, AskedValue{},
}

// wireMessages returns the types of all messages, by the names that the document gives them.
func wireMessages() map[string]reflect.Type {
	all := map[string]reflect.Type{
		"ReplayResult": reflect.TypeFor[replayed](), "MakeTestResult": reflect.TypeFor[madeTest](), "MinimizeResult": reflect.TypeFor[minimized](),
	}
	for _, message := range wireTypes {
		all[reflect.TypeOf(message).Name()] = reflect.TypeOf(message)
	}
	return all
}

// wireField is a field as JSON has it.
type wireField struct {
	name     string
	optional bool
}

// fieldsOf returns the fields of a message, those of embedded structs included.
func fieldsOf(t reflect.Type) (fields []wireField) {
	for f := range t.Fields() {
		if f.Anonymous {
			fields = append(fields, fieldsOf(f.Type)...)
			continue
		}
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		fields = append(fields, wireField{name, options != ""})
	}
	return fields
}

func documentOfExtensions(t *testing.T) string {
	document, err := os.ReadFile("../docs/lsp-extensions.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(document)
}

func TestDocumentedInterfaces(t *testing.T) {
	documented := map[string][]wireField{}
	field := regexp.MustCompile(`(?m)^  (\w+)(\??):`)
	for _, m := range regexp.MustCompile(`(?ms)^interface (\w+) \{\n(.*?)^\}`).FindAllStringSubmatch(documentOfExtensions(t), -1) {
		var fields []wireField
		for _, f := range field.FindAllStringSubmatch(m[2], -1) {
			fields = append(fields, wireField{f[1], f[2] == "?"})
		}
		documented[m[1]] = fields
	}
	checkInitializationOptions(t, documented["InitializationOptions"])
	delete(documented, "InitializationOptions")
	for name, message := range wireMessages() {
		if got, want := documented[name], fieldsOf(message); !slices.Equal(got, want) {
			t.Errorf("%s: the document has %v, the code %v", name, got, want)
		}
		delete(documented, name)
	}
	if len(documented) > 0 {
		t.Errorf("the document describes %v, which are not in the code", slices.Collect(maps.Keys(documented)))
	}
}

// checkInitializationOptions tests that the fields are those that options.go reads.
func checkInitializationOptions(t *testing.T, fields []wireField) {
	source, err := os.ReadFile("options.go")
	if err != nil {
		t.Fatal(err)
	}
	options := regexp.MustCompile(`(?s)var o struct \{(.*?)\n\t\}`).FindString(string(source))
	var documented, read []string
	for _, f := range fields {
		documented = append(documented, f.name)
	}
	for _, m := range regexp.MustCompile("`json:\"(\\w+)\"`").FindAllStringSubmatch(options, -1) {
		read = append(read, m[1])
	}
	if !slices.Equal(documented, read) {
		t.Errorf("the document has the initialization options %v, the code reads %v", documented, read)
	}
}

func TestDocumentedStates(t *testing.T) {
	document := documentOfExtensions(t)
	states := regexp.MustCompile(`(?m)^  (\w+) = (\d),? `).FindAllStringSubmatch(document, -1)
	want := map[string]LineState{"None": LineNone, "Uncovered": LineUncovered, "Partly": LinePartly, "Covered": LineCovered, "Stale": LineStale}
	for _, s := range states {
		if state, ok := want[s[1]]; !ok || s[2] != string(rune('0'+state)) {
			t.Errorf("the document has %s = %s, the code %d", s[1], s[2], state)
		}
	}
	if len(states) != len(want) {
		t.Errorf("the document has %d states, the code %d", len(states), len(want))
	}
	for field, values := range map[string][]string{
		"state": slices.Collect(maps.Values(testStates)), "status": slices.Collect(maps.Values(crashStatuses)),
	} {
		line := regexp.MustCompile(`(?m)^  ` + field + `: (".*?);`).FindStringSubmatch(document)
		if line == nil {
			t.Errorf("the document has no %s", field)
			continue
		}
		got := strings.Split(strings.ReplaceAll(line[1], `"`, ""), " | ")
		if !slices.Equal(slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(values))) {
			t.Errorf("%s: the document has %v, the code %v", field, got, values)
		}
	}
}

func TestDocumentedMethods(t *testing.T) {
	documented := map[string]bool{}
	for _, m := range regexp.MustCompile("fuzzls/[a-zA-Z]+").FindAllString(documentOfExtensions(t), -1) {
		documented[m] = true
	}
	s := testServer(t)
	want := append(slices.Collect(maps.Keys(s.requests)), methodCoverage)
	if got := slices.Sorted(maps.Keys(documented)); !slices.Equal(got, slices.Sorted(slices.Values(want))) {
		t.Errorf("the document has %v, the code %v", got, slices.Sorted(slices.Values(want)))
	}
}

func TestDocumentedCommands(t *testing.T) {
	var documented []string
	for _, m := range regexp.MustCompile("(?m)^\\| `(fuzzls\\.[a-zA-Z]+)`").FindAllStringSubmatch(documentOfExtensions(t), -1) {
		documented = append(documented, m[1])
	}
	if got, want := slices.Sorted(slices.Values(documented)), testServer(t).commandNames(); !slices.Equal(got, want) {
		t.Errorf("the document has %v, the code %v", got, want)
	}
}

// testServer makes a server that is not connected to anyone.
func testServer(t *testing.T) *server {
	client, other := net.Pipe()
	log := slog.New(slog.DiscardHandler)
	s := newServer(Config{Log: log}, newStream(other, log))
	t.Cleanup(func() {
		client.Close()
		<-s.goroutines.stop()
	})
	return s
}
