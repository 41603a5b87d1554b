package facts_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

const decompressor = `- name: facts.decompressor
  typed_config:
    "@type": type.googleapis.com/envoy.extensions.filters.http.decompressor.v3.Decompressor
    decompressor_library: { name: gzip, typed_config: { "@type": type.googleapis.com/envoy.extensions.compression.gzip.decompressor.v3.Gzip } }
    request_direction_config: { advertise_accept_encoding: false, common_config: { enabled: { default_value: false, runtime_key: facts.none } } }`

// zipped answers in gzip: each text is one flushed write.
func zipped(contentType string, texts ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("content-type", contentType)
		w.Header().Set("content-encoding", "gzip")
		z := gzip.NewWriter(w)
		for _, text := range texts {
			_, _ = io.WriteString(z, text)
			_ = z.Flush()
			w.(http.Flusher).Flush()
		}
		_ = z.Close()
	}
}

// zippedWhole is a gzip answer with a content-length.
func zippedWhole(contentType, text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		_, _ = io.WriteString(z, text)
		_ = z.Close()
		w.Header().Set("content-type", contentType)
		w.Header().Set("content-encoding", "gzip")
		w.Header().Set("content-length", strconv.Itoa(b.Len()))
		_, _ = w.Write(b.Bytes())
	}
}

func TestGzipAnswersReachExtProcCompressed(t *testing.T) {
	for _, contentType := range []string{"application/json", "text/event-stream"} {
		t.Run(contentType, func(t *testing.T) {
			r := start(t, setup{})
			r.play(named("x"), script{})
			r.a().serve(zipped(contentType, "data: 1\n\n", "data: 2\n\n"))
			r.post(t, `{}`, "accept-encoding", "gzip")
			s := r.next(t, "router")
			s.wait(t)
			var saw bytes.Buffer
			for _, m := range s.messages {
				saw.Write(m.GetResponseBody().GetBody())
			}
			if v, _ := headerOf(t, s.messages[2], "content-encoding"); v != "gzip" {
				t.Errorf("content-encoding %q", v)
			}
			z, err := gzip.NewReader(&saw)
			if err != nil {
				t.Fatal(err)
			}
			if plain, err := io.ReadAll(z); string(plain) != "data: 1\n\ndata: 2\n\n" || err != nil {
				t.Errorf("unpacked: %q, %v", plain, err)
			}
		})
	}
}

// The decompressor adds trailers as the body ends, which ext_proc does not get
// over: no gzip answer ever ends. It is no upstream filter either. So gzip must
// be kept away by accept-encoding, or unpacked by the ext_proc server.
func TestDecompressorBetweenExtProcAndRouterHangsEveryGzipAnswer(t *testing.T) {
	withTrailers := "{ request_header_mode: SEND, request_body_mode: BUFFERED, response_header_mode: SEND, response_body_mode: BUFFERED, response_trailer_mode: SEND }"
	const text = "data: 1\n\ndata: 2\n\n"
	cases := []struct {
		name, mode string
		provider   http.HandlerFunc
		status     int
		saw        string // by ext_proc
		cut        bool
	}{
		{name: "BUFFERED, chunked", provider: zipped("application/json", text), status: 504},
		{name: "BUFFERED, content-length", provider: zippedWhole("application/json", text), status: 504},
		{name: "BUFFERED, trailers sent", mode: withTrailers, provider: zipped("application/json", text), status: 504},
		{name: "STREAMED has the plain text but no end", provider: zipped("text/event-stream", text), status: 200, saw: text, cut: true},
		{name: "STREAMED, trailers sent", mode: withTrailers, provider: zipped("text/event-stream", text), status: 200, saw: text, cut: true},
		{name: "an answer that is not compressed is unharmed", provider: answerJSON(text), status: 200, saw: text},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r := start(t, setup{After: decompressor, RouterMode: c.mode, HCM: "stream_idle_timeout: 0.5s\ndelayed_close_timeout: 0.05s"})
			r.play(named("x"), script{})
			r.a().serve(c.provider)
			got := r.post(t, `{}`)
			s := r.next(t, "router")
			s.wait(t)
			saw := ""
			for _, m := range s.messages {
				if !m.GetResponseBody().GetEndOfStream() || got.status == 200 {
					saw += string(m.GetResponseBody().GetBody())
				}
			}
			if got.status != c.status || saw != c.saw || errors.Is(got.err, io.ErrUnexpectedEOF) != c.cut {
				t.Errorf("answer: %+v; ext_proc saw %q, %v", got, saw, s.kinds)
			}
		})
	}
}

func TestPipeListenerServesHTTP(t *testing.T) {
	dir, err := os.MkdirTemp("", "facts")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	path := filepath.Join(dir, "gateway.sock")
	r := start(t, setup{Address: fmt.Sprintf("{ pipe: { path: %s, mode: 384 } }", path)}) // 0600
	r.play(routed(), script{})
	r.url = "http://gateway"
	r.http.Transport.(*http.Transport).DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", path)
	}
	if got := r.post(t, `{}`); got.status != 200 {
		t.Errorf("answer: %+v", got)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Mode().Perm(); got != 0o600 {
		t.Errorf("mode %o, want 600", got)
	}
}

func TestTLSNameIsTheEndpointsAndAWrongOneIsRefused(t *testing.T) {
	for _, c := range []struct {
		certificate string
		status      int
	}{{"a.example", 200}, {"other.example", 503}} {
		t.Run(c.certificate, func(t *testing.T) {
			binary(t)
			cert, ca := selfSigned(t, c.certificate)
			names := make(chan string, 10)
			server := httptest.NewUnstartedServer(answerJSON(`{}`))
			server.Config.ErrorLog = discard()
			server.TLS = &tls.Config{Certificates: []tls.Certificate{cert}, GetConfigForClient: func(h *tls.ClientHelloInfo) (*tls.Config, error) {
				names <- h.ServerName
				return nil, nil
			}}
			server.StartTLS()
			t.Cleanup(server.Close)
			r := &rig{received: &journal{}, providers: map[string]*provider{}}
			r.run(t, setup{
				Links: []link{{Endpoints: []endpoint{{Name: "a", Port: server.Listener.Addr().(*net.TCPAddr).Port, Fit: "any"}}}},
				Pool: `transport_socket:
  name: envoy.transport_sockets.tls
  typed_config:
    "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext
    auto_host_sni: true
    auto_sni_san_validation: true
    common_tls_context: { validation_context: { trusted_ca: { filename: ` + ca + ` } } }`,
			}, nil)
			r.play(routed(), script{})
			if got := r.post(t, `{}`); got.status != c.status {
				t.Errorf("answer: %+v, want %d", got, c.status)
			}
			if got := <-names; got != "a.example" {
				t.Errorf("SNI %q, want the endpoint's hostname", got)
			}
			e := r.logged(t, "all").CommonProperties
			if failed := e.ResponseFlags.GetUpstreamConnectionFailure(); failed != (c.status == 503) {
				t.Errorf("logged flags %v", e.ResponseFlags)
			}
		})
	}
}

// The time that an attempt waits for its connection is not in its per-try timeout.
func TestPerTryTimeoutBeginsWhenTheConnectionIsThere(t *testing.T) {
	binary(t)
	cert, _ := selfSigned(t, "a.example")
	const shakes = 500 * time.Millisecond
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		_, _ = io.Copy(io.Discard, req.Body) // else the server does not see that Envoy has gone
		silent(w, req)
	}))
	server.Config.ErrorLog = discard()
	server.TLS = &tls.Config{Certificates: []tls.Certificate{cert}, GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
		<-time.After(shakes)
		return nil, nil
	}}
	server.StartTLS()
	t.Cleanup(server.Close)
	t.Cleanup(server.CloseClientConnections)
	r := &rig{received: &journal{}, providers: map[string]*provider{}}
	r.run(t, setup{
		Links: []link{{Endpoints: []endpoint{{Name: "a", Port: server.Listener.Addr().(*net.TCPAddr).Port, Fit: "any"}}}},
		Retry: "num_retries: 0\nper_try_timeout: 0.2s",
		Pool:  "transport_socket: { name: tls, typed_config: { \"@type\": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext } }",
	}, nil)
	r.play(routed(), script{})
	began := time.Now()
	got := r.post(t, `{}`)
	const early = 10 * time.Millisecond // Envoy's clocks count from a moment that is over when they are set
	if took := time.Since(began); got.status != 504 || took < shakes+200*time.Millisecond-early {
		t.Errorf("answer %+v after %v", got, took)
	}
}

// selfSigned returns a certificate for the name and the file with its PEM.
func selfSigned(t *testing.T, name string) (tls.Certificate, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "facts"}, DNSNames: []string{name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, file
}
