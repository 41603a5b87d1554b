// Package format judges whether an answer has the form that was asked for: JSON, JSON of a schema, a
// text of a pattern or of a list, tool calls with arguments of the tools' own schemas.
//
// The promise: what is said of an answer is what a model needs to answer better, and holds nothing
// of the answer but the path to the place. The trap: a schema that cannot be used, an answer that is
// too large to be judged and a judgement that takes too long are errors, not verdicts; a schema never
// refers to another document.
package format
