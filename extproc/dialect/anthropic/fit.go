package anthropic

import (
	"bytes"
	"strconv"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
	"github.com/headgate/headgate/policy/trait"
)

// Members of a body that models differ in.
const (
	fitMaxTokens = iota
	fitTemperature
	fitTopP
	fitTopK
	fitThinking
	fitOutput
	fitMembers
)

var fitNames = []string{"max_tokens", "temperature", "top_p", "top_k", "thinking", "output_config"}

// fitter makes a body of this dialect fit for a model of it.
type fitter struct {
	t       *trait.Set
	v       [fitMembers]scan.Value
	fate    [fitMembers]scan.Fate
	with    [fitMembers][]byte
	still   bool   // the model is told not to think
	put     []byte // a member that is put before the others
	dropped canon.Dropped
}

// fit returns the body of a client of this dialect as a model takes it, and what that
// lost. One that the model takes is returned as it is. A count of tokens has no limit.
func fit(body []byte, t *trait.Set, count bool) ([]byte, canon.Dropped) {
	edits, dropped := fitEdits(body, t, count)
	if len(edits) == 0 {
		return body, nil
	}
	return scan.Splice(make([]byte, 0, len(body)+64), body, edits), dropped
}

func fitEdits(body []byte, t *trait.Set, count bool) ([]scan.Edit, canon.Dropped) {
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
	if !count && t.Output > 0 {
		f.limit()
	}
	f.thinking()
	f.sampling()
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

func (f *fitter) replace(i int, value []byte, name string) {
	f.fate[i] = scan.Replaced
	f.with[i] = append(append(scan.AppendString(nil, fitNames[i]), ':'), value...)
	if name != "" {
		f.dropped = append(f.dropped, name)
	}
}

// sampling drops what the model does not take, or not while it thinks.
func (f *fitter) sampling() {
	think := f.thinks()
	for i, field := range [...]canon.Field{fitTemperature: canon.Temperature, fitTopP: canon.TopP, fitTopK: canon.TopK} {
		v := f.v[i]
		if i < fitTemperature || v == nil {
			continue
		}
		if unsampled(f.t, field, v, f.v[fitTemperature]) || think && !calm(field, v) {
			f.drop(i, fitNames[i])
		}
	}
}

// thinks reports whether the model is told to think, in a form that it takes.
func (f *fitter) thinks() bool {
	kind := string(canon.Inside(f.v[fitThinking].Get("type")))
	return f.fate[fitThinking] != scan.Dropped && (kind == "enabled" || kind == "adaptive")
}

// limit bounds the answer by what the model can give, which the API demands.
func (f *fitter) limit() {
	v := f.v[fitMaxTokens]
	if v == nil {
		f.put = append(strconv.AppendInt([]byte(`"max_tokens":`), f.t.Output, 10), ',')
		return
	}
	if n, ok := v.Int(); ok && n > f.t.Output {
		f.v[fitMaxTokens] = strconv.AppendInt(nil, f.t.Output, 10)
		f.replace(fitMaxTokens, f.v[fitMaxTokens], fitNames[fitMaxTokens])
	}
}

// thinking gives the model's own form to what the client says of it.
func (f *fitter) thinking() {
	v := f.v[fitThinking]
	if v == nil {
		return
	}
	kind := string(canon.Inside(v.Get("type")))
	f.still = kind == "disabled" || kind == "between_tools"
	switch {
	case f.still && f.t.Reasoning == trait.ReasoningNone:
		f.drop(fitThinking, "")
	case f.still && !stoppable(f.t), f.t.Reasoning == trait.ReasoningNone:
		f.still = false
		f.drop(fitThinking, "thinking")
	case f.still && f.t.Reasoning != trait.ReasoningUnknown && kind != still(f.t):
		f.replace(fitThinking, thinkingAs(`"`+still(f.t)+`"`, v), "thinking.type")
	case kind == "enabled" && !f.t.Budgets():
		f.replace(fitThinking, thinkingAs(`"adaptive"`, v), "thinking.budget_tokens")
	case kind == "enabled":
		f.withinLimit(v)
	case kind == "adaptive" && !f.t.Adapts():
		f.budget(v)
	}
}

// withinLimit keeps the budget of thinking below a limit that has become less.
func (f *fitter) withinLimit(v scan.Value) {
	budget, _ := v.Get("budget_tokens").Int()
	limit, _ := f.v[fitMaxTokens].Int()
	if f.fate[fitMaxTokens] == scan.Replaced && budget >= limit {
		f.replace(fitThinking, thinkingAs(`"enabled","budget_tokens":`+strconv.FormatInt(limit-1, 10), v), "thinking.budget_tokens")
	}
}

// budget stands for adaptive thinking at a model that knows none.
func (f *fitter) budget(v scan.Value) {
	limit, _ := f.v[fitMaxTokens].Int()
	if limit == 0 {
		limit = f.t.Output
	}
	n := budgetFor(string(canon.Inside(f.v[fitOutput].Get("effort"))), limit)
	if n == 0 {
		f.drop(fitThinking, "thinking")
		return
	}
	f.replace(fitThinking, thinkingAs(`"enabled","budget_tokens":`+strconv.FormatInt(n, 10), v), "thinking")
}

// thinkingAs writes another type of thinking and keeps what else is said of it.
func thinkingAs(kind string, v scan.Value) []byte {
	edits := scan.Reshape(nil, v, func(m *scan.Members) (scan.Fate, []byte) {
		switch string(m.Key()) {
		case "type":
			return scan.Replaced, []byte(`"type":` + kind)
		case "budget_tokens":
			return scan.Dropped, nil
		default:
			return scan.Kept, nil
		}
	})
	return scan.Splice(nil, v, edits)
}

// effort sends the nearest effort that the model takes, if it takes any.
func (f *fitter) effort() {
	asked := f.v[fitOutput].Get("effort")
	effort := trait.Effort(canon.Inside(asked))
	if effort == "" {
		return
	}
	const name = "output_config.effort"
	nearest := f.t.EffortFor(effort, f.still)
	if nearest == effort {
		return
	}
	members := 0
	edits := scan.Reshape(nil, f.v[fitOutput], func(m *scan.Members) (scan.Fate, []byte) {
		members++
		switch {
		case string(m.Key()) != "effort":
			return scan.Kept, nil
		case nearest == "":
			return scan.Dropped, nil
		}
		return scan.Replaced, append([]byte(`"effort":`), scan.AppendString(nil, string(nearest))...)
	})
	if nearest == "" && members == 1 {
		f.drop(fitOutput, name)
		return
	}
	f.replace(fitOutput, scan.Splice(nil, f.v[fitOutput], edits), name)
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
