package chains

import (
	"maps"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

// pagedModels fail each in a way of its own.
const pagedModels = `  fine: {chain: [a/m, c/m]}
  good: {chain: [b/m]}
  broken: {chain: [a/m+status=500, c/m], retries: 1}
  limited: {chain: [b/m+status=429, c/m], retries: 0}
  keyless: {chain: [b/m+status=401, c/m], retries: 0}
  slow: {chain: [a/m+hang=0, c/m], retries: 0, first_token: 300ms}
  late: {chain: [a/m+ttft=5s, c/m], retries: 0, timeout: 400ms}
  lonelate: {chain: [a/m+ttft=5s], retries: 0, timeout: 400ms}
  shut: {chain: [down/m, c/m], retries: 0}
  spent: {chain: [a/m+status=500, b/m+status=503], retries: 0}
  lone: {chain: [a/m+status=503], retries: 0}
  loneshut: {chain: [down/m], retries: 0}
  lonekey: {chain: [b/m+status=403]}
  lonelimit: {chain: [b/m+status=429]}
  lonecut: {chain: [a/m+cut=2], retries: 0}
  "wild-*": {chain: ["a/*"]}
`

// seriesOf returns the values of a metric by its labels, as they are written.
func seriesOf(rig *gatewaytest.Chains, metric string) map[string]float64 {
	out := map[string]float64{}
	for _, m := range regexp.MustCompile(`(?m)^`+metric+`\{(.*)\} (\S+)$`).FindAllStringSubmatch(rig.Metrics(), -1) {
		out[m[1]], _ = strconv.ParseFloat(m[2], 64)
	}
	return out
}

// TestMetricsSayWhichLinkFailed holds that an operator sees from metrics alone which backend failed, as
// which link of which model, how, and which one answered in its place, and from the log since when.
func TestMetricsSayWhichLinkFailed(t *testing.T) {
	t.Parallel()
	rig := gatewaytest.StartChains(t, pagedModels, nil, gatewaytest.Options{})
	for _, model := range []string{"fine", "broken", "limited", "keyless", "slow", "late", "lonelate", "shut", "spent", "lone", "loneshut", "lonekey", "lonelimit"} {
		rig.Chat(gatewaytest.ChatBody(model, "who fails?", false), "")
	}
	rig.Chat(gatewaytest.ChatBody("lonecut", "who fails?", true), "") // has no id of an exchange: its headers have not gone out
	rig.Chat(gatewaytest.ChatBody("wild-m", "who fails?", false), "")
	rig.Eventually("the row of each", func() bool { return len(rig.Rows()) == 16 })
	want := map[string]float64{}
	for line := range strings.Lines(attemptsOfThem) {
		labels, n, _ := strings.Cut(strings.TrimSpace(line), "} ")
		want[strings.TrimPrefix(labels, "{")], _ = strconv.ParseFloat(n, 64)
	}
	got := seriesOf(rig, "headgate_attempts_total")
	maps.Copy(got, seriesOf(rig, "headgate_fallbacks_total"))
	nameUnseen(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("attempts and fallbacks (-want +got):\n%s", diff)
	}
	for labels, want := range map[string]float64{`backend="down",failure="connect_failed",served="m"`: 2, `backend="a",failure="timeout",served="m+ttft=5s"`: 2} {
		rig.Eventually("what Envoy counts of "+labels, func() bool { return rig.Metric("headgate_endpoint_failures_total{"+labels+"}") == want })
	}
	checkCredentials(t, rig)
	checkLines(t, rig)
	if n := rig.Metric(`headgate_requests_in_flight{model="fine"}`); n != 0 || !strings.Contains(rig.Metrics(), `headgate_requests_in_flight{model="lone"} 0`) {
		t.Errorf("%v requests in flight after the last one", n)
	}
}

// checkCredentials holds that a credential counts as refused until the provider takes it.
func checkCredentials(t *testing.T, rig *gatewaytest.Chains) {
	t.Helper()
	refused := `headgate_credentials{backend="b",state="refused"}`
	if n, set := rig.Metric(refused), rig.Metric(`headgate_credentials{backend="a",state="set"}`); n != 1 || set != 1 {
		t.Errorf("%v credentials of b are refused, %v of a are set", n, set)
	}
	gatewaytest.MustOK(t, rig.Chat(gatewaytest.ChatBody("good", "a good key", false), ""))
	if n := rig.Metric(refused); n != 0 {
		t.Errorf("%v credentials are refused after the provider took the only one", n)
	}
}

// checkLines holds that the log says of each backend once that it fails, and of the chain that is spent.
func checkLines(t *testing.T, rig *gatewaytest.Chains) {
	t.Helper()
	log := rig.Log()
	for line, want := range map[string]int{
		`a backend has begun to fail	{"backend": "a", "served": "m+status=500", "failure": "status", "status": 500, "model": "broken"`:   1,
		`a backend has begun to fail	{"backend": "b", "served": "m+status=429", "failure": "limited", "status": 429, "model": "limited"`: 1,
		`a backend has begun to fail`:                                                                     3,
		`a provider refuses the gateway's credential`:                                                     1,
		`every link of a chain has failed	{"model": "spent"`:                                              1,
		`"client_got": 503, "tried": "a/m+status=500 500 status, b/m+status=503 503 status", "times": 1}`: 1,
	} {
		if got := strings.Count(log, line); got != want {
			t.Errorf("%d times in the log, want %d: %s", got, want, line)
		}
	}
}

// nameUnseen takes the attempt that got no connection for one that Headgate has seen, whether or not
// Envoy showed it.
func nameUnseen(got map[string]float64) {
	const unseen = `backend="",failure="no_answer",model="shut",served="",status="none"`
	if got[unseen] == 1 {
		delete(got, unseen)
		got[`backend="down",failure="no_answer",model="shut",served="m",status="none"`]++
		got[`failure="no_answer",from="down/m",model="shut",to="c/m"`]++
	}
}

// attemptsOfThem are the series of attempts, and then of fallbacks.
const attemptsOfThem = `{backend="a",failure="",model="fine",served="m",status="2xx"} 1
{backend="a",failure="status",model="broken",served="m+status=500",status="5xx"} 2
{backend="c",failure="",model="broken",served="m",status="2xx"} 1
{backend="b",failure="limited",model="limited",served="m+status=429",status="4xx"} 1
{backend="c",failure="",model="limited",served="m",status="2xx"} 1
{backend="b",failure="refused_key",model="keyless",served="m+status=401",status="4xx"} 1
{backend="c",failure="",model="keyless",served="m",status="2xx"} 1
{backend="a",failure="silent",model="slow",served="m+hang=0",status="2xx"} 1
{backend="c",failure="",model="slow",served="m",status="2xx"} 1
{backend="a",failure="no_answer",model="late",served="m+ttft=5s",status="none"} 1
{backend="c",failure="",model="late",served="m",status="2xx"} 1
{backend="down",failure="no_answer",model="shut",served="m",status="none"} 1
{backend="c",failure="",model="shut",served="m",status="2xx"} 1
{backend="a",failure="status",model="spent",served="m+status=500",status="5xx"} 1
{backend="b",failure="status",model="spent",served="m+status=503",status="5xx"} 1
{backend="a",failure="timeout",model="lonelate",served="m+ttft=5s",status="none"} 1
{backend="a",failure="status",model="lone",served="m+status=503",status="5xx"} 1
{backend="down",failure="connect_failed",model="loneshut",served="m",status="none"} 1
{backend="b",failure="refused_key",model="lonekey",served="m+status=403",status="4xx"} 1
{backend="b",failure="limited",model="lonelimit",served="m+status=429",status="4xx"} 1
{backend="a",failure="cut",model="lonecut",served="m+cut=2",status="2xx"} 1
{backend="a",failure="",model="wild-*",served="*",status="2xx"} 1
{failure="status",from="a/m+status=500",model="broken",to="c/m"} 1
{failure="limited",from="b/m+status=429",model="limited",to="c/m"} 1
{failure="refused_key",from="b/m+status=401",model="keyless",to="c/m"} 1
{failure="silent",from="a/m+hang=0",model="slow",to="c/m"} 1
{failure="no_answer",from="a/m+ttft=5s",model="late",to="c/m"} 1
{failure="no_answer",from="down/m",model="shut",to="c/m"} 1
{failure="status",from="a/m+status=500",model="spent",to="b/m+status=503"} 1
`
