// Package wild writes requests, answers and streams as no client and no provider should,
// and as some do: what the dialects know, with values that are missing, empty, of the
// wrong type, too large, twice there, or another dialect's.
//
// What is written follows from the bytes that choose it, so that a fuzzer finds its way by
// changing them. No bytes choose something plain.
package wild

import (
	"bytes"
	_ "embed" // the grammars
	"strings"
)

//go:embed common.txt
var common string

//go:embed openai.txt
var openAI string

//go:embed anthropic.txt
var anthropic string

//go:embed responses.txt
var responses string

var grammars = map[string]grammar{
	"openai":    parse(common, openAI),
	"anthropic": parse(common, anthropic),
	"responses": parse(common, responses),
}

// Request writes a request in a dialect.
func Request(dialect, model string, choices []byte) []byte {
	body := write(dialect, "request", choices)
	return bytes.ReplaceAll(body, []byte("MODEL"), []byte(model))
}

// Answer writes a whole answer in a dialect.
func Answer(dialect string, choices []byte) []byte { return write(dialect, "answer", choices) }

// Stream writes a streamed answer in a dialect.
func Stream(dialect string, choices []byte) []byte { return write(dialect, "_stream", choices) }

// Error writes the body of an answer with an error's status in a dialect.
func Error(dialect string, choices []byte) []byte { return write(dialect, "error", choices) }

func write(dialect, rule string, choices []byte) []byte {
	w := writer{grammar: grammars[dialect], choices: choices}
	w.rule(rule)
	return bytes.ReplaceAll(w.out, []byte("§"), []byte("$"))
}

// grammar holds the alternatives of each rule. In a text of them a name stands at the
// beginning of a line, and its alternatives below it, set in: "$name" stands for what
// another rule writes, "~" for nothing, "¶" for the end of a line and "§" for a dollar. The first alternative
// ends soon. Rules whose names begin with an underscore write pieces, the others whole
// values.
type grammar map[string][]string

func parse(texts ...string) grammar {
	g := grammar{}
	rule := ""
	for line := range strings.Lines(strings.Join(texts, "\n")) {
		line = strings.TrimRight(line, "\n")
		switch alternative, in := strings.CutPrefix(line, "  "); {
		case line == "" || line[0] == '#':
		case in:
			g[rule] = append(g[rule], strings.NewReplacer("~", "", "¶", "\n").Replace(alternative))
		default:
			rule = line
		}
	}
	return g
}

// maxOut bounds what is written: rules that name themselves could go on for as long as
// there are choices.
const maxOut = 64 << 10

type writer struct {
	grammar grammar
	choices []byte
	out     []byte
}

// next returns the next choice; 0: there are no more.
func (w *writer) next() int {
	if len(w.choices) == 0 || len(w.out) > maxOut {
		return 0
	}
	c := w.choices[0]
	w.choices = w.choices[1:]
	return int(c)
}

// strange are the choices of a value that has nothing to do with its place.
const strange = 254

func (w *writer) rule(name string) {
	alternatives := w.grammar[name]
	choice := 0
	if len(alternatives) > 1 {
		choice = w.next()
	}
	if choice >= strange && name[0] != '_' {
		alternatives, choice = w.grammar["any"], w.next()
	}
	text := alternatives[choice%len(alternatives)]
	for {
		before, rest, more := strings.Cut(text, "$")
		w.out = append(w.out, before...)
		if !more {
			return
		}
		n := 0
		for n < len(rest) && (rest[n] == '_' || rest[n] >= 'a' && rest[n] <= 'z') {
			n++
		}
		w.rule(rest[:n])
		text = rest[n:]
	}
}
