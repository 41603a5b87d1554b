package journal

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// columnNames are those of columns, in a statement.
var columnNames = func() string {
	list := make([]string, len(columns))
	for i := range columns {
		list[i] = columns[i].name
	}
	return strings.Join(list, ", ")
}()

// The statements by which both databases are written, with question marks for parameters.
var (
	addDay   = "INSERT INTO journal_day (day, came) VALUES (?, ?) ON CONFLICT DO NOTHING"
	touchDay = "UPDATE journal_day SET came = ? WHERE day = ? AND came < ?"
)

// values are what an entry has in each column.
func (e *entry) values() []any {
	all := make([]any, len(columns))
	for i := range columns {
		all[i] = columns[i].of(e)
		if text, ok := all[i].(string); ok {
			all[i] = storable(text)
		}
	}
	return all
}

// storable is a text without what PostgreSQL takes in none.
func storable(text string) string {
	if strings.IndexByte(text, 0) < 0 {
		return text
	}
	return strings.ReplaceAll(text, "\x00", "\ufffd")
}

// daysOf are those that entries are of.
func daysOf(entries []entry) []int64 {
	set := map[int64]bool{}
	for i := range entries {
		set[entries[i].day] = true
	}
	return slices.Sorted(maps.Keys(set))
}

// touched is how far the moment at which the last row of a day came may be off, in seconds.
const touched = 600

// today is the day of a moment, in UTC.
func today(now time.Time) int64 { return now.Unix() / secondsOfDay }

const secondsOfDay = 86_400

// since keeps those of entries that were not there before.
func since(entries []entry, inserted map[key]bool) []entry {
	return slices.DeleteFunc(entries, func(e entry) bool { return !inserted[e.key()] })
}
