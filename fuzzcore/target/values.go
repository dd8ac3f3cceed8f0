package target

import (
	"strconv"
	"strings"

	"github.com/fuzzls/fuzzls/fuzzcore/target/golang/gocorpus"
)

// This file defines how the values of an input are shown to people.

// Value is one argument of a fuzz test.
type Value struct {
	// Type is its type in the fuzz test's language.
	Type string
	// Text is an expression of the language; of bytes without a type, a string in quotes.
	Text string
	// Bytes is the content of a string or of bytes; nil for other values.
	Bytes []byte
}

// InputValues returns the values in the file of an input of a fuzz test in a language.
func InputValues(language string, file []byte) ([]Value, error) {
	if language != Go {
		return []Value{{Type: "bytes", Text: strconv.QuoteToASCII(string(file)), Bytes: file}}, nil
	}
	expressions, err := gocorpus.Expressions(file)
	if err != nil {
		return nil, err
	}
	values := make([]Value, len(expressions))
	for i, e := range expressions {
		values[i] = Value{Type: e.Type, Text: e.Text, Bytes: bytesOf(e)}
	}
	return values, nil
}

// bytesOf returns the content of a string or []byte; nil for other values.
func bytesOf(v gocorpus.Expression) []byte {
	quoted := v.Text
	switch v.Type {
	case "string":
	case "[]byte":
		quoted = strings.TrimSuffix(strings.TrimPrefix(quoted, "[]byte("), ")")
	default:
		return nil
	}
	content, err := strconv.Unquote(quoted)
	if err != nil {
		return nil
	}
	return []byte(content)
}
