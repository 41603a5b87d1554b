package exchange

import (
	"bytes"
	"slices"
	"strings"

	"github.com/headgate/headgate/extproc/scan"
)

// Attribution is on whose behalf, and what for, a request is made, as the client says: it
// attributes and gives no right. Texts are bounded and valid UTF-8; empty: it does not say.
type Attribution struct {
	User, Team, Feature, Session string
	Tags                         []string // in the order in which they are named
}

// maxTags bounds the tags of a request.
const maxTags = 16

// The headers by which a client attributes its request, and what other gateways call them.
// Sources: docs.litellm.ai (proxy/request_headers, proxy/customers, a2a_iteration_budgets),
// docs.helicone.ai (helicone-headers/header-directory), developers.cloudflare.com
// (ai-gateway/observability/custom-metadata), and what Claude Code 2.1 sends.
var (
	userHeaders    = []string{"x-headgate-user", "x-litellm-customer-id", "x-litellm-end-user-id", "helicone-user-id"}
	teamHeaders    = []string{"x-headgate-team"}
	featureHeaders = []string{"x-headgate-feature"}
	sessionHeaders = []string{"x-headgate-session", "x-litellm-session-id", "helicone-session-id", "x-claude-code-session-id"}
	tagHeaders     = []string{"x-headgate-tags", "x-litellm-tags"} // lists with commas
	jsonHeaders    = []string{"cf-aig-metadata", "x-litellm-spend-logs-metadata"}
)

// propertyPrefix begins the headers that Helicone calls custom properties.
const propertyPrefix = "helicone-property-"

// Attribute returns what the client says of a request: a header beats the body, and Headgate's
// own name those of others. It is read once. Its tags must not be changed.
func (r *Request) Attribute() Attribution {
	if !r.attributed {
		r.by, r.attributed = r.readAttribution(), true
	}
	return r.by
}

func (r *Request) readAttribution() Attribution {
	var a Attribution
	a.User, a.Session = r.headerText(userHeaders), r.headerText(sessionHeaders)
	a.Team, a.Feature = r.headerText(teamHeaders), r.headerText(featureHeaders)
	for _, name := range tagHeaders {
		for tag := range bytes.SplitSeq(r.Headers.Get(name), []byte{','}) {
			a.tag("", tag)
		}
	}
	for i := range r.Headers {
		if name, ok := strings.CutPrefix(r.Headers[i].Name, propertyPrefix); ok {
			a.named([]byte(name), r.Headers[i].Value, true)
		}
	}
	for _, name := range jsonHeaders {
		a.object(r.Headers.Get(name), true)
	}
	user, session := claudeCode(r.User)
	fill(&a.User, []byte(user))
	fill(&a.Session, []byte(session))
	a.object(r.Metadata, false)
	return a
}

func (r *Request) headerText(names []string) string {
	for _, name := range names {
		if v := bytes.TrimSpace(r.Headers.Get(name)); len(v) > 0 {
			return Clip(string(v), MaxText)
		}
	}
	return ""
}

// object takes over the members of an object in JSON, others as tags if they are meant for a
// gateway. One that cannot be read says nothing.
func (a *Attribution) object(object []byte, others bool) {
	if len(object) == 0 {
		return
	}
	m := scan.Document(object)
	for m.Next() {
		switch v := m.Value(); v.Kind() {
		case scan.String:
			if s, ok := v.Str(); ok {
				a.named(m.Key(), s, others)
			}
		case scan.Number, scan.Bool:
			a.named(m.Key(), v, others)
		case scan.Array:
			a.list(m.Key(), v)
		case scan.Object, scan.Null, scan.Invalid:
		}
	}
}

// list takes over tags.
func (a *Attribution) list(key []byte, v scan.Value) {
	if string(key) != "tags" {
		return
	}
	for e := v.Elements(); e.Next(); {
		if s, ok := e.Value().Str(); ok {
			a.tag("", s)
		}
	}
}

// named takes over a value by its name.
func (a *Attribution) named(key, value []byte, others bool) {
	switch string(bytes.ToLower(key)) {
	case "user", "user_id", "user-id":
		fill(&a.User, value)
	case "team", "team_id", "team-id":
		fill(&a.Team, value)
	case "feature":
		fill(&a.Feature, value)
	case "session", "session_id", "session-id":
		fill(&a.Session, value)
	case "tags":
		for tag := range bytes.SplitSeq(value, []byte{','}) {
			a.tag("", tag)
		}
	default:
		if others {
			a.tag(string(key)+":", value)
		}
	}
}

// fill sets a text that nothing has said before.
func fill(to *string, value []byte) {
	if value = bytes.TrimSpace(value); *to == "" && len(value) > 0 {
		*to = Clip(string(value), MaxText)
	}
}

func (a *Attribution) tag(name string, value []byte) {
	value = bytes.TrimSpace(value)
	if len(value) == 0 || len(a.Tags) == maxTags {
		return
	}
	if tag := Clip(name+string(value), MaxText); !slices.Contains(a.Tags, tag) {
		a.Tags = append(a.Tags, tag)
	}
}

// claudeCode reads the user's id that Claude Code sends: an object in JSON, before 2.1.78
// user_{device}_account_{account}_session_{session}. Any other text is a user's id.
func claudeCode(id string) (user, session string) {
	if strings.HasPrefix(id, "{") {
		v := scan.Value(id)
		text := func(name string) string { s, _ := v.Get(name).Str(); return string(s) }
		if user = text("account_uuid"); user == "" {
			user = text("device_id")
		}
		return user, text("session_id")
	}
	named, isUser := strings.CutPrefix(id, "user_")
	device, rest, ok := strings.Cut(named, "_account_")
	if !isUser || !ok {
		return id, ""
	}
	if user, session, _ = strings.Cut(rest, "_session_"); user == "" {
		user = device
	}
	return user, session
}
