package zigvalues

import (
	"debug/dwarf"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
)

// This file writes values as their types have them.

// integer matches the names of Zig's integer types, float those of its floats.
var (
	integer = regexp.MustCompile(`^([iu])(\d+)$`)
	float   = regexp.MustCompile(`^f(16|32|64)$`)
)

// format sets the text of a call whose result has the type t, nil if that is not known.
func (c *Call) format(t dwarf.Type) {
	rest := c.Requests
	text, ok := "", false
	if t != nil {
		text, rest, ok = formatAs(t, rest, strings.HasPrefix(c.Func, "valueRange"))
	}
	if !ok || len(rest) > 0 {
		text = rawText(c.Requests)
	}
	c.Text = text
}

// rawText returns the values of requests whose types are not known.
func rawText(requests []Request) string {
	if len(requests) == 1 {
		return requests[0].raw()
	}
	var parts []string
	for i := range requests {
		parts = append(parts, requests[i].raw())
	}
	return ".{ " + strings.Join(parts, ", ") + " }"
}

// formatAs writes the value of type t that the first of requests make up, and returns the
// requests that are left. offset: signed integers are encoded by their distance from the
// least, as those of a range are.
func formatAs(t dwarf.Type, requests []Request, offset bool) (text string, rest []Request, ok bool) {
	if len(requests) == 0 {
		return "", nil, false
	}
	switch t := t.(type) {
	case *dwarf.TypedefType:
		return formatAs(t.Type, requests, offset)
	case *dwarf.EnumType:
		return enumName(t, requests[0].Int), requests[1:], requests[0].Kind == Int
	case *dwarf.BoolType:
		return strconv.FormatBool(requests[0].Int != 0), requests[1:], true
	case *dwarf.ArrayType:
		return formatArray(t, requests)
	}
	name := t.Common().Name
	if m := integer.FindStringSubmatch(name); m != nil {
		bits, err := strconv.Atoi(m[2])
		if err != nil || bits > 64 || requests[0].Kind != Int {
			return "", requests, false
		}
		return formatInt(requests[0].Int, bits, m[1] == "i", offset), requests[1:], true
	}
	if m := float.FindStringSubmatch(name); m != nil && requests[0].Kind == Int {
		return formatFloat(requests[0].Int, m[1]), requests[1:], true
	}
	return "", requests, false
}

// formatInt writes an integer of so many bits.
func formatInt(n uint64, bits int, signed, offset bool) string {
	if !signed || bits == 0 {
		return strconv.FormatUint(n, 10)
	}
	if offset {
		n ^= 1 << (bits - 1) // its distance from the least number
	}
	return strconv.FormatInt(int64(n<<(64-bits))>>(64-bits), 10)
}

func formatFloat(bits uint64, size string) string {
	switch size {
	case "64":
		return strconv.FormatFloat(math.Float64frombits(bits), 'g', -1, 64)
	case "32":
		return strconv.FormatFloat(float64(math.Float32frombits(uint32(bits))), 'g', -1, 32)
	}
	return fmt.Sprintf("@bitCast(@as(u16, %#x))", bits)
}

// formatArray writes an array. Bytes are asked for at once, other elements one by one.
func formatArray(t *dwarf.ArrayType, requests []Request) (text string, rest []Request, ok bool) {
	if requests[0].Kind == Bytes {
		return quoted(requests[0].Data), requests[1:], true
	}
	if t.Count < 0 || t.Count > int64(len(requests)) {
		return "", requests, false
	}
	var parts []string
	rest = requests
	for range t.Count {
		if text, rest, ok = formatAs(t.Type, rest, false); !ok {
			return "", requests, false
		}
		parts = append(parts, text)
	}
	return ".{ " + strings.Join(parts, ", ") + " }", rest, true
}

// enumName returns how a value of an enumeration is written.
func enumName(t *dwarf.EnumType, n uint64) string {
	for _, v := range t.Val {
		if uint64(v.Val) == n {
			return "." + v.Name
		}
	}
	return fmt.Sprintf("@enumFromInt(%d)", n)
}

// instance matches what the compiler adds to the names of types that have none.
var instance = regexp.MustCompile(`__(?:anon|struct|opaque|enum|union)_\d+`)

// typeName returns the name of a type as its declaration has it, with its namespace.
func typeName(t dwarf.Type) string {
	name := t.Common().Name
	if enum, ok := t.(*dwarf.EnumType); ok && name == "" {
		name = enum.EnumName
	}
	if s, ok := t.(*dwarf.StructType); ok && name == "" {
		name = s.StructName
	}
	return instance.ReplaceAllString(name, "")
}

// isVoid reports whether t is the type of functions that return nothing.
func isVoid(t dwarf.Type) bool {
	_, ok := t.(*dwarf.VoidType)
	return ok || typeName(t) == "void"
}
