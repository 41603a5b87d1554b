package facts_test

import (
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

const hedgedRetry = eachOnce + `
per_try_timeout: 0.2s`

const hedgedRoute = "timeout: 0s\nhedge_policy: { hedge_on_per_try_timeout: true }"

// secretsOf is an upstream level that sends each backend its own path, host, credential and
// body, each longer than the one before.
func secretsOf() script {
	return script{requestHeaders: func(s *stream, m *request) error {
		name := attribute(m, backendLeaf)
		text := strings.Repeat("body-of-"+name+" ", int(name[0]-'a')+3)
		return s.grpc.Send(withMetadata(requestHeaders(&common{
			Status: replace, BodyMutation: body(text),
			HeaderMutation: set(header("authorization", "Bearer key-of-"+name), header(":path", "/path-of-"+name), header(":authority", "host-of-"+name)),
		}), "io.headgate", map[string]any{"content_length": statusText(len(text))}))
	}}
}

// strangers lists what of other backends a provider has received.
func strangers(g received) (found []string) {
	text := map[string]string{"path": g.Path, "host": g.Host, "body": g.Body, "authorization": g.Header.Get("authorization")}
	for _, part := range []string{"path", "host", "authorization", "body"} {
		if !strings.Contains(text[part], "-of-"+g.Provider) {
			found = append(found, part)
		}
	}
	if g.Length != int64(len(g.Body)) {
		found = append(found, "content-length")
	}
	return found
}

// startSlowTLS runs providers over TLS whose handshakes take these times.
func startSlowTLS(t *testing.T, s setup, shakes map[string]time.Duration, serve map[string]http.HandlerFunc) *rig {
	t.Helper()
	binary(t)
	cert, _ := selfSigned(t, "any.example")
	r := &rig{received: &journal{}, providers: map[string]*provider{}}
	for i, name := range []string{"a", "b", "c"} {
		server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			text, _ := io.ReadAll(req.Body)
			r.received.add(received{Provider: name, Path: req.RequestURI, Host: req.Host, Header: req.Header.Clone(), Body: string(text), Length: req.ContentLength})
			serve[name](w, req)
		}))
		server.EnableHTTP2 = s.PoolHTTP2
		server.Config.ErrorLog = discard()
		server.TLS = &tls.Config{Certificates: []tls.Certificate{cert}, GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
			<-time.After(shakes[name])
			return nil, nil
		}}
		server.StartTLS()
		t.Cleanup(server.Close)
		t.Cleanup(server.CloseClientConnections)
		s.Links = append(s.Links, link{Priority: i, Endpoints: []endpoint{{Name: name, Port: server.Listener.Addr().(*net.TCPAddr).Port, Fit: "any"}}})
	}
	alpn := ""
	if s.PoolHTTP2 {
		alpn = ", common_tls_context: { alpn_protocols: [h2] }"
	}
	s.Pool = "transport_socket: { name: tls, typed_config: { \"@type\": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext" + alpn + " } }"
	r.run(t, s, nil)
	return r
}

// after answers with a status, a while after the request.
func after(d time.Duration, code int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-time.After(d):
			answerStatus(code)(w, r)
		case <-r.Context().Done():
		}
	}
}

// All attempts of a request share its header map. Each sends what its own filters have
// written, though, where its connection is there in time.
func TestHedgedAttemptsSendNothingOfEachOtherOnceConnected(t *testing.T) {
	for _, second := range []bool{false, true} {
		r := start(t, setup{Retry: hedgedRetry, Route: hedgedRoute, UpstreamMode: headersOnly, PoolHTTP2: second, Egress: contentLengthAgain}, "a", "b")
		r.play(routed(), secretsOf())
		for _, p := range r.providers {
			p.serve(after(500*time.Millisecond, 200))
		}
		if got := r.post(t, `{"of":"the client"}`); got.status != 200 {
			t.Errorf("answer: %+v", got)
		}
		all := r.received.take()
		if tried := names(all); !strings.HasPrefix(tried, "ab") {
			t.Errorf("tried %q, want two at once", tried)
		}
		for _, g := range all {
			if found := strangers(g); len(found) > 0 {
				t.Errorf("HTTP/2 %v: %s got another's %q: %+v", second, g.Provider, found, g)
			}
		}
	}
}

// With an upstream level, a first attempt that fails while the hedged one waits for its
// connection ends Envoy with a segmentation fault, and with it every other exchange.
func TestAFirstAttemptThatFailsWhileTheHedgedOneConnectsEndsEnvoy(t *testing.T) {
	for mode, survives := range map[string]bool{"": true, headersOnly: false} {
		alive := true
		for range 3 { // not every time
			r := startSlowTLS(t, setup{Retry: hedgedRetry, Route: hedgedRoute, UpstreamMode: mode},
				map[string]time.Duration{"b": 500 * time.Millisecond},
				map[string]http.HandlerFunc{"a": after(350*time.Millisecond, 500), "b": after(0, 200), "c": after(time.Second, 200)})
			r.play(routed(), secretsOf())
			resp, err := r.try(t.Context(), http.MethodPost, "/", strings.NewReader(`{"of":"the client"}`))
			if alive = err == nil; !alive {
				break
			}
			_ = resp.Body.Close()
		}
		if alive != survives {
			t.Errorf("upstream level %q: Envoy is alive: %v, want %v", mode, alive, survives)
		}
	}
}
