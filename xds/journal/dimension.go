package journal

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// dimension is something that sums go by.
type dimension struct {
	name           string
	hour, day, row string              // its expression in rollups by the hour and by the day, and in rows; empty: it is not in them
	shown          func(string) string // nil: as it is stored
}

var all = []dimension{
	{"user", "username", "username", "username", nil},
	{"team", "team", "team", "team", nil},
	{"feature", "feature", "feature", "feature", nil},
	{"model", "model", "model", "model", nil},
	{"provider", "provider", "provider", "provider", nil},
	{"backend", "backend", "backend", "backend", nil},
	{"prompt", "prompt", "prompt", "prompt", nil},
	{"prompt_version", "prompt_version", "prompt_version", "prompt_version", nil},
	{"experiment", "experiment", "experiment", "experiment", nil},
	{"arm", "arm", "arm", "arm", nil},
	{"caller", "caller", "caller", "caller", nil},
	{"tier", "tier", "tier", "tier", nil},
	{"hour", "hour", "", "began / 3600000000000", moment(time.Hour, "2006-01-02T15:04Z")},
	{"day", "hour / 24", "day", "day", moment(24*time.Hour, time.DateOnly)},
	{"month", "hour / 24", "day", "day", moment(24*time.Hour, "2006-01")},
}

// moment shows the number of a span of time since 1970 as when it began, in UTC.
func moment(span time.Duration, layout string) func(string) string {
	return func(number string) string {
		n, err := strconv.ParseInt(number, 10, 64)
		if err != nil {
			return number
		}
		return time.Unix(n*int64(span/time.Second), 0).UTC().Format(layout)
	}
}

// Dimensions are the names that sums go by.
func Dimensions() []string { return names(func(dimension) bool { return true }) }

// Values are the dimensions of which a question may name values.
func Values() []string { return names(func(d dimension) bool { return d.shown == nil }) }

func names(which func(dimension) bool) (names []string) {
	for _, d := range all {
		if which(d) {
			names = append(names, d.name)
		}
	}
	return names
}

// IsTime reports whether a dimension is a span of time, by which lines are in its order.
func IsTime(name string) bool { return slices.Contains([]string{"hour", "day", "month"}, name) }

func dimensionOf(name string) (*dimension, error) {
	i := slices.IndexFunc(all, func(d dimension) bool { return d.name == name })
	if i < 0 {
		return nil, fmt.Errorf("no dimension is called %q: there are %s", name, strings.Join(Dimensions(), ", "))
	}
	return &all[i], nil
}
