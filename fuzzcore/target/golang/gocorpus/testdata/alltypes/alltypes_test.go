package alltypes

import (
	"fmt"
	"math"
	"testing"
)

// FuzzX prints the arguments of every entry of its corpus.
func FuzzX(f *testing.F) {
	f.Fuzz(func(t *testing.T, a []byte, b string, c bool, d byte, e rune, g float32, h float64,
		i int, j int8, k int16, l int64, m uint, n uint16, o uint32, p uint64) {
		fmt.Printf("%s: %s\n", t.Name(), describe(a, b, c, d, e, g, h, i, j, k, l, m, n, o, p))
	})
}

// describe has a twin in the test that runs this module.
func describe(values ...any) string {
	text := ""
	for _, v := range values {
		switch x := v.(type) {
		case float32:
			text += fmt.Sprintf("float32 %x; ", math.Float32bits(x))
		case float64:
			text += fmt.Sprintf("float64 %x; ", math.Float64bits(x))
		case bool:
			text += fmt.Sprintf("bool %t; ", x)
		default:
			text += fmt.Sprintf("%T %x; ", v, v)
		}
	}
	return text
}
