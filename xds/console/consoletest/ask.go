package consoletest

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/headgate/headgate/xds/console"
)

// API is a Console that is served for a test.
type API struct {
	URL string
	t   *testing.T
}

// Serve serves a Console until the test ends.
func Serve(t *testing.T, c *console.Console) API {
	t.Helper()
	s := httptest.NewServer(c)
	t.Cleanup(s.Close)
	return API{s.URL, t}
}

// Mounted serves routes below a prefix for anyone.
func Mounted(t *testing.T, prefix string, routes []console.Route) API {
	t.Helper()
	c := console.New(console.Options{Who: Anyone})
	c.Mount(prefix, routes)
	return Serve(t, c)
}

// Answer is what came back.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Ask sends a request with a body that is JSON, unless headers, as pairs of name and
// value, say otherwise. A text is sent as it is.
func (a API) Ask(method, path string, body any, headers ...string) Answer {
	a.t.Helper()
	text, ok := body.(string)
	if !ok && body != nil {
		data, err := json.Marshal(body)
		if err != nil {
			a.t.Fatal(err)
		}
		text = string(data)
	}
	req, err := http.NewRequestWithContext(a.t.Context(), method, a.URL+path, strings.NewReader(text))
	if err != nil {
		a.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	if host := req.Header.Get("Host"); host != "" {
		req.Host = host
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		a.t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		a.t.Fatal(err)
	}
	return Answer{resp.StatusCode, resp.Header, data}
}

// Want demands a status and decodes the body.
func Want[T any](t *testing.T, a Answer, status int) (v T) {
	t.Helper()
	if a.Status != status {
		t.Fatalf("answered %d, want %d: %s", a.Status, status, a.Body)
	}
	if typ := a.Header.Get("Content-Type"); typ != "application/json" || a.Header.Get("X-Content-Type-Options") != "nosniff" || a.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("the answer's headers are %v", a.Header)
	}
	d := json.NewDecoder(bytes.NewReader(a.Body))
	d.DisallowUnknownFields()
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%v in %s", err, a.Body)
	}
	return v
}

// Fails demands a failure of a kind.
func Fails(t *testing.T, a Answer, kind *console.Kind) console.Failure {
	t.Helper()
	f := Want[console.Failure](t, a, kind.Status)
	if f.Cause.Code != kind.Code || f.Cause.Message == "" {
		t.Errorf("answered %+v, want code %s", f.Cause, kind.Code)
	}
	return f
}
