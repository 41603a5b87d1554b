package anthropic

import (
	"fmt"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

// maxMarks is how many cache breakpoints a request may have. One of the request as a
// whole, which the provider places, counts (platform.claude.com, prompt caching).
const maxMarks = 4

// isMark reports whether a value is a breakpoint.
func isMark(v scan.Value) bool { return v != nil && canon.CacheControl.Nonsense(v) == "" }

// tooMany counts the cache breakpoints that are one too many.
func (e *encoder) tooMany() int {
	if e.same {
		return 0
	}
	n := -maxMarks
	if isMark(e.r.Fields[canon.CacheControl]) {
		n++
	}
	e.eachMark(func(func() string) bool { n++; return true })
	return max(0, n)
}

// eachMark calls f with the path of each cache breakpoint in the order in which they are
// written, until f returns false.
func (e *encoder) eachMark(f func(path func() string) bool) {
	for i := range e.r.Tools {
		t := &e.r.Tools[i]
		if isMark(t.Cache) && !t.Other && !t.Again && !f(func() string { return e.r.CachePath(i) }) {
			return
		}
	}
	for i := range e.r.Messages {
		if e.hoisted(i) && !e.partMarks(inSystem, e.r.Messages[i].Parts, anyPart, f) {
			return
		}
	}
	for n := e.begins; n < len(e.turns); n++ {
		if !e.turnMarks(n, f) {
			return
		}
	}
}

func (e *encoder) turnMarks(n int, f func(path func() string) bool) bool {
	t := e.turns[n]
	for _, which := range [...]func(*canon.Part) bool{isResult, isNoResult} {
		for i := t.from; i < t.to; i++ {
			if m := &e.r.Messages[i]; e.in(t, m) && !e.partMarks(n, m.Parts, which, f) {
				return false
			}
		}
	}
	return true
}

func anyPart(*canon.Part) bool      { return true }
func isResult(p *canon.Part) bool   { return p.Kind == canon.ToolResult }
func isNoResult(p *canon.Part) bool { return p.Kind != canon.ToolResult }

// partMarks calls f for the breakpoints of those parts of a turn that are written.
func (e *encoder) partMarks(n int, parts []canon.Part, which func(*canon.Part) bool, f func(path func() string) bool) bool {
	for i := range parts {
		p := &parts[i]
		marked := isMark(p.Cache) && p.Kind != canon.Thinking && p.Kind != canon.Redacted
		if !marked && p.Content == nil || !which(p) || !e.writes(n, p) {
			continue
		}
		if !e.partMarks(inResult, p.Content, anyPart, f) || marked && !f(p.CachePath) {
			return false
		}
	}
	return true
}

// marks finds the cache breakpoints that are left out.
func (u *findings) marks() {
	left := u.e.skip
	if left == 0 {
		return
	}
	u.e.eachMark(func(path func() string) bool {
		u.add(canon.Tuning, path(), fmt.Sprintf("it takes %d cache breakpoints: the first ones are left out", maxMarks))
		left--
		return left > 0
	})
}

// cache writes a breakpoint. The first of too many are left out: the last ones
// cover the longest prefix.
func (e *encoder) cache(v scan.Value) {
	if !isMark(v) {
		return
	}
	if e.skip > 0 {
		e.skip--
		return
	}
	e.b = canon.AppendRaw(e.b, "cache_control", v)
}
