package anthropic

import (
	"slices"
	"strconv"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

// Encode appends a Messages request to dst. What Unsupported reports is left
// out, or approximated if there is a way, and returned. An error says that
// nothing is left to ask.
func (Dialect) Encode(dst []byte, r *canon.Request, t canon.Target) ([]byte, canon.Dropped, error) {
	e := plan(dst, r, &t)
	dropped := canon.Fields(e.unsupported())
	e.b = append(e.b, '{')
	e.b = scan.AppendString(canon.AppendKey(e.b, "model"), t.Model)
	e.b = strconv.AppendInt(canon.AppendKey(e.b, "max_tokens"), e.limit, 10)
	e.tools() // tools, system, messages: the order of the cache's prefix
	e.system()
	if !e.messages() {
		return dst, dropped, canon.Errorf("messages", "hold nothing that this backend can be asked")
	}
	e.settings()
	e.thinking()
	e.output()
	if r.Stream || t.Stream {
		e.b = append(e.b, `,"stream":true`...)
	}
	if !e.same {
		return append(e.b, '}'), dropped, nil
	}
	e.b = append(canon.AppendMembers(e.b, r.Extra), '}')
	body, unfit := fit(e.b[len(dst):], &t.Traits, false)
	return append(e.b[:len(dst)], body...), append(dropped, unfit...), nil
}

// settings writes the fields that are values and nothing else.
func (e *encoder) settings() {
	e.stops()
	if e.same {
		for _, f := range [...]canon.Field{canon.Temperature, canon.TopP, canon.TopK, canon.Metadata, canon.ServiceTier, canon.CacheControl, canon.ContextManagement} {
			e.b = canon.AppendRaw(e.b, fieldNames[f], e.r.Fields[f])
		}
		return
	}
	if v := e.r.Fields[canon.Temperature]; e.samples(canon.Temperature) {
		if above(v, 1) {
			v = scan.Value("1")
		}
		e.b = canon.AppendRaw(e.b, "temperature", v)
	}
	for _, f := range [...]canon.Field{canon.TopP, canon.TopK} {
		if e.samples(f) {
			e.b = canon.AppendRaw(e.b, fieldNames[f], e.r.Fields[f])
		}
	}
	if v := e.user(); v != nil {
		e.b = append(canon.AppendRaw(append(e.b, `,"metadata":{`...), "user_id", v), '}')
	}
	if v := e.r.Fields[canon.CacheControl]; isMark(v) {
		e.b = canon.AppendRaw(e.b, "cache_control", v)
	}
}

func (e *encoder) user() scan.Value {
	for _, f := range [...]canon.Field{canon.User, canon.SafetyIdentifier} {
		if v := e.r.Fields[f]; v.Kind() == scan.String {
			return v
		}
	}
	return nil
}

// samples reports whether a sampling field goes out: never a temperature and a top_p at
// once.
func (e *encoder) samples(f canon.Field) bool {
	v, temperature := e.r.Fields[f], e.r.Fields[canon.Temperature]
	switch {
	case v == nil || e.same:
		return e.same
	case f.Nonsense(v) != "", unsampled(&e.t.Traits, f, v, temperature), f == canon.TopP && temperature != nil:
		return false
	default:
		return !e.think || calm(f, v)
	}
}

func number(v scan.Value) float64 {
	n, err := strconv.ParseFloat(string(v), 64)
	if err != nil {
		return 0
	}
	return n
}

func above(v scan.Value, max float64) bool { return v.Kind() == scan.Number && number(v) > max }

func (e *encoder) stops() {
	open := false
	for _, s := range e.r.Stop {
		if !e.same && blank(s) {
			continue
		}
		if !open {
			e.b = append(e.b, `,"stop_sequences":[`...)
			open = true
		}
		e.b = append(canon.AppendComma(e.b), s...)
	}
	if open {
		e.b = append(e.b, ']')
	}
}

func (e *encoder) tools() {
	open := false
	budget := e.budgetForTools()
	for i := range e.r.Tools {
		t := &e.r.Tools[i]
		fit := e.fitTool(t, &budget)
		if !fit.ok {
			continue
		}
		if t.Custom {
			function := t.AsFunction()
			t = &function
		}
		if !open {
			e.b = append(e.b, `,"tools":[`...)
			open = true
		}
		e.b = canon.AppendComma(e.b)
		if e.same {
			e.b = e.own(e.b, t.Raw, t.Name)
			continue
		}
		e.b = e.name(append(e.b, `{"name":`...), t.Name)
		e.b = canon.AppendRaw(e.b, "description", t.Description)
		e.b = canon.AppendRaw(e.b, "input_schema", fit.schema)
		if fit.strict {
			e.b = append(e.b, `,"strict":true`...)
		}
		e.cache(t.Cache)
		e.b = append(e.b, '}')
	}
	if open {
		e.b = append(e.b, ']')
	}
	if open || e.same {
		e.choice()
	}
}

// own appends a tool or the call of one as a client of this dialect wrote it, but for a
// name that the model does not take.
func (e *encoder) own(dst []byte, raw, name scan.Value) []byte {
	start, ok := scan.Within(raw, name)
	if !ok || !e.misnamed(name) {
		return append(dst, raw...)
	}
	dst = e.name(append(dst, raw[:start]...), name)
	return append(dst, raw[start+len(name):]...)
}

// hasTools reports whether the server gets tools.
func (e *encoder) hasTools() bool {
	return e.takesTools() && slices.ContainsFunc(e.r.Tools, func(t canon.Tool) bool { return !t.Other || e.same })
}
