package reference

import (
	"regexp"
	"strings"
)

// protoFile has the rows, and its comments say what their fields mean.
const protoFile = "policy/policypb/row.proto"

// message is a message of a proto file.
type message struct {
	name, what string
	fields     []field
}

// field are fields of a message that stand together below one comment.
type field struct {
	names   []string
	kind    string // of the first, in the words of the proto file
	what    string
	section string // of the message that begins here; empty: none does
}

// The lines of a proto file that mean something here.
var (
	opens   = regexp.MustCompile(`^message (\w+) \{`)
	member  = regexp.MustCompile(`^(?:optional |repeated )?(\w+) (\w+) = \d+;`)
	section = regexp.MustCompile(`^\d+ to \d+: (.*)`)
)

// messages reads the messages of a proto file that is written as buf formats it.
func messages(text string) []message {
	var p protoReader
	for line := range strings.Lines(text) {
		p.read(strings.TrimSpace(line))
	}
	return p.all
}

// protoReader reads a proto file line by line.
type protoReader struct {
	all     []message
	comment string // that stands above what comes
	section string // that begins with the next field
	beside  bool   // the line before is a field
}

func (p *protoReader) read(line string) {
	words, isComment := strings.CutPrefix(line, "//")
	m := member.FindStringSubmatch(line)
	switch {
	case isComment:
		p.comment = strings.TrimSpace(p.comment + " " + strings.TrimSpace(words))
	case opens.MatchString(line):
		p.all = append(p.all, message{name: opens.FindStringSubmatch(line)[1], what: p.comment})
		p.comment = ""
	case m != nil:
		p.add(m[1], m[2])
	case section.MatchString(p.comment):
		p.section = section.FindStringSubmatch(p.comment)[1]
		p.comment = ""
	default:
		p.comment = ""
	}
	p.beside = m != nil
}

// add adds a field to the message, or to the fields above that have its comment.
func (p *protoReader) add(kind, name string) {
	m := &p.all[len(p.all)-1]
	if p.beside && p.comment == "" {
		f := &m.fields[len(m.fields)-1]
		f.names = append(f.names, name)
		return
	}
	m.fields = append(m.fields, field{[]string{name}, kind, p.comment, p.section})
	p.comment, p.section = "", ""
}
