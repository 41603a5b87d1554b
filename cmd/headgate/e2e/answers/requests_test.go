package answers

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

// TestPathSpellings holds that other spellings of a path reach the provider as
// the one that it has, and that a query goes nowhere.
func TestPathSpellings(t *testing.T) {
	t.Parallel()
	g, p := gatewaytest.Serve(t, "")
	for _, path := range []string{"//v1/chat/completions", "/v1/./chat/completions", "/v1/x/../chat/completions", "/v1/chat//completions?key=sk-canary-query", "/v1/chat/completions?"} {
		t.Run(path, func(t *testing.T) {
			g, p := g.With(t), p.With(t)
			mark := "spelled " + path
			gatewaytest.MustOK(t, g.Ask(gatewaytest.Request{Path: path, Body: gatewaytest.ChatBody("plain", mark, false)}))
			if served := p.Find(mark); served.Path != "/v1/chat/completions" || served.Query != "" {
				t.Errorf("the provider got %s?%s", served.Path, served.Query)
			}
		})
	}
}

func TestJSONShapes(t *testing.T) {
	t.Parallel()
	g, p := gatewaytest.Serve(t, "")
	for _, shape := range []string{"gzip", "drip=1", "drip=100;gzip", "close", "content-length=99999"} {
		t.Run(shape, func(t *testing.T) {
			t.Parallel()
			g, p := g.With(t), p.With(t)
			mark := "json shape " + shape + "." // "drip=1" is not "drip=100"
			a := g.Chat(gatewaytest.ChatBody("once", mark, false), shape)
			if strings.HasPrefix(shape, "content-length") { // the provider promised more than it sent
				if a.Status != 502 {
					t.Errorf("status %d: %s", a.Status, a.Body)
				}
				if row := g.Row(gatewaytest.RefusedExchange(a)); row.Outcome != "cut" || row.By != "provider" || row.Status != 502 {
					t.Errorf("row %+v", row)
				}
				return
			}
			gatewaytest.MustOK(t, a)
			if a.Header.Get("Content-Encoding") != "" || !json.Valid([]byte(a.Body)) {
				t.Errorf("headers %v, body %q", a.Header, a.Body)
			}
			gatewaytest.CheckUsage(t, g.Row(a.Exchange()), p.Find(mark).Usage)
		})
	}
}

// TestClientsGainNothing holds that headers by which Envoy is steered do not
// steer it when a client sends them.
func TestClientsGainNothing(t *testing.T) {
	t.Parallel()
	g, p := gatewaytest.Serve(t, "")
	for _, c := range []struct{ name, header, value string }{
		{"more attempts", "x-envoy-max-retries", "9"},
		{"another reason to retry", "x-envoy-retry-on", "retriable-4xx,5xx,retriable-status-codes"},
		{"other statuses to retry", "x-envoy-retriable-status-codes", "400"},
		{"another timeout", "x-envoy-upstream-rq-timeout-ms", "1"},
		{"another attempt's timeout", "x-envoy-upstream-rq-per-try-timeout-ms", "1"},
		{"another route", "x-headgate-int-route", "keyed/json"},
		{"hedging", "x-envoy-hedge-on-per-try-timeout", "true"},
	} {
		t.Run(c.name, func(t *testing.T) {
			g, p := g.With(t), p.With(t)
			a := g.Chat(gatewaytest.ChatBody("plain", "gains "+c.name, false), "status=400;ttft=30ms", c.header, c.value)
			row := g.Row(a.Exchange())
			if a.Status != 400 || row.Attempts != 1 || row.Backend != "sim" || len(p.FindAll("gains "+c.name, 1)) != 1 {
				t.Errorf("status %d, row %+v", a.Status, row)
			}
		})
	}
}

func TestExpectContinue(t *testing.T) {
	t.Parallel()
	g, p := gatewaytest.Serve(t, "")
	conn, body := g.Dial(), gatewaytest.ChatBody("renamed", "expects to go on", false)
	fmt.Fprintf(conn, "POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\nexpect: 100-continue\r\ncontent-length: %d\r\ncontent-type: application/json\r\n\r\n", len(body))
	in := bufio.NewReader(conn)
	resp, err := http.ReadResponse(in, nil)
	if err != nil || resp.StatusCode != http.StatusContinue {
		t.Fatalf("before the body: %v %v", resp, err)
	}
	if _, err := io.WriteString(conn, body); err != nil {
		t.Fatal(err)
	}
	resp, err = http.ReadResponse(in, nil)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("after the body: %v %v", resp, err)
	}
	defer resp.Body.Close()
	if served := p.Find("expects to go on"); served.Header.Get("Expect") != "" {
		t.Errorf("expect reached the provider: %v", served.Header)
	}
}
