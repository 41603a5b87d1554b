package strict

import (
	"bytes"
	"errors"
	"io"
	"regexp"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// root returns the root value of the only YAML document in data; minimal is the shortest
// document there is. The nodes are never decoded further, so an alias is a node of its own
// and expands to nothing.
func root(name string, data []byte, minimal string) (*yaml.Node, *Fault) {
	if f := malformed(data); f != nil {
		f.File = name
		return nil, f
	}
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var doc, more yaml.Node
	none := &Fault{File: name, Line: 1, Col: 1, Message: "the document is empty", Hint: minimal}
	switch err := decoder.Decode(&doc); {
	case errors.Is(err, io.EOF):
		return nil, none
	case err != nil:
		return nil, syntaxFault(name, data, err)
	}
	switch err := decoder.Decode(&more); {
	case err == nil:
		return nil, &Fault{File: name, Line: more.Line, Col: more.Column, Message: "a second YAML document begins here", Hint: "a file is one document"}
	case !errors.Is(err, io.EOF):
		return nil, syntaxFault(name, data, err)
	}
	if empty(doc.Content[0]) {
		return nil, none
	}
	return doc.Content[0], nil
}

// malformed finds the first byte that is no UTF-8, and the first line end that
// YAML and editors disagree about: lines are counted alike only if all end in
// \n or \r\n.
func malformed(data []byte) *Fault {
	line, col := 1, 1
	for i := 0; i < len(data); {
		r, size := utf8.DecodeRune(data[i:])
		i += size
		switch {
		case r == utf8.RuneError && size <= 1:
			return &Fault{Line: line, Col: col, Message: "the document is not valid UTF-8"}
		case r == '\u0085', r == '\u2028', r == '\u2029', r == '\r' && !bytes.HasPrefix(data[i:], []byte("\n")):
			return &Fault{Line: line, Col: col, Message: `lines must end in \n or \r\n`}
		case r == '\n':
			line, col = line+1, 1
		default:
			col++
		}
	}
	return nil
}

var yamlLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?`)

// syntaxFault turns the YAML parser's error into a fault with a place. The parser
// says the line of the structure that it was in, if any, so the line at which it
// gave up is searched for: the shortest head of the document that fails alike.
func syntaxFault(name string, data []byte, err error) *Fault {
	message := yamlLine.ReplaceAllString(err.Error(), "")
	f := &Fault{File: name, Line: 1, Col: 1, Message: "YAML: " + message}
	lines := bytes.SplitAfter(data, []byte("\n"))
	first, last := 1, len(lines)
	for first < last {
		middle := (first + last) / 2
		if head := bytes.Join(lines[:middle], nil); failsAlike(head, err) {
			last = middle
		} else {
			first = middle + 1
		}
	}
	f.Line = first
	text := string(lines[first-1])
	blank := len(text) - len(strings.TrimLeft(text, " \t"))
	f.Col = blank + 1
	if tab := strings.IndexByte(text[:blank], '\t'); tab >= 0 {
		f.Col, f.Hint = tab+1, "indent with spaces: YAML takes no tabs"
	}
	if strings.HasPrefix(text, "%") {
		f.Hint = "leave the line out: the document needs no directive"
	}
	if strings.HasPrefix(message, "unknown anchor") {
		f.Message, f.Hint = "YAML: alias of an anchor that does not exist", "write the value out: anchors and aliases are not supported"
	}
	return f
}

func failsAlike(head []byte, want error) bool {
	decoder := yaml.NewDecoder(bytes.NewReader(head))
	for {
		err := decoder.Decode(&yaml.Node{})
		if errors.Is(err, io.EOF) {
			return false
		}
		if err != nil {
			return err.Error() == want.Error()
		}
	}
}
