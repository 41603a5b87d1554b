package openai

import (
	"bytes"
	"strconv"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/scan"
)

// Dialect is the OpenAI chat completions, embeddings, moderations and models wire format. The
// zero Dialect is ready.
type Dialect struct{}

// Name returns "openai".
func (Dialect) Name() string { return "openai" }

// RequestIDHeader is what OpenAI's SDKs call _request_id.
func (Dialect) RequestIDHeader() string { return "x-request-id" }

// Path returns the path of an operation below the base URL, empty for one that the
// dialect does not have.
func (Dialect) Path(op exchange.Operation, _ string, _ bool) string {
	switch op {
	case exchange.Chat:
		return "/chat/completions"
	case exchange.Embeddings:
		return "/embeddings"
	case exchange.Moderations:
		return "/moderations"
	default:
		return ""
	}
}

// Sign adds nothing: servers demand no more than a credential.
func (Dialect) Sign(*exchange.Attempt) {}

// readKeys are the members that Headgate acts on. A second member of the same
// name, or one that differs in case only, is refused: parsers disagree about
// which of them counts, and a gateway must not read another than the provider.
var readKeys = []string{"model", "stream", "stream_options", "max_tokens", "max_completion_tokens", "n", "user", "safety_identifier", "metadata"}

// Read reads model, stream, stream_options, the token limit, the choices, the user and what else
// attributes the request.
func (Dialect) Read(req *exchange.Request) exchange.Verdict {
	m := scan.Document(req.Body)
	seen := 0
	req.Spans.First = bytes.IndexByte(req.Body, '{') + 1
	req.Spans.Empty = true
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
	case "stream_options":
		if v.Kind() != scan.Object && !null {
			return badType(name, "an object")
		}
		req.Spans.StreamOptions.Start, req.Spans.StreamOptions.End = m.Span()
		return readStreamOptions(req, v)
	case "max_tokens", "max_completion_tokens":
		n, ok := v.Int()
		if !ok && !null {
			return badType(name, "an integer")
		}
		req.MaxTokens = max(req.MaxTokens, n)
	case "n":
		if n, ok := v.Int(); ok {
			req.Choices = int(n)
		}
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

func readStreamOptions(req *exchange.Request, v scan.Value) exchange.Verdict {
	const name = "include_usage"
	f := v.Fields()
	for f.Next() {
		if !bytes.EqualFold(f.Key(), []byte(name)) {
			continue
		}
		if req.Spans.IncludeUsage.End > 0 || string(f.Key()) != name {
			return bad("Ambiguous request: more than one member reads as 'stream_options."+name+"'.", "stream_options")
		}
		if k := f.Value().Kind(); k != scan.Bool && k != scan.Null {
			return badType("stream_options."+name, "a boolean")
		}
		req.WantUsage = f.Value().True()
		start, end := f.Span()
		at := req.Spans.StreamOptions.Start
		req.Spans.IncludeUsage = exchange.Span{Start: at + start, End: at + end}
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

// Adapt writes the model's name at the backend and the settings as the model takes them,
// and asks for usage in a stream.
func (Dialect) Adapt(dst []byte, req *exchange.Request, t *canon.Target) ([]byte, canon.Dropped, bool) {
	var dropped canon.Dropped
	var fitted []scan.Edit
	if req.Operation == exchange.Chat {
		fitted, dropped = fitEdits(req.Body, &t.Traits)
	}
	var room [2]scan.Edit
	edits := room[:0]
	if t.Stream && !req.Stream {
		edits = append(edits, req.Spans.AskStream())
	}
	if !t.Quirks.NoStreamOptions && (req.Stream || t.Stream) && !req.WantUsage {
		edits = append(edits, askUsage(req))
	}
	if s := req.Spans.Model; t.Model != req.Model {
		edits = append(edits, scan.Edit{Start: s.Start, End: s.End, With: scan.AppendString(nil, t.Model)})
	}
	if edits = append(edits, fitted...); len(edits) == 0 {
		return dst, nil, false
	}
	scan.Sort(edits)
	return scan.Splice(dst, req.Body, edits), dropped, true
}

var (
	streamOptionsMember = []byte(`"stream_options":{"include_usage":true},`)
	streamOptionsValue  = []byte(`{"include_usage":true}`)
	includeUsageMember  = []byte(`"include_usage":true,`)
	includeUsageOnly    = []byte(`"include_usage":true`)
	literalTrue         = []byte(`true`)
)

// askUsage is the edit that makes a stream end with its usage. A request that is
// read has at least the member model, so a comma always fits after a new one.
func askUsage(req *exchange.Request) scan.Edit {
	s := &req.Spans
	options := req.Body[s.StreamOptions.Start:s.StreamOptions.End]
	switch {
	case s.IncludeUsage.End > 0:
		return scan.Edit{Start: s.IncludeUsage.Start, End: s.IncludeUsage.End, With: literalTrue}
	case len(options) == 0:
		return scan.Edit{Start: s.First, End: s.First, With: streamOptionsMember}
	case options[0] != '{':
		return scan.Edit{Start: s.StreamOptions.Start, End: s.StreamOptions.End, With: streamOptionsValue}
	}
	at := s.StreamOptions.Start + 1
	if len(bytes.TrimSpace(options[1:len(options)-1])) == 0 {
		return scan.Edit{Start: at, End: at, With: includeUsageOnly}
	}
	return scan.Edit{Start: at, End: at, With: includeUsageMember}
}

// Models renders the list of models, which in this dialect has one page.
func (d Dialect) Models(page []exchange.ListedModel, _ bool) []byte {
	b := []byte(`{"object":"list","data":[`)
	for i := range page {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, d.Model(page[i])...)
	}
	return append(b, "]}"...)
}

// Model renders one model.
func (Dialect) Model(m exchange.ListedModel) []byte {
	b := scan.AppendString([]byte(`{"id":`), m.Name)
	b = strconv.AppendInt(append(b, `,"object":"model","created":`...), m.Created.Unix(), 10)
	return append(b, `,"owned_by":"headgate"}`...)
}
