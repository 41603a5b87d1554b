package anthropic

import (
	"bytes"
	"strconv"
	"time"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/scan"
)

// Dialect is the Anthropic Messages wire format. The zero Dialect is ready.
type Dialect struct{}

// Version is the API version that a backend is called with if the client
// names none.
const Version = "2023-06-01"

// Name returns "anthropic".
func (Dialect) Name() string { return "anthropic" }

// RequestIDHeader is what Anthropic's SDKs call _request_id.
func (Dialect) RequestIDHeader() string { return "request-id" }

// Path returns the path of an operation below the base URL, empty for one that the
// dialect does not have.
func (Dialect) Path(op exchange.Operation, _ string, _ bool) string {
	switch op {
	case exchange.Chat:
		return "/messages"
	case exchange.CountTokens:
		return "/messages/count_tokens"
	default:
		return ""
	}
}

// Sign sets the version if neither the client nor the backend's headers name one.
func (Dialect) Sign(at *exchange.Attempt) {
	if at.Request.Headers.Get("anthropic-version") == nil && at.Out.Set.Get("anthropic-version") == nil {
		at.Out.SetHeader("anthropic-version", Version)
	}
}

// readKeys are the members that Headgate acts on. A second member of the same
// name, or one that differs in case only, is refused: parsers disagree about
// which of them counts.
var readKeys = []string{"model", "stream", "max_tokens", "metadata"}

// Read reads model, stream, max_tokens and metadata.user_id.
func (Dialect) Read(req *exchange.Request) exchange.Verdict {
	m := scan.Document(req.Body)
	seen := 0
	req.Spans.First = bytes.IndexByte(req.Body, '{') + 1
	for m.Next() {
		k := scan.FoldIndex(readKeys, m.Key())
		if k < 0 {
			continue
		}
		name := readKeys[k]
		if seen&(1<<k) != 0 || string(m.Key()) != name {
			return bad("ambiguous request: more than one member reads as "+name, name)
		}
		seen |= 1 << k
		if v := readMember(req, name, &m); v.Action != exchange.Pass {
			return v
		}
	}
	if err := m.Err(); err != nil {
		return bad("the request body is not valid JSON: "+err.Error(), "")
	}
	if req.Model == "" {
		return bad("model: Field required", "model")
	}
	return exchange.Verdict{}
}

func readMember(req *exchange.Request, name string, m *scan.Members) exchange.Verdict {
	v := m.Value()
	switch name {
	case "model":
		s, ok := v.Str()
		if !ok || len(s) == 0 {
			return bad("model: Input should be a valid string", name)
		}
		req.Model = string(s)
		req.Spans.Model.Start, req.Spans.Model.End = m.Span()
	case "stream":
		if v.Kind() != scan.Bool && v.Kind() != scan.Null {
			return bad("stream: Input should be a valid boolean", name)
		}
		req.Stream = v.True()
		req.Spans.Stream.Start, req.Spans.Stream.End = m.Span()
	case "max_tokens":
		n, ok := v.Int()
		if !ok {
			return bad("max_tokens: Input should be a valid integer", name)
		}
		req.MaxTokens = max(n, 0)
	case "metadata":
		if s, ok := v.Get("user_id").Str(); ok {
			req.User = string(s)
		}
		req.Metadata = v
	}
	return exchange.Verdict{}
}

func bad(message, param string) exchange.Verdict {
	v := exchange.Denied(400, exchange.ReasonBadRequest, message)
	v.Param = param
	return v
}

// Adapt writes the model's name at the backend, and the settings as the model takes
// them. Usage comes unasked.
func (Dialect) Adapt(dst []byte, req *exchange.Request, t *canon.Target) ([]byte, canon.Dropped, bool) {
	edits, dropped := fitEdits(req.Body, &t.Traits, req.Operation != exchange.Chat)
	if t.Stream && !req.Stream {
		edits = append(edits, req.Spans.AskStream())
	}
	if t.Model != req.Model {
		s := req.Spans.Model
		edits = append(edits, scan.Edit{Start: s.Start, End: s.End, With: scan.AppendString(nil, t.Model)})
	}
	if len(edits) == 0 {
		return dst, nil, false
	}
	scan.Sort(edits)
	return scan.Splice(dst, req.Body, edits), dropped, true
}

// Models renders a page of the list of models.
func (d Dialect) Models(page []exchange.ListedModel, more bool) []byte {
	b := []byte(`{"data":[`)
	for i := range page {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, d.Model(page[i])...)
	}
	b = strconv.AppendBool(append(b, `],"has_more":`...), more)
	if len(page) == 0 {
		return append(b, `,"first_id":null,"last_id":null}`...)
	}
	b = scan.AppendString(append(b, `,"first_id":`...), page[0].Name)
	b = scan.AppendString(append(b, `,"last_id":`...), page[len(page)-1].Name)
	return append(b, '}')
}

// Model renders one model.
func (Dialect) Model(m exchange.ListedModel) []byte {
	b := scan.AppendString([]byte(`{"type":"model","id":`), m.Name)
	b = scan.AppendString(append(b, `,"display_name":`...), m.Name)
	b = m.Created.UTC().AppendFormat(append(b, `,"created_at":"`...), time.RFC3339)
	return append(b, `"}`...)
}
