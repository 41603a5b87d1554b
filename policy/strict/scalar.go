package strict

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// Text reads a text that its type allows.
func (r *Reader) Text(p Place, t *Type) (string, bool) {
	n := p.Node
	if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!str" {
		want := "text"
		if t.Enum != nil {
			want = "one of " + strings.Join(t.Enum, ", ")
		}
		r.Wrong(p, want)
		return "", false
	}
	switch {
	case t.Enum != nil && !slices.Contains(t.Enum, n.Value):
		r.Fault(p, Meant(n.Value, t.Enum), "must be one of %s, is %s", strings.Join(t.Enum, ", "), Quote(n.Value))
	case t.Pattern != nil && !t.Pattern.MatchString(n.Value) && t.Secret:
		r.Fault(p, "", "%s", t.Rule)
	case t.Pattern != nil && !t.Pattern.MatchString(n.Value):
		r.Fault(p, "", "%s, is %s", t.Rule, Quote(n.Value))
	default:
		return n.Value, true
	}
	return "", false
}

func (r *Reader) Flag(p Place) bool {
	n := p.Node
	if n.Kind != yaml.ScalarNode || n.Value != "true" && n.Value != "false" || n.ShortTag() != "!!bool" {
		r.Wrong(p, "true or false")
		return false
	}
	return n.Value == "true"
}

// ScalarAt reads the text of a scalar with a parser, whatever YAML takes it for:
// 0.30 must not become a float on its way.
func ScalarAt[T any](r *Reader, p Place, want string, parse func(string) (T, error)) (T, bool) {
	var none T
	if p.Node.Kind != yaml.ScalarNode || p.Node.ShortTag() == "!!null" {
		r.Wrong(p, want)
		return none, false
	}
	v, err := parse(p.Node.Value)
	if err != nil {
		r.Fault(p, "", "%v", err)
		return none, false
	}
	return v, true
}

// parseWhole reads a decimal number between two bounds.
func parseWhole(text, least, most string) (int, error) {
	n, err := strconv.Atoi(text)
	switch whole := err == nil && strconv.Itoa(n) == text; {
	case least == most && text != least:
		return 0, fmt.Errorf("must be %s, is %s", least, Quote(text))
	case !whole:
		return 0, fmt.Errorf("must be a whole number from %s to %s, is %s", least, most, Quote(text))
	case n < atoi(least) || n > atoi(most):
		return 0, fmt.Errorf("must be from %s to %s, is %s", least, most, text)
	}
	return n, nil
}

// atoi reads a bound of a Type.
func atoi(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		panic("policy: bound " + text + " is no number")
	}
	return n
}

// parseDuration reads a duration such as 30s or 1m30s between two bounds.
func parseDuration(text, least, most string) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	if err != nil || !DurationPattern.MatchString(text) {
		return 0, fmt.Errorf("must be a duration with a unit (ms, s, m, h), such as 30s, is %s", Quote(text))
	}
	low, _ := time.ParseDuration(least)
	high, _ := time.ParseDuration(most)
	if d < low || d > high {
		return 0, fmt.Errorf("must be from %s to %s, is %s", least, most, Quote(text))
	}
	if d%time.Millisecond != 0 {
		return 0, fmt.Errorf("must be whole milliseconds, is %s", Quote(text))
	}
	return d, nil
}

var units = map[string]int64{"B": 1, "KB": 1e3, "MB": 1e6, "KiB": 1 << 10, "MiB": 1 << 20}

// parseSize reads a size such as 32MiB between two bounds, in bytes.
func parseSize(text, least, most string) (int64, error) {
	n, err := BytesOf(text)
	if err != nil {
		return 0, err
	}
	low, _ := BytesOf(least)
	high, _ := BytesOf(most)
	if n < low || n > high {
		return 0, fmt.Errorf("must be from %s to %s, is %s", least, most, Quote(text))
	}
	return n, nil
}

func BytesOf(text string) (int64, error) {
	parts := SizePattern.FindStringSubmatch(text)
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

// ParseDate reads a day, which begins at midnight UTC.
func ParseDate(text string) (time.Time, error) {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil || !DatePattern.MatchString(text) {
		return time.Time{}, fmt.Errorf("must be a day of this century, such as 2026-09-01, is %s", Quote(text))
	}
	return t, nil
}
