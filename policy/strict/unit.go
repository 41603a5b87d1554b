package strict

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// units are the units of sizes.
var units = map[string]int64{"B": 1, "KB": 1e3, "MB": 1e6, "KiB": 1 << 10, "MiB": 1 << 20}

func parseSize(text string) (int64, error) {
	parts := sizePattern.FindStringSubmatch(text)
	if parts == nil {
		return 0, fmt.Errorf("must be a whole number with a unit (B, KB, MB, KiB, MiB), such as 32MiB, is %s", Quote(text))
	}
	unit := units[parts[2]]
	n, err := strconv.ParseInt(parts[1], 10, 64)
	if err != nil || n > math.MaxInt64/unit {
		return math.MaxInt64, nil // beyond every bound, which the caller names
	}
	return n * unit, nil
}

// sizeText writes a size as people do: 32MiB, not 33554432B.
func sizeText(n int64) string {
	for _, unit := range []string{"MiB", "KiB"} {
		if n != 0 && n%units[unit] == 0 {
			return strconv.FormatInt(n/units[unit], 10) + unit
		}
	}
	return strconv.FormatInt(n, 10) + "B"
}

// spanText writes a duration as people do: 10m, not 10m0s.
func spanText(d time.Duration) string {
	text := d.String()
	if cut, ok := strings.CutSuffix(text, "m0s"); ok {
		text = cut + "m"
	}
	if cut, ok := strings.CutSuffix(text, "h0m"); ok {
		text = cut + "h"
	}
	return text
}

const day = 24 * time.Hour

// daysText writes a number of whole days.
func daysText(d time.Duration) string { return strconv.FormatInt(int64(d/day), 10) + "d" }
