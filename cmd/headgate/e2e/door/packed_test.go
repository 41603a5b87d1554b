package door

import (
	"bytes"
	"compress/gzip"
	"strings"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

func packed(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// packedBodies are unpacked if they are gzip, and good, and within the limit.
func packedBodies(t *testing.T, g *gatewaytest.Gateway, p *gatewaytest.Provider) {
	for _, c := range []struct {
		model, path string
		chunked     bool
	}{{"plain", "/v1/chat/completions", false}, {"plain", "/v1/chat/completions", true}, {"plain-claude", "/v1/messages", false}, {"plain", "/v1/messages", false}} {
		g, p := g.With(t), p.With(t)
		mark := "packed for " + c.model + " by " + c.path
		if c.chunked {
			mark += ", chunked"
		}
		body := gatewaytest.MessageBody(c.model, mark+"; "+strings.Repeat("padding ", 4000), false)
		r := with("POST", c.path, packed(t, body), "content-encoding", "gzip")
		r.Chunked = c.chunked
		a := g.Ask(r)
		gatewaytest.MustOK(t, a)
		got := p.Find(mark)
		if got.Header.Get("Content-Encoding") != "" || got.Header.Get("Content-Length") == "" {
			t.Errorf("%s: the provider got %v", mark, got.Header)
		}
		served++
	}
	bomb := packed(t, `{"model":"plain","messages":[{"role":"user","content":"`+strings.Repeat("a", 64<<20)+`"}]}`)
	good := packed(t, gatewaytest.ChatBody("plain", "packed", false))
	for _, c := range []struct {
		name, encoding, body string
		status               int
		kind, code, says     string
	}{
		{"a bomb", "gzip", bomb, 413, "invalid_request_error", "request_too_large", "unpacks to more than"},
		{"damaged", "gzip", good[:len(good)/2], 400, "invalid_request_error", "invalid_request", "cannot be unpacked"},
		{"brotli", "br", good, 415, "invalid_request_error", "unsupported_content_encoding", "content-encoding br"},
		{"zstd", "zstd", good, 415, "invalid_request_error", "unsupported_content_encoding", "content-encoding zstd"},
		{"deflate", "deflate", good, 415, "invalid_request_error", "unsupported_content_encoding", "content-encoding deflate"},
	} {
		a := g.With(t).Ask(with("POST", "/v1/chat/completions", c.body, "content-encoding", c.encoding))
		gatewaytest.CheckRefusal(t, a, false, c.kind, c.code)
		if a.Status != c.status || !strings.Contains(a.Body, c.says) {
			t.Errorf("%s: %d %s", c.name, a.Status, a.Body)
		}
	}
	if a := g.With(t).Ask(gatewaytest.ChatRequest("/v1/chat/completions", bomb, "", "content-encoding", "gzip")); a.Status != 401 {
		t.Errorf("a bomb without a key: %d %s", a.Status, a.Body)
	}
}
