package points_test

import (
	"testing"

	"example.com/points"
	"example.com/points/withc"
)

func FuzzExternal(f *testing.F) {
	f.Add([]byte("cd"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, err := points.Run(data); err != nil { // want partly covered
			t.Error(err) // want not covered
		}
		withc.Twice(len(data))
	})
}
