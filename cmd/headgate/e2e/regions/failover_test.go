package regions

import (
	"context"
	"crypto/tls"
	"flag"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/extproc/sim"
)

// table prints how long each fault took: make failover.
var table = flag.Bool("table", false, "wait for each return, too, and print the times")

// within is how long a request may take that meets the loss of a region: what the clocks
// of the example add up to, an attempt there and one elsewhere.
const within = 5 * time.Second

// region is the simulated provider in a region, with the network before it.
type region struct {
	*gatewaytest.Network
	provider *gatewaytest.Provider
}

// world is the example before providers of its own.
type world struct {
	*gatewaytest.Gateway
	near *region // us-east, where the gateway is
	ask  int     // requests so far
}

// exampleAt is the example's policy with its regions at these base URLs, by the port that
// they have there.
func exampleAt(t *testing.T, urls map[string]string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(gatewaytest.Root(), "examples/multi-region/policy.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	policy := regexp.MustCompile(`(?m)^listen: .*\n`).ReplaceAllString(string(text), "")
	for port, url := range urls {
		if !strings.Contains(policy, port) {
			t.Fatalf("no backend of the example is at port %s", port)
		}
		policy = strings.ReplaceAll(policy, `"http://127.0.0.1:`+port+`/v1"`, url)
	}
	return policy
}

var ports = []string{"9101", "9102", "9103"} // us-east, us-west, eu

// startWorld starts the example, with its providers over HTTP/1.1, or over TLS and HTTP/2.
func startWorld(t *testing.T, http2 bool) *world {
	t.Helper()
	ca, urls := gatewaytest.NewAuthority(t), map[string]string{}
	w := &world{}
	for _, port := range ports {
		p := gatewaytest.Simulate(t, sim.Options{Keyless: true})
		r := &region{provider: p}
		if http2 {
			r.Network = gatewaytest.StartNetwork(t, serveHTTP2(t, ca, p))
			urls[port] = fmt.Sprintf(`"https://%s/v1", ca_file: %q`, strings.Replace(r.Addr, "127.0.0.1", "localhost", 1), ca.File)
		} else {
			r.Network = gatewaytest.StartNetwork(t, strings.TrimSuffix(strings.TrimPrefix(p.URL, "http://"), "/v1"))
			urls[port] = fmt.Sprintf(`"http://%s/v1"`, r.Addr)
		}
		if w.near == nil {
			w.near = r
		}
	}
	w.Gateway = gatewaytest.Start(t, exampleAt(t, urls), gatewaytest.Options{Args: []string{"--region", "us-east"}})
	return w
}

// serveHTTP2 serves a provider over TLS and HTTP/2, and returns its host and port.
func serveHTTP2(t *testing.T, ca *gatewaytest.Authority, p *gatewaytest.Provider) string {
	t.Helper()
	s := httptest.NewUnstartedServer(http.HandlerFunc(p.ServeHTTP))
	s.TLS = &tls.Config{Certificates: []tls.Certificate{ca.Issue(t, "localhost")}, MinVersion: tls.VersionTLS12}
	s.EnableHTTP2 = true
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // broken connections are the point
	s.StartTLS()
	t.Cleanup(s.Close)
	return s.Listener.Addr().String()
}

// one asks once, in each way in turn, and returns who answered, at which attempt, and how
// long the whole answer took. No request may fail.
func (w *world) one(t *testing.T) (backend, attempts string, took time.Duration) {
	t.Helper()
	way := gatewaytest.Ways[w.ask%len(gatewaytest.Ways)]
	w.ask++
	began := time.Now()
	a, err := w.Try(context.Background(), way.Request("assistant", "Which region?", "x-headgate-user", fmt.Sprint("user-", w.ask)))
	took = time.Since(began)
	if err != nil {
		t.Fatal(err)
	}
	way.Text(t, a)
	return a.Header.Get("x-headgate-backend"), a.Header.Get("x-headgate-attempts"), took
}

// near reports whether a backend is in the gateway's own region.
func near(backend string) bool { return strings.HasPrefix(backend, "us-east-") }

// fault is how a region is lost, and how it comes back.
type fault struct {
	name  string
	http2 bool
	lose  func(*testing.T, *region)
	back  func(*testing.T, *region)
}

var faults = []fault{
	{"connections are refused", false, refuse, up},
	{"no SYN is answered", false, blackhole, up},
	{"connections fall silent, HTTP/1.1", false, freeze, up},
	{"connections fall silent, HTTP/2", true, freeze, up},
	{"every answer is a 503", false, scripted("status=503"), scripted("")},
	{"every answer is a 429", false, scripted("status=429 retry-after=2"), scripted("")},
	{"no headers come", false, scripted("hang=headers"), scripted("")},
}

func refuse(_ *testing.T, r *region)    { r.Refuse() }
func blackhole(_ *testing.T, r *region) { r.Blackhole() }
func freeze(_ *testing.T, r *region)    { r.Freeze() }
func up(_ *testing.T, r *region)        { r.Up() }

// scripted has the provider treat every request alike; empty: well.
func scripted(directive string) func(*testing.T, *region) {
	return func(t *testing.T, r *region) {
		t.Helper()
		text := "rules: []"
		if directive != "" {
			text = "rules: [{do: " + directive + "}]"
		}
		script, err := sim.ParseScript("script", []byte(text))
		if err == nil {
			err = r.provider.Script(script...)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// outcome is what a fault cost.
type outcome struct {
	first, slowest    time.Duration // of requests during the outage
	attempts          string        // of the first one
	settled, returned time.Duration // until no request meets the loss, and until the region answers again
}

// TestFailoverAcrossRegions holds that the loss of a region fails no request and delays none
// by more than the example's clocks allow, however it is lost, in every way of asking.
func TestFailoverAcrossRegions(t *testing.T) {
	results := make([]outcome, len(faults))
	t.Run("faults", func(t *testing.T) {
		for i, f := range faults {
			t.Run(f.name, func(t *testing.T) {
				if !*table { // figures are of a gateway alone
					t.Parallel()
				}
				results[i] = failOver(t, f)
			})
		}
	})
	if *table && !t.Failed() {
		printTable(results)
	}
}

func failOver(t *testing.T, f fault) (o outcome) {
	w := startWorld(t, f.http2)
	for range 8 { // each way, with connections that are open afterwards
		if backend, attempts, _ := w.one(t); !near(backend) || attempts != "1" {
			t.Fatalf("%s answers at attempt %s", backend, attempts)
		}
	}
	f.lose(t, w.near)
	lost := time.Now()
	for row := 0; row < 8; row++ { // so many in a row that do not meet the loss
		backend, attempts, took := w.one(t)
		if near(backend) {
			t.Errorf("the lost region answers")
		}
		if o.attempts == "" {
			o.attempts, o.first = attempts, took
		}
		o.slowest = max(o.slowest, took)
		if attempts != "1" {
			row, o.settled = -1, time.Since(lost)
		}
		if time.Since(lost) > time.Minute {
			t.Fatal("requests meet the lost region for ever")
		}
	}
	if o.slowest > within {
		t.Errorf("a request took %v, want at most %v", o.slowest, within)
	}
	if *table {
		o.returned = w.returns(t, f)
	}
	return o
}

// returns waits until the region answers again.
func (w *world) returns(t *testing.T, f fault) time.Duration {
	t.Helper()
	time.Sleep(15 * time.Second) // an outage that checks notice, too
	f.back(t, w.near)
	began := time.Now()
	for time.Since(began) < 2*time.Minute {
		if backend, _, _ := w.one(t); near(backend) {
			return time.Since(began)
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Error("the region is never asked again")
	return 0
}

func printTable(results []outcome) {
	out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(out, "FAULT OF THE REGION\tFIRST ANSWER\tATTEMPTS\tSLOWEST\tNO LONGER MET AFTER\tBACK AFTER")
	for i, o := range results {
		fmt.Fprintf(out, "%s\t%v\t%s\t%v\t%v\t%v\n", faults[i].name, o.first.Round(time.Millisecond), o.attempts,
			o.slowest.Round(time.Millisecond), o.settled.Round(time.Millisecond), o.returned.Round(100*time.Millisecond))
	}
	_ = out.Flush() // to standard output
}
