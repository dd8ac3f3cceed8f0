package settings

import (
	"fmt"
	"strings"
	"time"
)

// Format writes a value the way Parse reads it.
func Format(v Value) string {
	switch v := v.(type) {
	case bool:
		if v {
			return "yes"
		}
		return "no"
	case Size:
		return formatSize(v)
	case time.Duration:
		return fmt.Sprintf("%ds", int64(v/time.Second))
	case []Value:
		items := make([]string, len(v))
		for i, item := range v {
			items[i] = Format(item)
		}
		return "[" + strings.Join(items, ", ") + "]"
	case string:
		return quote(v)
	}
	return ""
}

func formatSize(n Size) string {
	for _, unit := range []struct {
		name  string
		bytes Size
	}{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}} {
		if n >= unit.bytes && n%unit.bytes == 0 {
			return fmt.Sprintf("%d%s", n/unit.bytes, unit.name)
		}
	}
	return fmt.Sprintf("%dB", n)
}

func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c == '\n':
			b.WriteString(`\n`)
		case c < ' ' || c >= 0x7f:
			fmt.Fprintf(&b, `\x%02x`, c)
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}
