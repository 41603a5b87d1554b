package openai

import (
	"bytes"
	"slices"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/scan"
)

// skimmer reads a chat completion stream. It looks into a chunk only if a byte
// search says that something in it counts: only the first and the last ones do.
type skimmer struct {
	resp    *exchange.Response
	usage   *canon.Usage
	tally   tally
	swallow bool // the client did not ask for usage
	done    bool // [DONE]
	calls   bool // tools may be called
	mender  streamMender
	data    []byte // of the event that was seen last
	changed []byte // memory of the event that the client gets in its place

	reported int64 // texts that had come when usage was reported last

	choices  int     // that the client asked for
	finished []int64 // indexes of those that said why they ended
	broke    *canon.Fault
}

// Skim starts reading a chat completion stream that passes.
func (Dialect) Skim(req *exchange.Request, resp *exchange.Response, usage *canon.Usage) exchange.Skimmer {
	return &skimmer{resp: resp, usage: usage, swallow: !req.WantUsage, calls: bytes.Contains(req.Body, []byte(`"tools"`)), choices: max(1, req.Choices)}
}

// SawEnd holds for servers that leave out [DONE], if all choices have finished.
func (s *skimmer) SawEnd() bool { return s.done || s.allFinished() }

// Fault implements exchange.Skimmer.
func (s *skimmer) Fault() *canon.Fault { return s.broke }

func (s *skimmer) allFinished() bool { return len(s.finished) >= s.choices }

// Frame reads one event. It hides the usage event that the client did not ask for: many
// clients index choices[0].
func (s *skimmer) Frame(raw []byte) exchange.Sight {
	ev := scan.Event(raw)
	data := ev.Data()
	if data == nil {
		return exchange.Shown
	}
	data = bytes.TrimSpace(data)
	s.data = data
	if isDone(data) {
		s.done = true
		s.resp.Said++
		s.usage.Replace(&s.tally.usage, canon.UsageProvider)
		return exchange.Last
	}
	text, err := scan.Texts(data, textNames)
	if err != nil && len(data) > 0 {
		return exchange.Broken
	}
	if text > 0 {
		s.resp.Note(text)
	}
	counts := s.counts(ev, data)
	if text > 0 && !counts {
		return exchange.Shown
	}
	var c chunk
	_ = canon.Find(scan.Value(data).Fields(), chunkNames, c[:])
	if text == 0 && c.says() {
		s.resp.Said++
		s.resp.TextBytes += called(data)
	}
	if counts && s.look(ev, data, &c) {
		return exchange.Hidden
	}
	return exchange.Shown
}

// look takes from a chunk what it says beside its text. It reports whether the client must
// not get it.
func (s *skimmer) look(ev scan.Event, data []byte, c *chunk) bool {
	if s.tally.start(c) {
		s.resp.ID, s.resp.Model = canon.Str(c[chunkID]), canon.Str(c[chunkModel])
	}
	fault, failed := c.fault(ev, data)
	if failed {
		s.resp.NoteFault(readFault(0, fault))
	}
	s.finish(c)
	s.report(c)
	return !failed && s.swallow && c.onlyUsage()
}

// counts reports whether an event may say more than text.
func (s *skimmer) counts(ev scan.Event, data []byte) bool {
	return !s.tally.started || member(data, `"usage"`) || !s.allFinished() && member(data, `"finish_reason"`) ||
		bytes.Contains(data, []byte(`"error"`)) || namedError(ev)
}

// finish notes which choices say why they ended.
func (s *skimmer) finish(c *chunk) {
	if s.allFinished() {
		return
	}
	e := c[chunkChoices].Elements()
	for e.Next() {
		var f choice
		_ = canon.Find(e.Value().Fields(), deltaNames, f[:])
		index, _ := f[deltaIndex].Int()
		finish := finishOf(f[deltaFinish])
		if finish == canon.FinishUnset || slices.Contains(s.finished, index) {
			continue
		}
		s.resp.NoteEnd(f[deltaFinish], finish)
		if finish == canon.FinishError && !s.resp.Failed { // an error says so otherwise
			s.broke = canon.BrokeOff(f[deltaFinish])
		}
		s.finished = append(s.finished, index)
	}
}

// report takes over what a chunk reports of usage. Some servers report in every event, or
// before the last: a report is of all of an answer that has come to its end if no text
// came after it.
func (s *skimmer) report(c *chunk) {
	if s.tally.count(c) {
		s.reported = s.resp.Texts
	}
	source := canon.UsageEstimated
	if s.SawEnd() && s.reported == s.resp.Texts {
		source = canon.UsageProvider
	}
	s.usage.Replace(&s.tally.usage, source)
}

// member reports whether data holds a member of this quoted name whose value is not
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

// called returns how many bytes a model wrote of the names of calls that a chunk begins.
func called(data []byte) int64 {
	n, _ := scan.Texts(data, callNames) // the chunk was read before
	return n
}

var callNames = []string{`"name`}

// textNames end the names of the members that hold generated text: content and
// reasoning_content, reasoning, refusal, the arguments of a call and the input of a custom one,
// and what is said in sound.
var textNames = []string{"content", "arguments", "reasoning", "refusal", "input", "transcript"}
