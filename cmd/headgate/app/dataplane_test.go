package app

import (
	"context"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/policy/policypb"
)

// TestListenNeedsThePolicysLeave holds that a pair's own address goes beyond loopback
// only if the policy may.
func TestListenNeedsThePolicysLeave(t *testing.T) {
	d := testDataPlane(t)
	for _, c := range []struct {
		listen, says string
		allowed      bool
	}{
		{"127.0.0.1:8085", "anonymous: false", true}, {"0.0.0.0:8085", "anonymous: false", false}, {"0.0.0.0:8085", "anonymous: true", true},
		{"0.0.0.0:8085", "managed_keys: true", true},
	} {
		set, err := policy.Parse("policy.yaml", []byte("version: 1\n"+c.says+"\n"))
		if err != nil {
			t.Fatal(err)
		}
		d.listen = netip.MustParseAddrPort(c.listen)
		if err := d.take(set); (err == nil) != c.allowed || err != nil && !strings.Contains(err.Error(), "anonymous: true") {
			t.Errorf("%s, %s: error %v", c.listen, c.says, err)
		}
	}
}

// TestWhereAPolicyIsInEffect holds that a pair's own address counts, and that of an Envoy which
// others configure nothing is known: else every request of a host of its own would be refused.
func TestWhereAPolicyIsInEffect(t *testing.T) {
	set, err := policy.Parse("p", []byte("version: 1\n"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		listen           string
		foreign, private bool
	}{{"", false, true}, {"127.0.0.1:1", false, true}, {"10.0.0.1:1", false, false}, {"", true, false}} {
		d := &dataPlane{foreign: c.foreign}
		if c.listen != "" {
			d.listen = netip.MustParseAddrPort(c.listen)
		}
		if got := d.here(set).Private(); got != c.private {
			t.Errorf("%+v: private is %v", c, got)
		}
	}
	if !set.Private() {
		t.Error("the policy itself has changed")
	}
}

// TestAPairReadsWhatItWasAllowed holds that a pair with grants refuses a policy of its control
// plane that has it read anything else, and one without believes it.
func TestAPairReadsWhatItWasAllowed(t *testing.T) {
	t.Setenv("HEADGATE_TEST_KEY", "a-key-of-this-test")
	set, err := policy.Parse("p", []byte("version: 1\nunpriced: flag\nbackends: {b: {provider: openai-compatible, url: \"https://a.example/v1\", credential: {env: HEADGATE_TEST_KEY}}}\nmodels: {m: b/x}\n"))
	if err != nil {
		t.Fatal(err)
	}
	d := testDataPlane(t)
	for grants, allowed := range map[string]bool{"": true, "env:HEADGATE_TEST_KEY": true, "all": true, "env:OTHER": false, "env:HEADGATE_TEST_KEY=https://b.example": false} {
		if d.grants, err = policy.ParseGrants(strings.Fields(grants)); err != nil {
			t.Fatal(err)
		}
		err := d.apply(set.Wire())
		if (err == nil) != allowed || err != nil && !strings.Contains(err.Error(), "backends.b.credential") {
			t.Errorf("with %q: %v", grants, err)
		}
	}
}

// TestAPolicyGovernsTheSpool holds that a change of the policy's journal is in effect at the spool
// without a restart.
func TestAPolicyGovernsTheSpool(t *testing.T) {
	d := dataPlaneWith(t, t.TempDir())
	use := func(size string) {
		set, err := policy.Parse("policy.yaml", []byte("version: 1\njournal: {when_full: stop, spool: "+size+"}\n"))
		if err == nil {
			err = d.take(set)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	await := func(what string, holds func() bool) {
		for deadline := time.Now().Add(time.Minute); !holds(); time.Sleep(time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("%s: full: %v, trouble %q", what, d.spool.Full(), d.spool.Trouble())
			}
		}
	}
	use("16MiB")
	large := string(make([]byte, 8<<10))
	n := 0
	await("16 MiB are never full", func() bool {
		for range 100 {
			n++
			d.spool.Take(&policypb.Row{Exchange: strconv.Itoa(n), Detail: large})
		}
		return d.spool.Full() && strings.Contains(d.spool.Trouble(), "requests are refused")
	})
	use("64MiB")
	await("more room is not in effect", func() bool { return !d.spool.Full() })
}

func testDataPlane(t *testing.T) *dataPlane { return dataPlaneWith(t, "") }

// dataPlaneWith is a data plane with a spool in a folder; empty: without one.
func dataPlaneWith(t *testing.T, spoolFolder string) *dataPlane {
	t.Helper()
	var l lifecycle
	d, err := newDataPlane(&l, dataOptions{records: recordsTo{path: t.TempDir() + "/access.jsonl"}, spool: spoolFolder}, prometheus.NewRegistry(), zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.stop(context.Background()) })
	return d
}

// TestEveryMissingCredentialIsNamed holds that who sets credentials learns of all that
// lack at once, whatever the policy says of those without.
func TestEveryMissingCredentialIsNamed(t *testing.T) {
	set, err := policy.Parse("policy.yaml", []byte(`version: 1
backends:
  one:   {provider: openai, credential: {env: HEADGATE_TEST_UNSET}}
  two:   {provider: openai, credential: {env: HEADGATE_TEST_UNSET}}
  three: {provider: openai, credential: {env: HEADGATE_TEST_UNSET}, without_credential: simulate}
  four:  {provider: openai, credential: {env: HEADGATE_TEST_UNSET}, without_credential: simulate}
models: {m: {chain: [one/gpt-4o, two/gpt-4o, three/gpt-4o, four/gpt-4o]}}
`))
	if err != nil {
		t.Fatal(err)
	}
	err = testDataPlane(t).take(set)
	for _, name := range []string{"one", "two", "three", "four"} {
		if err == nil || strings.Count(err.Error(), `backend "`+name+`": `) != 1 {
			t.Errorf("the error does not name %q once: %v", name, err)
		}
	}
}
