package health

import (
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/headgate/headgate/policy"
)

// backendAt is a backend with a URL, and further keys.
func backendAt(t *testing.T, url, more string) *policy.Backend {
	t.Helper()
	return parse(t, fmt.Sprintf("version: 1\nbackends: {b: {provider: openai-compatible, url: %q%s}}\n", url, more)).Backends["b"]
}

// caFile is the certificate of a server as a bundle.
func caFile(t *testing.T, s *httptest.Server) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ca.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

const secret = "hunter2"

// keyed knows the credential of every backend.
func keyed(*policy.Backend) (http.Header, bool) {
	return http.Header{"Authorization": {"Bearer " + secret}}, true
}

// keyless knows none.
func keyless(*policy.Backend) (http.Header, bool) { return nil, false }

func kindOf(err error) Kind {
	var f *Failure
	if errors.As(err, &f) {
		return f.Kind
	}
	return ""
}

// TestStatuses holds which answers to a request for the models are an outage.
func TestStatuses(t *testing.T) {
	status := 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/prefix/v1/models" || r.Header.Get("authorization") != "Bearer "+secret {
			t.Errorf("asked %s with %q", r.URL, r.Header.Get("authorization"))
		}
		w.Header().Set("location", "/prefix/v1/elsewhere")
		w.WriteHeader(status)
	}))
	defer s.Close()
	n := &Network{Headers: keyed, Log: zap.NewNop()}
	for _, c := range []struct {
		status int
		want   Kind
	}{{200, ""}, {301, ""}, {401, ""}, {403, ""}, {404, ""}, {429, ""}, {500, Status}, {503, Status}, {529, Status}} {
		status = c.status
		if err := n.Probe(t.Context(), backendAt(t, s.URL+"/prefix/v1/", ""), policy.ProbeModels); kindOf(err) != c.want || (err == nil) != (c.want == "") {
			t.Errorf("status %d is %v, want %q", c.status, err, c.want)
		}
		if err := n.Probe(t.Context(), backendAt(t, s.URL+"/prefix/v1/", ""), policy.ProbeConnect); err != nil {
			t.Errorf("status %d: a connection is %v", c.status, err)
		}
	}
}

// TestOutages holds how a backend that is not there is distinguished from one that is.
func TestOutages(t *testing.T) {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer closed.Close()
	silent := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	defer silent.Close()
	gone := httptest.NewServer(nil)
	gone.Close()
	secure := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	secure.Config.ErrorLog = log.New(io.Discard, "", 0) // broken handshakes are the point
	secure.StartTLS()
	defer secure.Close()
	plain := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer plain.Close()
	ca := ", ca_file: " + caFile(t, secure)
	n := &Network{Headers: keyed, Log: zap.NewNop()}
	for name, c := range map[string]struct {
		url, more string
		probe     policy.Probe
		within    time.Duration
		want      Kind
	}{
		"refused":                     {gone.URL + "/v1", "", policy.ProbeConnect, 0, Refused},
		"refused, models":             {gone.URL + "/v1", "", policy.ProbeModels, 0, Refused},
		"no such name":                {"http://nobody.invalid/v1", "", policy.ProbeConnect, 0, DNS},
		"silence of an https server":  {"https://" + closed.Addr().String() + "/v1", "", policy.ProbeConnect, 50 * time.Millisecond, Timeout},
		"silence, models":             {silent.URL + "/v1", "", policy.ProbeModels, 50 * time.Millisecond, Timeout},
		"a certificate of nobody":     {secure.URL + "/v1", "", policy.ProbeConnect, 0, TLS},
		"no TLS":                      {strings.Replace(plain.URL, "http:", "https:", 1) + "/v1", "", policy.ProbeConnect, 0, TLS},
		"its own certificate":         {secure.URL + "/v1", ca, policy.ProbeConnect, 0, ""},
		"its own certificate, models": {secure.URL + "/v1", ca, policy.ProbeModels, 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			ctx := t.Context()
			if c.within > 0 {
				short, cancel := context.WithTimeout(ctx, c.within)
				defer cancel()
				ctx = short
			}
			if err := n.Probe(ctx, backendAt(t, c.url, c.more), c.probe); kindOf(err) != c.want || (err == nil) != (c.want == "") {
				t.Errorf("is %v, want %q", err, c.want)
			}
		})
	}
}

// TestLessIsChecked holds that a check without a credential, or without the bundle that
// verifies a certificate, is a connection, that this is logged once, and that no
// credential goes to a server that nobody has verified.
func TestLessIsChecked(t *testing.T) {
	asked := false
	s := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked = true }))
	defer s.Close()
	for name, c := range map[string]struct {
		headers func(*policy.Backend) (http.Header, bool)
		more    string
		want    string
	}{
		"no credential": {keyless, ", ca_file: " + caFile(t, s), "its credential is not set here: a check is a connection, not a list of models"},
		"no bundle":     {keyed, ", ca_file: /nowhere/ca.pem", "its ca_file cannot be read here: a check does not verify its certificate"},
	} {
		t.Run(name, func(t *testing.T) {
			core, logs := observer.New(zap.InfoLevel)
			n := &Network{Headers: c.headers, Log: zap.New(core)}
			for range 3 {
				if err := n.Probe(t.Context(), backendAt(t, s.URL+"/v1", c.more), policy.ProbeModels); err != nil {
					t.Error(err)
				}
			}
			if logs.Len() != 1 || logs.All()[0].Message != c.want || asked {
				t.Errorf("asked: %v; logged %v", asked, logs.All())
			}
		})
	}
}
