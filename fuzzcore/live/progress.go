package live

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/fuzzls/fuzzls/fuzzcore/supervisor"
)

// This file writes what a campaign says of its progress.

// progressText is what the activity says: "1.20M runs, 45.0k/s, 312 of 1,024 points,
// last find 12 s ago, 2 crashes".
func progressText(tests []supervisor.TestSnapshot) string {
	var sum supervisor.TestSnapshot
	for i, t := range tests {
		sum.Runs += t.Runs
		sum.RunsPerSecond += t.RunsPerSecond
		sum.Points += t.Points
		sum.TotalPoints += t.TotalPoints
		sum.Crashes += t.Crashes
		if i == 0 || t.SinceFind < sum.SinceFind {
			sum.SinceFind = t.SinceFind
		}
	}
	text := fmt.Sprintf("%s runs, %s/s, %s of %s points, last find %s ago", supervisor.Short(float64(sum.Runs)),
		supervisor.Short(sum.RunsPerSecond), thousands(sum.Points), thousands(sum.TotalPoints), age(sum.SinceFind))
	switch sum.Crashes {
	case 0:
		return text
	case 1:
		return text + ", 1 crash"
	}
	return fmt.Sprintf("%s, %d crashes", text, sum.Crashes)
}

// thousands writes a number with commas.
func thousands(n uint64) string {
	digits := strconv.FormatUint(n, 10)
	var b strings.Builder
	for i, d := range []byte(digits) {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteByte(d)
	}
	return b.String()
}

// age writes a duration as people say it, in the largest unit that fits.
func age(d time.Duration) string {
	switch {
	case d >= 2*time.Hour:
		return fmt.Sprintf("%d h", d/time.Hour)
	case d >= 2*time.Minute:
		return fmt.Sprintf("%d min", d/time.Minute)
	}
	return fmt.Sprintf("%d s", d/time.Second)
}
