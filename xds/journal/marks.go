package journal

import (
	"cmp"
	"hash/fnv"
	"maps"
	"math/bits"
	"slices"
	"strconv"
)

// A mark stands for a value of a field: it is a hash of both. The journal keeps of each hour the
// marks of its rows, so that a page skips the hours that have no row of a kind. Of two that are
// the same, one has an hour looked at in vain.
func mark(field, value string) int64 {
	h := fnv.New64a()
	h.Write([]byte(field + "\x00" + value)) // never fails
	return int64(h.Sum64())
}

// several are the fields of which an exchange may have several values, or a part of one, each of
// which has a mark.
var several = []string{"guard", "entry", "request_id", "trace_id"}

// marked are the other fields of exchanges that have a mark. Users have an index.
var marked = func() (all []column) {
	for _, name := range Fields() {
		i := slices.IndexFunc(columns, func(c column) bool { return c.name == fields[name] })
		if name != "user" && !slices.Contains(several, name) {
			all = append(all, column{name, columns[i].of})
		}
	}
	return all
}()

// marks are those of a row.
func (e *entry) marks() []int64 {
	all := []int64{}
	if e.cost != nil {
		all = append(all, markOfSize("cost", min(sizeOf(*e.cost)+1+e.attempt, maxSize)))
	}
	if e.unpriced {
		all = append(all, mark("unpriced", ""))
	}
	if e.kind != Call {
		return all
	}
	for _, c := range marked {
		all = append(all, mark(c.name, storable(c.of(e).(string))))
	}
	for _, name := range e.guardedBy() {
		all = append(all, mark("guard", name))
	}
	for _, id := range e.entries() {
		all = append(all, mark("entry", id))
	}
	for _, id := range e.requestIDs() {
		all = append(all, mark("request_id", id))
	}
	if id := e.traceID(); id != "" {
		all = append(all, mark("trace_id", id))
	}
	status := int(e.Status)
	return append(all, mark("status", strconv.Itoa(status)), mark("hundred", strconv.Itoa(status/100)), markOfSize("duration", sizeOf(e.DurationNanos)))
}

// wanted are the marks of which an hour needs one of each list if it is to have an exchange that
// the filter wants.
func (f *Filter) wanted() (all [][]int64) {
	names := slices.Clone(several)
	for _, c := range marked {
		names = append(names, c.name)
	}
	for _, name := range names {
		if values := f.Is[name]; len(values) > 0 {
			var list []int64
			for _, v := range values {
				list = append(list, mark(name, v))
			}
			all = append(all, list)
		}
	}
	if len(f.Statuses) > 0 {
		all = append(all, f.wantedStatuses())
	}
	if f.Slower > 0 {
		all = append(all, marksFrom("duration", f.Slower.Nanoseconds()))
	}
	if f.Dearer > 0 {
		all = append(all, marksFrom("cost", f.Dearer))
	}
	if f.Unpriced {
		all = append(all, []int64{mark("unpriced", "")})
	}
	return all
}

func (f *Filter) wantedStatuses() (list []int64) {
	for _, r := range f.Statuses {
		if r[0] == r[1] {
			list = append(list, mark("status", strconv.Itoa(r[0])))
			continue
		}
		for hundred := r[0] / 100; hundred <= r[1]/100; hundred++ {
			list = append(list, mark("hundred", strconv.Itoa(hundred)))
		}
	}
	return list
}

// maxSize is the largest size of a number.
const maxSize = 64

// sizeOf is how many bits a number has. What is as large as another has as many, or more.
//
// A sum has no mark: its parts are rows of their own, which may come at different times. If the
// call has a size of its own and 1 more, and attempt number n has n+1 more, and each of them is
// less than that of some amount, then the call costs less than half of it, the first attempt less
// than a quarter and so on, and all of them less than the amount.
func sizeOf(n int64) int { return bits.Len64(uint64(max(n, 0))) }

func markOfSize(field string, size int) int64 { return mark(field, strconv.Itoa(size)) }

// marksFrom are those of a number and of all that are larger.
func marksFrom(field string, n int64) (list []int64) {
	for size := sizeOf(n); size <= maxSize; size++ {
		list = append(list, markOfSize(field, size))
	}
	return list
}

// placed is a mark in an hour.
type placed struct{ mark, hour int64 }

// marksOf are those of rows, each once.
func marksOf(entries []entry) []placed {
	set := map[placed]bool{}
	for i := range entries {
		for _, m := range entries[i].marks() {
			set[placed{m, entries[i].began.UnixNano() / hour}] = true
		}
	}
	return slices.SortedFunc(maps.Keys(set), func(a, b placed) int { return cmp.Or(cmp.Compare(a.mark, b.mark), cmp.Compare(a.hour, b.hour)) })
}
