package journal

import (
	"slices"
	"strings"
)

// The places of the trace-id in a traceparent, as Go and as SQL count them.
const (
	traceBegins = 3
	traceEnds   = traceBegins + traceLength
	traceLength = 32
)

// requestIDs are the ids that a request's client or a hop gave it, each once.
func (e *entry) requestIDs() (ids []string) {
	if e.kind != Call {
		return nil
	}
	for _, id := range e.RequestIds {
		if id = storable(id); !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}

// traceID is the id of the trace that an exchange is part of; empty: it is of none.
func (e *entry) traceID() string {
	if e.kind != Call || len(e.Traceparent) < traceEnds {
		return ""
	}
	return storable(e.Traceparent[traceBegins:traceEnds])
}

// textOfCall is a text that the row of an attempt does not repeat.
func (e *entry) textOfCall(text string) string {
	if e.kind != Call {
		return ""
	}
	return text
}

// commas writes a list as a column has it: with a comma before and after each, so that one is
// found by itself; empty: there is none.
func commas(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return "," + strings.Join(names, ",") + ","
}

// inCommas leaves the rows in whose column of commas one of the names is. Unlike LIKE, this
// distinguishes capital letters in both databases.
func inCommas(s *statement, column string, names []string) {
	s.add("(")
	for i, name := range names {
		s.add([]string{"", " OR "}[min(i, 1)]+"REPLACE("+column+", ?, '') <> "+column, ","+name+",")
	}
	s.add(")")
}

// tracedBy leaves what is part of one of these traces.
func tracedBy(s *statement, ids []string) {
	oneOf(s, "SUBSTR(traceparent, 4, 32)", ids)
}
