package crash

import (
	"hash/fnv"
	"regexp"
	"strings"
)

// This file defines TextKey: which texts of native crashes need not be analyzed twice.

// varying matches what differs from run to run: addresses, process ids, values.
var varying = regexp.MustCompile(`0x[0-9a-f]+|\d+`)

// TextKey identifies what a native process has printed of a crash, without what differs
// from run to run: texts with equal keys have equal signatures. It is made of the places
// of all calls and of the words up to the end of the first report; the rows of memory
// behind that show the input.
func TextKey(text string) uint64 {
	h := fnv.New64a()
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "SUMMARY: ") {
			break
		}
		if frame := addressFrame.FindStringSubmatch(line); frame != nil {
			h.Write([]byte(frame[1] + "+" + frame[2] + "\n"))
			continue
		}
		if frame := zigFrame.FindStringSubmatch(strings.TrimRight(line, "\r\n")); frame != nil {
			h.Write([]byte(frame[1] + ":" + frame[2] + "\n"))
			continue
		}
		h.Write([]byte(varying.ReplaceAllString(line, "0")))
	}
	return h.Sum64()
}
