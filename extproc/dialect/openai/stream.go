package openai

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/scan"
)

// skimmer reads a chat completion stream. It looks into an event only where a
// byte search says that something in it counts: only the first and the last ones do.
type skimmer struct {
	resp    *exchange.Response
	usage   *canon.Usage
	sum     canon.Usage // all that was reported
	swallow bool        // the client did not ask for the usage event
	first   bool        // an event with data was seen
	done    bool        // [DONE]
	seen    int64

	choices  int     // that the client asked for
	finished []int64 // indexes of those that said why they ended
}

// Skim starts reading a chat completion stream that passes.
func (Dialect) Skim(req *exchange.Request, resp *exchange.Response, usage *canon.Usage) exchange.Skimmer {
	return &skimmer{resp: resp, usage: usage, swallow: !req.WantUsage, choices: max(1, req.Choices)}
}

// Ended holds for servers that leave out [DONE], where all choices have finished.
func (s *skimmer) Ended() bool { return s.done || s.allFinished() }

func (s *skimmer) allFinished() bool { return len(s.finished) >= s.choices }

// Seen returns the bytes of generated text, as written.
func (s *skimmer) Seen() int64 { return s.seen }

// Frame reads one event. It returns false for the usage event that the client
// did not ask for: many clients index choices[0].
func (s *skimmer) Frame(ev []byte) bool {
	data := scan.Event(ev).Data()
	if data == nil {
		return true
	}
	if string(bytes.TrimSpace(data)) == "[DONE]" {
		s.done = true
		s.usage.Replace(&s.sum, canon.UsageProvider)
		return true
	}
	if !s.first {
		s.first = true
		s.readHead(scan.Value(data))
	}
	s.seen += scan.TextBytes(data, textNames)
	if bytes.Contains(data, []byte(`"error"`)) && isError(scan.Value(data)) || namedError(ev) {
		s.resp.Failed = true
	}
	if !s.allFinished() && member(data, `"finish_reason"`) {
		s.readFinish(scan.Value(data))
	}
	if member(data, `"usage"`) {
		return s.readUsage(scan.Value(data))
	}
	return true
}

func (s *skimmer) readHead(v scan.Value) {
	m := v.Fields()
	for m.Next() {
		switch string(m.Key()) {
		case "id":
			s.resp.ID = str(m.Value())
		case "model":
			s.resp.Model = str(m.Value())
		case "service_tier":
			s.sum.Tier = str(m.Value())
		}
	}
}

// readFinish notes which choices say why they ended.
func (s *skimmer) readFinish(v scan.Value) {
	choices := v.Get("choices").Elements()
	for choices.Next() {
		c := choices.Value()
		index, _ := c.Get("index").Int()
		reason := c.Get("finish_reason")
		switch finishOf(reason) {
		case canon.FinishUnset:
			continue
		case canon.FinishError:
			s.resp.Failed = true
		}
		if !slices.Contains(s.finished, index) {
			s.finished = append(s.finished, index)
		}
	}
}

// readUsage keeps the last of each number that was reported and tells whether the
// event goes on. Some servers report in every event: until the answer has come to
// its end the report is not of all of it.
func (s *skimmer) readUsage(v scan.Value) bool {
	m := v.Fields()
	found, empty := false, false
	for m.Next() {
		switch string(m.Key()) {
		case "usage":
			if m.Value().Kind() == scan.Object {
				readUsageInto(m.Value(), &s.sum)
				found = true
			}
		case "service_tier":
			s.sum.Tier = cmp.Or(str(m.Value()), s.sum.Tier)
		case "choices":
			e := m.Value().Elements()
			empty = m.Value().Kind() == scan.Array && !e.Next()
		}
	}
	source := canon.UsageEstimated
	if s.Ended() {
		source = canon.UsageProvider
	}
	s.usage.Replace(&s.sum, source)
	return !(found && empty && s.swallow)
}

// namedError tells whether an event says by its name that it is an error.
func namedError(ev scan.Event) bool {
	return bytes.HasPrefix(ev, []byte("event:")) && string(ev.Field("event")) == "error"
}

// isError tells whether an event is an error, in one of the forms that servers give
// it inside a 200.
func isError(v scan.Value) bool {
	for _, e := range [...]scan.Value{v.Get("error"), v.Get("x_groq").Get("error")} {
		if k := e.Kind(); k == scan.Object || k == scan.String && !canon.Empty(e) {
			return true
		}
	}
	return string(canon.Inside(v.Get("object"))) == "error"
}

// member tells whether data holds a member of this quoted name whose value is not
// null and not the empty string, which some servers write for it. Inside a string the
// quotes would be escaped, so a match is a name or a whole string; the latter is rare
// and only costs a closer look.
func member(data []byte, quoted string) bool {
	for {
		i := bytes.Index(data, []byte(quoted))
		if i < 0 {
			return false
		}
		data = data[i+len(quoted):]
		rest := bytes.TrimLeft(data, " \t\r\n")
		if len(rest) > 0 && rest[0] == ':' {
			rest = bytes.TrimLeft(rest[1:], " \t\r\n")
			if len(rest) > 0 && rest[0] != 'n' && !bytes.HasPrefix(rest, []byte(`""`)) {
				return true
			}
		}
	}
}

// textNames end the names of the members that hold generated text: content and
// reasoning_content, reasoning, refusal, and the arguments of a call.
var textNames = []string{"content", "arguments", "reasoning", "refusal"}
