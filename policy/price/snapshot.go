package price

import (
	"strings"
	"time"
)

// snapshotDate returns where the date begins with which a model's name ends, its
// separator included, or len(model) if it ends with none. The forms are those
// that providers use: -2025-08-07, -20250929 and @20250929.
func snapshotDate(model string) int {
	if i := len(model) - len("-2025-08-07"); i > 0 && model[i] == '-' && model[i+5] == '-' && model[i+8] == '-' {
		if date(model[i+1:i+5], model[i+6:i+8], model[i+9:]) {
			return i
		}
	}
	if i := len(model) - len("-20250929"); i > 0 && (model[i] == '-' || model[i] == '@') {
		if date(model[i+1:i+5], model[i+5:i+7], model[i+7:]) {
			return i
		}
	}
	return len(model)
}

// Dated returns the day that a model's name ends with, or false if it ends with none.
func Dated(model string) (day time.Time, ok bool) {
	i := snapshotDate(model)
	if i == len(model) {
		return time.Time{}, false
	}
	day, err := time.Parse("20060102", strings.ReplaceAll(model[i+1:], "-", ""))
	return day, err == nil
}

// Undated returns the name of a model without the date of its snapshot.
func Undated(model string) string { return undated(model) }

func undated(model string) string { return model[:snapshotDate(model)] }

// date reports whether the parts look like a day of this century; 32-digit hashes
// and build numbers at the end of a name do not.
func date(year, month, day string) bool {
	return digits(year) && digits(month) && digits(day) &&
		year[:2] == "20" && "01" <= month && month <= "12" && "01" <= day && day <= "31"
}
