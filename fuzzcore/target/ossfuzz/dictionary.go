package ossfuzz

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/fuzzls/fuzzls/fuzzcore/engine"
)

// This file reads dictionaries in the form that AFL and libFuzzer share: lines such as
//
//	# comment
//	name="text\x00\"\\"
//	name@2="for AFL's -x with level 2"
//	"without a name"

// maxDictionary bounds the size of a dictionary: the longest of OSS-Fuzz have some
// hundred KiB.
const maxDictionary = 16 << 20

// ReadDictionary reads a dictionary file. The error names the line that makes no sense;
// the tokens before it are returned.
func ReadDictionary(path string) ([]engine.Token, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("reading a dictionary: %w", err)
	}
	if info.Size() > maxDictionary {
		return nil, fmt.Errorf("dictionary %s has %d bytes: the most is %d", path, info.Size(), maxDictionary)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading a dictionary: %w", err)
	}
	tokens, line, err := parseDictionary(data)
	if err != nil {
		return tokens, fmt.Errorf("%s:%d: %w", path, line, err)
	}
	return tokens, nil
}

// parseDictionary returns the tokens of a dictionary, up to the line that makes no sense.
func parseDictionary(data []byte) (tokens []engine.Token, line int, err error) {
	for text := range bytes.Lines(data) {
		line++
		token, err := parseEntry(strings.TrimSpace(string(text)))
		if err != nil {
			return tokens, line, err
		}
		if len(token) > 0 {
			tokens = append(tokens, engine.Token{Kind: engine.Bytes, Text: token})
		}
	}
	return tokens, line, nil
}

// parseEntry returns the bytes of one line, none for a comment.
func parseEntry(line string) ([]byte, error) {
	if line == "" || line[0] == '#' {
		return nil, nil
	}
	open := strings.IndexByte(line, '"')
	if open < 0 || len(line) < open+2 || line[len(line)-1] != '"' {
		return nil, fmt.Errorf("expected name=\"text\", got %q", line)
	}
	if name := strings.TrimSpace(line[:open]); name != "" && !strings.HasSuffix(name, "=") {
		return nil, fmt.Errorf("expected = before the text, got %q", line)
	}
	return unescape(line[open+1 : len(line)-1])
}

// unescape replaces \\, \" and \xNN; other escapes are those of C.
func unescape(s string) ([]byte, error) {
	var out []byte
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' {
			out = append(out, s[i])
			continue
		}
		i++
		switch {
		case i == len(s):
			return nil, fmt.Errorf("the text ends with a single \\: write \\\\")
		case s[i] == '\\', s[i] == '"':
			out = append(out, s[i])
		case s[i] == 'n':
			out = append(out, '\n')
		case s[i] == 'r':
			out = append(out, '\r')
		case s[i] == 't':
			out = append(out, '\t')
		case s[i] == 'x' && i+2 < len(s):
			value, err := strconv.ParseUint(s[i+1:i+3], 16, 8)
			if err != nil {
				return nil, fmt.Errorf("\\x%s: expected two hexadecimal digits", s[i+1:i+3])
			}
			out = append(out, byte(value))
			i += 2
		default:
			return nil, fmt.Errorf("\\%c: expected \\\\, \\\" or \\xNN", s[i])
		}
	}
	return out, nil
}
