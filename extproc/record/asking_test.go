package record_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/record"
	"github.com/headgate/headgate/policy"
)

const parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

// headers makes headers of names and values in turn.
func headers(pairs ...string) (h exchange.Headers) {
	for i := 0; i < len(pairs); i += 2 {
		h = append(h, exchange.Header{Name: pairs[i], Value: []byte(pairs[i+1])})
	}
	return h
}

// TestAskingHasNoKeys holds that what a row says of how a request was asked is what the client said,
// without its credentials and what looks like one.
func TestAskingHasNoKeys(t *testing.T) {
	for name, c := range map[string]struct {
		path    string
		headers exchange.Headers
		want    record.Asking
	}{
		"all": {"/v1/messages", headers("user-agent", "Anthropic/Python 0.97.0", "x-client-request-id", "a", policy.RequestIDHeader, "b", "traceparent", parent),
			record.Asking{Path: "/v1/messages", RequestIDs: []string{"a", "b"}, Traceparent: parent, UserAgent: "Anthropic/Python 0.97.0"}},
		"one id twice":   {"/x", headers("x-client-request-id", "a", policy.RequestIDHeader, "a"), record.Asking{Path: "/x", RequestIDs: []string{"a"}}},
		"Envoy's own id": {"/x", headers("x-request-id", "envoys"), record.Asking{Path: "/x"}},
		"own credentials": {"/v1/looks-like-a-word", headers("authorization", "Bearer looks-like-a-word", "x-api-key", "another-of-them", "x-headgate-key", "a-third-one",
			"user-agent", "tool another-of-them a-third-one", "x-client-request-id", "looks-like-a-word", policy.RequestIDHeader, "1-another-of-them"),
			record.Asking{Path: "/v1/[...]", UserAgent: "tool [...] [...]"}},
		"keys":    {"/sk-proj-abcdef", headers("user-agent", "tool sk-proj-abcdef", "x-client-request-id", "sk-proj-abcdef"), record.Asking{Path: "/[...]", UserAgent: "tool [...]"}},
		"nothing": {"", nil, record.Asking{}},
	} {
		c.want.Method = "POST"
		if diff := cmp.Diff(c.want, record.AskingOf("POST", c.path, false, c.headers)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// TestTraceparent holds that a row has the place in a trace if it has the form that W3C gives it.
func TestTraceparent(t *testing.T) {
	for name, c := range map[string]struct {
		values []string
		want   string
	}{
		"valid":                    {[]string{parent}, parent},
		"of a later version":       {[]string{"cc" + parent[2:] + "-what-else"}, "cc" + parent[2:]},
		"of a later, as short":     {[]string{"01" + parent[2:]}, "01" + parent[2:]},
		"a later without a dash":   {[]string{"cc" + parent[2:] + "x"}, ""},
		"the forbidden version":    {[]string{"ff" + parent[2:]}, ""},
		"longer than this version": {[]string{parent + "-x"}, ""},
		"cut":                      {[]string{parent[:54]}, ""},
		"in capitals":              {[]string{strings.ToUpper(parent)}, ""},
		"no trace":                 {[]string{"00-" + strings.Repeat("0", 32) + parent[35:]}, ""},
		"no parent":                {[]string{parent[:36] + strings.Repeat("0", 16) + "-01"}, ""},
		"other dashes":             {[]string{strings.ReplaceAll(parent, "-", "_")}, ""},
		"two":                      {[]string{parent, parent}, ""},
		"none":                     {nil, ""},
	} {
		var h exchange.Headers
		for _, v := range c.values {
			h = append(h, headers("traceparent", v)...)
		}
		if got := record.AskingOf("POST", "/", true, h).Traceparent; got != c.want {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// TestClientAddress holds whose address is recorded: the other end's, or what the proxies that the
// policy names have seen. Whoever is before them writes into the header what they like.
func TestClientAddress(t *testing.T) {
	for name, c := range map[string]struct {
		peer, forwarded string
		records         policy.Records
		want            string
	}{
		"not recorded":       {"192.0.2.1:5", "", policy.Records{}, ""},
		"of the connection":  {"192.0.2.1:5", "198.51.100.7, 192.0.2.1", policy.Records{ClientAddress: true}, "192.0.2.1"},
		"in IPv6":            {"[2001:db8::1%eth0]:5", "", policy.Records{ClientAddress: true}, "2001:db8::1"},
		"IPv4 within IPv6":   {"[::ffff:192.0.2.1]:5", "", policy.Records{ClientAddress: true}, "192.0.2.1"},
		"not known":          {"", "198.51.100.7", policy.Records{ClientAddress: true, ForwardedHops: 1}, ""},
		"after one proxy":    {"10.0.0.1:5", "6.6.6.6, 198.51.100.7, 10.0.0.1", policy.Records{ClientAddress: true, ForwardedHops: 1}, "198.51.100.7"},
		"after two":          {"10.0.0.1:5", "6.6.6.6,198.51.100.7,10.0.0.2,10.0.0.1", policy.Records{ClientAddress: true, ForwardedHops: 2}, "198.51.100.7"},
		"past the proxies":   {"192.0.2.1:5", "192.0.2.1", policy.Records{ClientAddress: true, ForwardedHops: 1}, "192.0.2.1"},
		"with a port":        {"10.0.0.1:5", "[2001:db8::2]:80, 10.0.0.1", policy.Records{ClientAddress: true, ForwardedHops: 1}, "2001:db8::2"},
		"what is no address": {"10.0.0.1:5", "unknown, 10.0.0.1", policy.Records{ClientAddress: true, ForwardedHops: 1}, ""},
	} {
		v, sink := joinWith(t, c.records)
		v.Exchange.Peer = c.peer
		v.Exchange.Request.Headers = headers("x-forwarded-for", c.forwarded)
		v.Exchange.Response.Complete = true
		v.End(exchange.Outcome{Result: exchange.OK})
		if row := sink.all(t)[0]; row.ClientAddress != c.want {
			t.Errorf("%s: %q, want %q", name, row.ClientAddress, c.want)
		}
	}
}

// BenchmarkAsking measures what reading how a request was asked costs each row.
func BenchmarkAsking(b *testing.B) {
	h := headers(":method", "POST", ":path", "/v1/chat/completions", "authorization", "Bearer sk-some-key-of-a-caller", "user-agent", "OpenAI/Python 2.3.0", "accept", "*/*",
		"content-type", "application/json", policy.RequestIDHeader, "3f0e0c52-3b1a-4b51-9d4c-6f0f1b2b7c11", "traceparent", parent)
	b.ReportAllocs()
	for b.Loop() {
		record.AskingOf("POST", "/v1/chat/completions", true, h)
	}
}
