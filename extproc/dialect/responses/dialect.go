package responses

import (
	"bytes"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/dialect/openai"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/scan"
)

// Dialect is the wire format of OpenAI's Responses API. The zero Dialect is ready.
type Dialect struct{}

// name is that of the dialect in requests and answers.
const name = "responses"

// Name returns "responses".
func (Dialect) Name() string { return name }

// RequestIDHeader is what OpenAI's SDKs call _request_id.
func (Dialect) RequestIDHeader() string { return "x-request-id" }

// EncodeFault appends a fault as an error body of OpenAI's to dst and returns its status.
func (Dialect) EncodeFault(dst []byte, f *canon.Fault) ([]byte, int) {
	return openai.Dialect{}.EncodeFault(dst, f)
}

// Models renders the list of models, which is OpenAI's for all its APIs.
func (Dialect) Models(page []exchange.ListedModel, more bool) []byte {
	return openai.Dialect{}.Models(page, more)
}

// Model renders one model.
func (Dialect) Model(m exchange.ListedModel) []byte { return openai.Dialect{}.Model(m) }

// readKeys are the members that Headgate acts on. A second member of the same name, or one
// that differs in case only, is refused: parsers disagree about which of them counts.
var readKeys = []string{"model", "stream", "max_output_tokens", "user", "safety_identifier", "metadata"}

// Read reads model, stream, the token limit, the user and what else attributes the
// request. A stream ends with its usage, whatever was asked for.
func (Dialect) Read(req *exchange.Request) exchange.Verdict {
	m := scan.Document(req.Body)
	seen := 0
	req.Spans.First = bytes.IndexByte(req.Body, '{') + 1
	req.Spans.Empty = true
	req.WantUsage = true
	for m.Next() {
		req.Spans.Empty = false
		k := scan.FoldIndex(readKeys, m.Key())
		if k < 0 {
			continue
		}
		name := readKeys[k]
		if seen&(1<<k) != 0 || string(m.Key()) != name {
			return bad("Ambiguous request: more than one member reads as '"+name+"'.", name)
		}
		seen |= 1 << k
		if v := readMember(req, name, &m); v.Action != exchange.Pass {
			return v
		}
	}
	if err := m.Err(); err != nil {
		return bad("We could not parse the JSON body of your request: "+err.Error()+".", "")
	}
	if req.Model == "" {
		return bad("You must provide a model parameter.", "model")
	}
	return exchange.Verdict{}
}

func readMember(req *exchange.Request, name string, m *scan.Members) exchange.Verdict {
	v := m.Value()
	null := v.Kind() == scan.Null
	switch name {
	case "model":
		s, ok := v.Str()
		if !ok || len(s) == 0 {
			return badType(name, "a string")
		}
		req.Model = string(s)
		req.Spans.Model.Start, req.Spans.Model.End = m.Span()
	case "stream":
		if v.Kind() != scan.Bool && !null {
			return badType(name, "a boolean")
		}
		req.Stream = v.True()
		req.Spans.Stream.Start, req.Spans.Stream.End = m.Span()
	case "max_output_tokens":
		n, ok := v.Int()
		if !ok && !null {
			return badType(name, "an integer")
		}
		req.MaxTokens = max(n, 0)
	case "user":
		if s, ok := v.Str(); ok && len(s) > 0 {
			req.User = string(s)
		}
	case "safety_identifier":
		if s, ok := v.Str(); ok && req.User == "" {
			req.User = string(s)
		}
	case "metadata":
		req.Metadata = v
	}
	return exchange.Verdict{}
}

func bad(message, param string) exchange.Verdict {
	v := exchange.Denied(400, exchange.ReasonBadRequest, message)
	v.Param = param
	return v
}

func badType(name, want string) exchange.Verdict {
	return bad("Invalid type for '"+name+"': expected "+want+".", name)
}
