package store

import (
	"cmp"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode"
)

// This file defines how names of targets, fuzz tests and signatures become file
// names.

// maxElement is the longest file name made, in bytes: most file systems take
// 255, and an extension is to be added.
const maxElement = 200

// more ends the file name of a folder that holds the rest of a longer name. A
// percent sign elsewhere is always followed by two digits.
const more = "%"

// escape turns any string into a relative path that is readable, valid on every
// file system and different from that of any other string even where upper and
// lower case are the same:
//
//   - '/' becomes '+';
//   - ASCII letters, digits and "-_.~" stay, except '.' at either end;
//   - every other byte becomes '%' and two lower-case hexadecimal digits;
//   - if there are upper-case letters, ',' and a bit for each character follow,
//     set for upper case: one hexadecimal digit for every four characters, the
//     first character in the lowest bit, without zeros at the end;
//   - a result of more than maxElement bytes is cut into nested folders, whose
//     names end in '%'; the empty string is "%".
func escape(name string) string {
	if name == "" {
		return more
	}
	var body []byte
	var upper []byte // one value of 0 to 15 for every four bytes of body
	for i := range len(name) {
		c := name[i]
		switch {
		case c >= 'A' && c <= 'Z':
			at := len(body) / 4
			upper = append(upper, make([]byte, max(0, at+1-len(upper)))...)
			upper[at] |= 1 << (len(body) % 4)
			body = append(body, c)
		case c == '/':
			body = append(body, '+')
		case isPlain(c) && (c != '.' || i > 0 && i < len(name)-1):
			body = append(body, c)
		default:
			body = fmt.Appendf(body, "%%%02x", c)
		}
	}
	if len(upper) > 0 {
		body = append(body, ',')
	}
	for _, digit := range upper {
		body = fmt.Appendf(body, "%x", digit)
	}
	return cut(string(body))
}

func isPlain(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || strings.IndexByte("-_.~", c) >= 0
}

// cut makes a path of names of at most maxElement bytes.
func cut(escaped string) string {
	var path string
	for len(escaped) > maxElement {
		path += escaped[:maxElement-len(more)] + more + "/"
		escaped = escaped[maxElement-len(more):]
	}
	return filepath.FromSlash(path + escaped)
}

// unescape is the inverse of escape, on a path whose folders have been joined
// without their last '%'. It takes letters of any case, as a file system may
// have changed it, and refuses what escape does not make.
func unescape(escaped string) (string, error) {
	if escaped == more {
		return "", nil
	}
	if strings.ContainsFunc(escaped, func(r rune) bool { return r > unicode.MaxASCII }) {
		return "", notEscaped(escaped)
	}
	body, upper, _ := strings.Cut(strings.ToLower(escaped), ",")
	var name []byte
	for i := 0; i < len(body); i++ {
		switch c := body[i]; {
		case c == '+':
			name = append(name, '/')
		case c == '%' && i+2 < len(body):
			b, err := hex.DecodeString(body[i+1 : i+3])
			if err != nil {
				return "", notEscaped(escaped)
			}
			name = append(name, b...)
			i += 2
		case isUpper(upper, i):
			name = append(name, strings.ToUpper(body[i:i+1])...)
		default:
			name = append(name, c)
		}
	}
	if again := escape(string(name)); !strings.EqualFold(again, cut(escaped)) {
		return "", notEscaped(escaped)
	}
	return string(name), nil
}

// isUpper tells whether the bit of character i is set in the digits that escape
// adds.
func isUpper(digits string, i int) bool {
	if i/4 >= len(digits) {
		return false
	}
	digit := strings.IndexByte("0123456789abcdef", digits[i/4])
	return digit >= 0 && digit>>(i%4)&1 != 0
}

func notEscaped(name string) error {
	return fmt.Errorf("%q is not a name that fuzzls makes", name)
}

// A namedPath is a file or folder with an escaped name.
type namedPath struct{ name, path string }

// namesIn lists what was created in a folder as escape(name) + extension,
// sorted by name: files, or folders if extension is "". Everything else is
// ignored, and so is a folder that does not exist.
func namesIn(dir, extension string) ([]namedPath, error) {
	found, err := namesBelow(dir, extension, "")
	slices.SortFunc(found, func(a, b namedPath) int { return cmp.Compare(a.name, b.name) })
	return found, err
}

// namesBelow lists a folder that holds the rest of names that begin with prefix.
func namesBelow(dir, extension, prefix string) ([]namedPath, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, ignoreMissing(explain("reading", dir, err))
	}
	var found []namedPath
	for _, entry := range entries {
		path := filepath.Join(dir, entry.Name())
		start, isMore := strings.CutSuffix(entry.Name(), more)
		if isMore && start != "" && entry.IsDir() {
			rest, err := namesBelow(path, extension, prefix+start)
			if err != nil {
				return nil, err
			}
			found = append(found, rest...)
			continue
		}
		if entry.IsDir() != (extension == "") {
			continue
		}
		base, ok := strings.CutSuffix(entry.Name(), extension)
		if !ok {
			continue
		}
		if name, err := unescape(prefix + base); err == nil {
			found = append(found, namedPath{name, path})
		}
	}
	return found, nil
}

func ignoreMissing(err error) error {
	if isMissing(err) {
		return nil
	}
	return err
}

// dirExists reports whether path is a folder.
func dirExists(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
