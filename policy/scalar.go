package policy

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// text reads a text that its type allows.
func (r *reader) text(p place, t *Type) (string, bool) {
	n := p.node
	if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!str" {
		want := "text"
		if t.Enum != nil {
			want = "one of " + strings.Join(t.Enum, ", ")
		}
		r.wrong(p, want)
		return "", false
	}
	switch {
	case t.Enum != nil && !slices.Contains(t.Enum, n.Value):
		r.fault(p, meant(n.Value, t.Enum), "must be one of %s, is %s", strings.Join(t.Enum, ", "), quote(n.Value))
	case t.Pattern != nil && !t.Pattern.MatchString(n.Value) && t.Secret:
		r.fault(p, "", "%s", t.Rule)
	case t.Pattern != nil && !t.Pattern.MatchString(n.Value):
		r.fault(p, "", "%s, is %s", t.Rule, quote(n.Value))
	default:
		return n.Value, true
	}
	return "", false
}

func (r *reader) flag(p place) bool {
	n := p.node
	if n.Kind != yaml.ScalarNode || n.Value != "true" && n.Value != "false" || n.ShortTag() != "!!bool" {
		r.wrong(p, "true or false")
		return false
	}
	return n.Value == "true"
}

// scalarAt reads the text of a scalar with a parser, whatever YAML takes it for:
// 0.30 must not become a float on its way.
func scalarAt[T any](r *reader, p place, want string, parse func(string) (T, error)) (T, bool) {
	var none T
	if p.node.Kind != yaml.ScalarNode || p.node.ShortTag() == "!!null" {
		r.wrong(p, want)
		return none, false
	}
	v, err := parse(p.node.Value)
	if err != nil {
		r.fault(p, "", "%v", err)
		return none, false
	}
	return v, true
}

// parseWhole reads a decimal number between two bounds.
func parseWhole(text, least, most string) (int, error) {
	n, err := strconv.Atoi(text)
	switch whole := err == nil && strconv.Itoa(n) == text; {
	case least == most && text != least:
		return 0, fmt.Errorf("must be %s, is %s", least, quote(text))
	case !whole:
		return 0, fmt.Errorf("must be a whole number from %s to %s, is %s", least, most, quote(text))
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
		return 0, fmt.Errorf("must be a duration with a unit (ms, s, m, h), such as 30s, is %s", quote(text))
	}
	low, _ := time.ParseDuration(least)
	high, _ := time.ParseDuration(most)
	if d < low || d > high {
		return 0, fmt.Errorf("must be from %s to %s, is %s", least, most, quote(text))
	}
	if d%time.Millisecond != 0 {
		return 0, fmt.Errorf("must be whole milliseconds, is %s", quote(text))
	}
	return d, nil
}

var units = map[string]int64{"B": 1, "KB": 1e3, "MB": 1e6, "KiB": 1 << 10, "MiB": 1 << 20}

// parseSize reads a size such as 32MiB between two bounds, in bytes.
func parseSize(text, least, most string) (int64, error) {
	n, err := bytesOf(text)
	if err != nil {
		return 0, err
	}
	low, _ := bytesOf(least)
	high, _ := bytesOf(most)
	if n < low || n > high {
		return 0, fmt.Errorf("must be from %s to %s, is %s", least, most, quote(text))
	}
	return n, nil
}

func bytesOf(text string) (int64, error) {
	parts := SizePattern.FindStringSubmatch(text)
	if parts == nil {
		return 0, fmt.Errorf("must be a whole number with a unit (B, KB, MB, KiB, MiB), such as 32MiB, is %s", quote(text))
	}
	unit := units[parts[2]]
	n, err := strconv.ParseInt(parts[1], 10, 64)
	if err != nil || n > math.MaxInt64/unit {
		return math.MaxInt64, nil // beyond every bound, which the caller names
	}
	return n * unit, nil
}

// parseDate reads a day, which begins at midnight UTC.
func parseDate(text string) (time.Time, error) {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil || !DatePattern.MatchString(text) {
		return time.Time{}, fmt.Errorf("must be a day of this century, such as 2026-09-01, is %s", quote(text))
	}
	return t, nil
}
