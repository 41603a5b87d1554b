package openai

import (
	"bytes"
	"strconv"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
	"github.com/headgate/headgate/policy/trait"
)

// Members of a body that models differ in, beside the fields of fitFields.
const (
	fitMaxTokens = iota
	fitMaxCompletion
	fitEffort
	fitTools
	fitFunctions
	fitThinking
	fitFirstField
	fitMembers = fitFirstField + len(fitFields)
)

// fitFields are the fields that some models refuse.
var fitFields = [...]canon.Field{canon.Temperature, canon.TopP, canon.TopK, canon.PresencePenalty, canon.FrequencyPenalty,
	canon.LogitBias, canon.Logprobs, canon.TopLogprobs, canon.Stop}

var fitNames = func() []string {
	names := []string{"max_tokens", "max_completion_tokens", "reasoning_effort", "tools", "functions", "thinking"}
	for _, f := range fitFields {
		names = append(names, fieldNames[f])
	}
	return names
}()

// fitter makes a body of this dialect fit for a model of it.
type fitter struct {
	t       *trait.Set
	v       [fitMembers]scan.Value
	fate    [fitMembers]scan.Fate
	with    [fitMembers][]byte
	put     []byte // a member that is put before the others
	dropped canon.Dropped
}

// fit returns the body of a client of this dialect as a model takes it, and what that
// lost. One that the model takes is returned as it is.
func fit(body []byte, t *trait.Set) ([]byte, canon.Dropped) {
	edits, dropped := fitEdits(body, t)
	if len(edits) == 0 {
		return body, nil
	}
	return scan.Splice(make([]byte, 0, len(body)+64), body, edits), dropped
}

func fitEdits(body []byte, t *trait.Set) ([]scan.Edit, canon.Dropped) {
	if !t.Settles() {
		return nil, nil
	}
	f := fitter{t: t}
	m := scan.Value(bytes.TrimLeft(body, " \t\r\n")).Fields()
	for m.Next() {
		if i := fitIndex(m.Key()); i >= 0 && m.Value().Kind() != scan.Null {
			f.v[i] = m.Value()
		}
	}
	f.limit()
	f.effort()
	return f.edits(body), f.dropped
}

func fitIndex(key []byte) int {
	for i, name := range fitNames {
		if string(key) == name {
			return i
		}
	}
	return -1
}

func (f *fitter) drop(i int, name string) {
	f.fate[i] = scan.Dropped
	if name != "" {
		f.dropped = append(f.dropped, name)
	}
}

func (f *fitter) replace(i int, name string, value []byte) {
	f.fate[i] = scan.Replaced
	f.with[i] = append(append(scan.AppendString(nil, name), ':'), value...)
}

// limit calls the limit of the answer as the model wants it. Of two that are given the
// one of that name counts.
func (f *fitter) limit() {
	from, to := fitMaxTokens, fitMaxCompletion
	switch f.t.Limit {
	case trait.LimitUnknown:
		f.bound(from)
		f.bound(to)
		return
	case trait.LimitTokens:
		from, to = to, from
	case trait.LimitCompletion:
	}
	switch {
	case f.v[from] == nil:
		f.bound(to)
	case f.v[to] == nil:
		f.bound(from)
		f.replace(from, fitNames[to], f.v[from])
	default:
		f.drop(from, fitNames[from])
		f.bound(to)
	}
}

// bound keeps a limit to what the model can give: servers refuse a greater one.
func (f *fitter) bound(i int) {
	if n, ok := f.v[i].Int(); ok && f.t.Output > 0 && n > f.t.Output {
		f.v[i] = strconv.AppendInt(nil, f.t.Output, 10)
		f.replace(i, fitNames[i], f.v[i])
		f.dropped = append(f.dropped, fitNames[i])
	}
}

// effort sends the effort that the model takes, and drops what it refuses beside it.
func (f *fitter) effort() {
	v := f.v[fitEffort]
	said := trait.Effort(canon.Inside(v))
	asked := said
	if thinking := f.thinking(); v == nil {
		asked = thinking
	}
	sent := effortFor(f.t, asked, f.tools())
	switch {
	case v != nil && v.Kind() != scan.String:
		return // the provider refuses it in its own words
	case sent == said:
	case switchesOff(f.t, asked) && f.v[fitThinking] == nil:
		f.replace(fitEffort, fitNames[fitThinking], []byte(switchedOff))
	case switchesOff(f.t, asked):
		f.drop(fitEffort, fitNames[fitEffort])
	case v == nil:
		f.put = append(append([]byte(`"reasoning_effort":`), scan.AppendString(nil, string(sent))...), ',')
	case sent == "":
		f.drop(fitEffort, quiet(f.t, asked))
	default:
		f.replace(fitEffort, fitNames[fitEffort], scan.AppendString(nil, string(sent)))
		f.dropped = append(f.dropped, fitNames[fitEffort])
	}
	f.fields(reasons(sent))
}

// quiet names the effort that is dropped, but for one that asks not to reason of a model
// that does not.
func quiet(t *trait.Set, asked trait.Effort) string {
	if asked == trait.EffortNone && t.Reasoning == trait.ReasoningNone {
		return ""
	}
	return fitNames[fitEffort]
}

func (f *fitter) fields(reasons bool) {
	for k, field := range fitFields {
		i := fitFirstField + k
		if v := f.v[i]; v != nil && refused(f.t, field, v, reasons) {
			name := fitNames[i]
			if neutral(field, v) {
				name = ""
			}
			f.drop(i, name)
		}
	}
}

// tools reports whether the request has functions that the model may call.
func (f *fitter) tools() bool {
	for _, i := range [...]int{fitTools, fitFunctions} {
		if e := f.v[i].Elements(); e.Next() {
			return true
		}
	}
	return false
}

// edits returns what is to be done to the body; none if it can go as it is.
func (f *fitter) edits(body []byte) []scan.Edit {
	var edits []scan.Edit
	if f.put != nil {
		at := bytes.IndexByte(body, '{') + 1
		edits = append(edits, scan.Edit{Start: at, End: at, With: f.put})
	}
	if f.fate == [fitMembers]scan.Fate{} {
		return edits
	}
	return scan.Reshape(edits, body, func(m *scan.Members) (scan.Fate, []byte) {
		if i := fitIndex(m.Key()); i >= 0 {
			return f.fate[i], f.with[i]
		}
		return scan.Kept, nil
	})
}
