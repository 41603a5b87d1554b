package facts_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

// theRule is the design's: two retries on a link, then the next link.
const theRule = `retry_on: 5xx,reset,connect-failure,refused-stream,retriable-status-codes
retriable_status_codes: [408, 429]
num_retries: 8
retry_back_off: { base_interval: 0.025s, max_interval: 0.05s }
retry_priority:
  name: envoy.retry_priorities.previous_priorities
  typed_config: { "@type": type.googleapis.com/envoy.extensions.retry.priority.previous_priorities.v3.PreviousPrioritiesConfig, update_frequency: 3 }`

// thePool is the design's: no panic, every endpoint may be ejected or degraded.
const thePool = `common_lb_config: { healthy_panic_threshold: { value: 0 }, update_merge_window: 0s }
outlier_detection: { consecutive_5xx: 3, detect_degraded_hosts: true, interval: 1s, base_ejection_time: 10s, max_ejection_time: 60s, max_ejection_percent: 100, enforcing_success_rate: 0 }
circuit_breakers: { thresholds: [ { retry_budget: { budget_percent: { value: 100 }, min_retry_concurrency: 200 } } ] }`

// noOutliers is thePool without ejection, to see the retry policy alone.
const noOutliers = `common_lb_config: { healthy_panic_threshold: { value: 0 } }
circuit_breakers: { thresholds: [ { retry_budget: { budget_percent: { value: 100 }, min_retry_concurrency: 200 } } ] }`

// markDegraded is the upstream level's mark on a 429.
func markDegraded() script {
	return script{responseHeaders: func(s *stream, m *request) error {
		var code string
		for _, h := range m.GetResponseHeaders().Headers.Headers {
			if h.Key == ":status" {
				code = string(h.RawValue)
			}
		}
		if code != "429" {
			return s.grpc.Send(responseHeaders(nil))
		}
		return s.grpc.Send(responseHeaders(&common{HeaderMutation: set(header("x-envoy-degraded", "1"))}))
	}}
}

func TestRetriesStayOnThePriorityForUpdateFrequencyAttempts(t *testing.T) {
	for name, fault := range map[string]http.HandlerFunc{"500": answerStatus(500), "a cut": cut} {
		t.Run(name, func(t *testing.T) {
			r := start(t, setup{Retry: theRule, Pool: noOutliers}, "a", "b", "c")
			r.play(routed(), script{})
			for _, p := range r.providers {
				p.serve(fault)
			}
			r.post(t, `{}`)
			if got := names(r.received.take()); got != "aaabbbccc" {
				t.Errorf("tried %q, want aaabbbccc", got)
			}
		})
	}
}

// The mark reaches the worker a moment later, seldom after the back-off: a case is
// tried again then. Without the mark it would never come out as it should.
func TestA429MarkedDegradedGoesToTheNextLinkAtOnce(t *testing.T) {
	for _, c := range []markedCase{
		{name: "429", a: []int{429}, b: []int{200}, want: "ab"},
		{name: "500 then 429", a: []int{500, 429}, b: []int{200}, want: "aab"},
		{name: "500 alone stays", a: []int{500}, b: []int{200}, want: "aaab"},
		{name: "429 on two links", a: []int{429}, b: []int{429}, want: "abc"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var tried string
			for range 3 {
				if tried = c.tried(t); tried == c.want {
					return
				}
			}
			t.Errorf("tried %q, want %q", tried, c.want)
		})
	}
}

// markedCase is what two links answer in turn, and which are then tried.
type markedCase struct {
	name string
	a, b []int
	want string
}

func (c *markedCase) tried(t *testing.T) string {
	slow := strings.Replace(theRule, "base_interval: 0.025s, max_interval: 0.05s", "base_interval: 0.2s, max_interval: 0.2s", 1)
	r := start(t, setup{Retry: slow, Pool: thePool, UpstreamMode: headersOnly, VHost: "response_headers_to_remove: [x-envoy-degraded]"}, "a", "b", "c")
	r.play(routed(), markDegraded())
	r.providers["a"].serve(inTurnStatus(c.a))
	r.providers["b"].serve(inTurnStatus(c.b))
	got := r.post(t, `{}`)
	if got.status != 200 || got.header.Get("x-envoy-degraded") != "" {
		t.Errorf("answer: %+v", got)
	}
	return names(r.received.take())
}

func inTurnStatus(codes []int) http.HandlerFunc {
	var all []http.HandlerFunc
	for _, c := range codes {
		all = append(all, answerStatus(c))
	}
	return inTurn(all...)
}

func TestDegradedEndpointStaysTheLastResort(t *testing.T) {
	r := start(t, setup{Retry: "retry_on: 5xx\nnum_retries: 0", Pool: thePool, UpstreamMode: headersOnly}, "a")
	r.play(routed(), markDegraded())
	r.a().serve(inTurn(answerStatus(429), answerJSON(`{}`)))
	if got := r.post(t, `{}`); got.status != 429 {
		t.Errorf("first answer: %+v", got)
	}
	r.awaitDegraded(t)
	for range 20 { // the mark may come to the worker after the first ones
		if got := r.post(t, `{}`); got.status != 200 {
			t.Errorf("later answer: %+v; unlike an ejected endpoint a degraded one is used when there is no other", got)
		}
	}
}

// awaitDegraded waits until Envoy's main thread has marked the only endpoint.
func (r *rig) awaitDegraded(t *testing.T) {
	t.Helper()
	eventually(t, "the mark", func() bool {
		return strings.HasSuffix(strings.TrimSpace(r.ask(t, "/stats?filter=membership_degraded")), ": 1")
	})
}

func TestOther4xxAreNotRetried(t *testing.T) {
	r := start(t, setup{Retry: theRule, Pool: noOutliers}, "a", "b")
	r.play(routed(), script{})
	for code, want := range map[int]string{400: "a", 401: "a", 404: "a", 422: "a", 408: "aaabbbaaa", 429: "aaabbbaaa"} {
		for _, p := range r.providers {
			p.serve(answerStatus(code))
		}
		r.post(t, `{}`)
		if got := names(r.received.take()); got != want {
			t.Errorf("%d: tried %q, want %q", code, got, want)
		}
	}
}

func TestNoRetryOnceResponseHeadersWereAccepted(t *testing.T) {
	r := start(t, setup{Retry: theRule, Pool: noOutliers, HCM: "delayed_close_timeout: 0.05s"}, "a", "b")
	r.cutInSSE(t)
	if got := names(r.received.take()); got != "a" {
		t.Errorf("tried %q, want a", got)
	}
}

func TestPerTryTimeoutEndsAtTheResponseHeaders(t *testing.T) {
	r := start(t, setup{Retry: "retry_on: 5xx\nnum_retries: 1\nretry_back_off: { base_interval: 0.001s }\nper_try_timeout: 0.2s"}, "a")
	r.play(script{requestBody: routed().requestBody, responseHeaders: toStreamed()}, script{})
	do, write, _ := events()
	r.a().serve(do)
	resp := r.stream(t, context.Background(), write, "data: 1\n\n")
	defer func() { _ = resp.Body.Close() }()
	readUntil(t, resp.Body, "data: 1\n\n")
	passes(t, 400) // twice the timeout, mid-body
	give(t, write, "data: 2\n\n")
	readUntil(t, resp.Body, "data: 2\n\n")
	close(write)
	if _, err := io.ReadAll(resp.Body); err != nil {
		t.Errorf("end: %v", err)
	}
	if got := names(r.received.take()); got != "a" {
		t.Errorf("tried %q", got)
	}
	// Before the headers it ends the attempt, and the next one is made.
	r.a().serve(silent)
	if got := r.post(t, `{}`); got.status != 504 {
		t.Errorf("answer: %+v", got)
	}
	if got := names(r.received.take()); got != "aa" {
		t.Errorf("tried %q, want aa", got)
	}
}

func TestPerTryIdleTimeoutCutsInTheBody(t *testing.T) {
	r := start(t, setup{HCM: "delayed_close_timeout: 0.05s", Retry: "retry_on: 5xx\nnum_retries: 1\nper_try_idle_timeout: 0.3s"})
	r.play(script{requestBody: routed().requestBody, responseHeaders: toStreamed()}, script{})
	do, write, gone := events()
	r.a().serve(do)
	resp := r.stream(t, context.Background(), write, "data: 1\n\n")
	defer func() { _ = resp.Body.Close() }()
	readUntil(t, resp.Body, "data: 1\n\n")
	if rest, err := io.ReadAll(resp.Body); len(rest) > 0 || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("client read %q, %v; want a cut", rest, err)
	}
	await(t, "the provider to see the end", gone)
	if got := names(r.received.take()); got != "a" {
		t.Errorf("tried %q", got)
	}
}

// stalls answers with headers and the beginning of a body, and then with nothing.
func stalls(contentType string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("content-type", contentType)
		_, _ = io.WriteString(w, "data: 1\n\n")
		w.(http.Flusher).Flush()
		silent(w, r)
	}
}

// After an answer has begun, the per-try timeout ends nothing, but when it expires it
// cancels the idle one: that one acts only if it expires first. An answer that the router
// has passed on is not tried again, even if ext_proc holds it back.
func TestPerTryTimeoutTakesThePerTryIdleTimeoutAway(t *testing.T) {
	for _, c := range []struct{ name, timeouts, details string }{
		{"alone", "", "upstream_per_try_idle_timeout"},
		{"a longer per-try timeout", "per_try_timeout: 5s", "upstream_per_try_idle_timeout"},
		{"a shorter per-try timeout", "per_try_timeout: 0.1s", "stream_idle_timeout"},
	} {
		for _, contentType := range []string{"application/json", "text/event-stream"} {
			t.Run(c.name+" "+contentType, func(t *testing.T) {
				r := start(t, setup{
					HCM:   "stream_idle_timeout: 1s\ndelayed_close_timeout: 0.05s",
					Retry: "retry_on: 5xx,reset\nnum_retries: 1\nper_try_idle_timeout: 0.3s\n" + c.timeouts,
				}, "a", "b")
				r.play(named("x"), script{})
				r.a().serve(stalls(contentType))
				a := r.post(t, `{}`)
				if got := endingOf(r.logged(t, "all")); got.Details != c.details || got.Attempts != 1 {
					t.Errorf("ending %+v, want %s", got, c.details)
				}
				if json := contentType == "application/json"; json != (a.status == 504) || json == errors.Is(a.err, io.ErrUnexpectedEOF) {
					t.Errorf("client: %d %q, %v", a.status, a.body, a.err)
				}
				if got := names(r.received.take()); got != "a" {
					t.Errorf("tried %q", got)
				}
			})
		}
	}
}

// The idle timeout of a route runs from the last byte of the request, over all
// attempts; only that of a request without a body begins with the answer.
func TestRouteIdleTimeoutBeginsWhenTheRequestsBodyIsForwarded(t *testing.T) {
	r := start(t, setup{Retry: "retry_on: 5xx\nnum_retries: 5\nretry_back_off: { base_interval: 0.001s }\nper_try_timeout: 0.2s", Route: "timeout: 0s\nidle_timeout: 0.5s"})
	r.play(routed(), script{})
	r.a().serve(silent)
	if got := r.post(t, `{}`); got.status != 504 {
		t.Errorf("answer: %+v", got)
	}
	if got := endingOf(r.logged(t, "all")); got.Details != "stream_idle_timeout" || got.Attempts > 4 {
		t.Errorf("with a body: %+v", got)
	}
	r.play(routedAtHeaders(), script{})
	r.send(t, http.MethodGet, "/v1/models", http.NoBody)
	if got := endingOf(r.logged(t, "all")); got.Details != "upstream_per_try_timeout" || got.Attempts != 6 {
		t.Errorf("without a body: %+v", got)
	}
}

func TestThreeFailuresInARowEjectAndTheNextRequestGoesOn(t *testing.T) {
	cases := []struct {
		name, pool string
		second     string // where the second request goes
	}{
		{name: "the design's", pool: thePool, second: "b"},
		{name: "max_ejection_percent left at its default", pool: strings.Replace(thePool, "max_ejection_percent: 100, ", "", 1), second: "a"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r := start(t, setup{Retry: theRule, Pool: c.pool}, "a", "b")
			r.play(routed(), script{})
			r.providers["a"].serve(inTurn(answerStatus(500), answerStatus(500), answerStatus(500), answerJSON(`{}`)))
			r.post(t, `{}`)
			if got := names(r.received.take()); got != "aaab" {
				t.Errorf("first request tried %q", got)
			}
			r.post(t, `{}`)
			if got := names(r.received.take()); got != c.second {
				t.Errorf("second request tried %q, want %q", got, c.second)
			}
		})
	}
}

// A second ejection within update_merge_window (default 1 s) acts late: the
// request goes on to be sent to the ejected endpoint.
func TestUpdateMergeWindowDelaysASecondEjection(t *testing.T) {
	cases := map[string]string{
		thePool: "c",
		strings.Replace(thePool, ", update_merge_window: 0s", ", update_merge_window: 10s", 1): "b",
	}
	for pool, want := range cases {
		r := start(t, setup{Retry: theRule, Pool: pool}, "a", "b", "c")
		r.play(routed(), script{})
		r.providers["a"].serve(answerStatus(500))
		r.providers["b"].serve(inTurn(answerStatus(500), answerStatus(500), answerStatus(500), answerJSON(`{}`)))
		r.post(t, `{}`)
		if got := names(r.received.take()); got != "aaabbbc" {
			t.Errorf("first request tried %q", got)
		}
		r.post(t, `{}`)
		if got := names(r.received.take()); got != want {
			t.Errorf("%s\nsecond request tried %q, want %q", pool, got, want)
		}
	}
}

func TestPanicThresholdZeroGivesNoHealthyUpstreamAtOnce(t *testing.T) {
	withPanic := strings.Replace(thePool, "healthy_panic_threshold: { value: 0 }, ", "", 1)
	for pool, want := range map[string]string{thePool: "", withPanic: "a"} {
		r := start(t, setup{Retry: "retry_on: 5xx\nnum_retries: 2\nretry_back_off: { base_interval: 0.001s }", Pool: pool}, "a")
		r.play(routed(), script{})
		r.a().serve(inTurn(answerStatus(500), answerStatus(500), answerStatus(500), answerJSON(`{}`)))
		r.post(t, `{}`)
		if got := names(r.received.take()); got != "aaa" {
			t.Errorf("first request tried %q", got)
		}
		r.logged(t, "all")
		got := r.post(t, `{}`)
		if tried := names(r.received.take()); tried != want {
			t.Errorf("second request tried %q, want %q: %+v", tried, want, got)
		}
		e := r.logged(t, "all")
		if noHealthy := e.CommonProperties.ResponseFlags.GetNoHealthyUpstream(); noHealthy != (want == "") || (got.status == 503) != (want == "") {
			t.Errorf("second request: %+v, UH %v", got, noHealthy)
		}
	}
}

// The breaker's default of 3 concurrent retries prevents failover in an outage.
func TestRetryBreakerDefaultAllowsThreeRetriesAtOnce(t *testing.T) {
	for _, c := range []struct {
		pool string
		want string
	}{{pool: "", want: "3 of 10 retried"}, {pool: noOutliers, want: "10 of 10 retried"}} {
		const clients = 10
		r := start(t, setup{Retry: eachOnce, Pool: c.pool}, "a", "b")
		r.play(routed(), script{})
		all, fail, retried, release := make(chan struct{}, clients), make(chan struct{}), make(chan struct{}, clients), make(chan struct{})
		r.providers["a"].serve(func(w http.ResponseWriter, req *http.Request) {
			all <- struct{}{}
			<-fail
			answerStatus(500)(w, req)
		})
		r.providers["b"].serve(func(w http.ResponseWriter, req *http.Request) {
			retried <- struct{}{}
			<-release
			answerJSON(`{}`)(w, req)
		})
		codes := make(chan int, clients)
		for range clients {
			go func() {
				resp, err := r.try(context.Background(), http.MethodPost, "/", strings.NewReader(`{}`))
				if err != nil {
					codes <- 0
					return
				}
				_ = resp.Body.Close()
				codes <- resp.StatusCode
			}()
		}
		for range clients {
			await(t, "all first attempts", all)
		}
		close(fail)
		done := 0
		var held int
		for held+done < clients { // each request is either held at b or has its 500
			select {
			case <-retried:
				held++
			case <-codes:
				done++
			case <-passed():
				t.Fatalf("%d held at b, %d answered", held, done)
			}
		}
		close(release)
		if got := fmt.Sprintf("%d of %d retried", held, clients); got != c.want {
			t.Errorf("pool %q: %s, want %s", c.pool, got, c.want)
		}
	}
}
