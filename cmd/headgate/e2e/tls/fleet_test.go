package tls

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

// fleet is a control plane with a pair, whose policy has TLS or has not.
type fleet struct {
	*gatewaytest.Fleet
	t             *testing.T
	secure        *gatewaytest.Secure
	plain, listen string // policies
}

func startFleet(t *testing.T) *fleet {
	t.Helper()
	p, s := gatewaytest.Simulate(t, gatewaytest.Keyless), gatewaytest.NewSecure(t)
	plain := "version: 1\nunpriced: flag\nbackends: {sim: {provider: simulated, url: \"" + p.URL + "\"}}\nmodels: {plain: sim/plain}\n"
	f := &fleet{t: t, secure: s, plain: plain, listen: plain + "listen: {tls: " + s.Policy("") + "}\n"}
	f.Fleet = gatewaytest.StartFleet(t, gatewaytest.FleetOptions{Policy: plain})
	return f
}

// answers reports whether a pair serves a request on a new connection, over TLS or plain.
func (f *fleet) answers(pair *gatewaytest.Pair, secured bool) bool {
	f.t.Helper()
	g := pair.Over(f.secure.Trust(), true)
	if !secured {
		g.URL = pair.URL
	}
	a, err := g.Try(context.Background(), gatewaytest.ChatRequest("/v1/chat/completions", gatewaytest.ChatBody("plain", "who", false), ""))
	return err == nil && a.Status == http.StatusOK && a.Err == nil
}

// await waits until a pair serves over TLS alone, or plain alone.
func (f *fleet) await(pair *gatewaytest.Pair, secured bool) {
	f.t.Helper()
	pair.Eventually("service", func() bool { return f.answers(pair, secured) && !f.answers(pair, !secured) })
}

// TestAPolicyMayTurnTLSOnAndOff holds that each change is taken up, as often as it is made.
func TestAPolicyMayTurnTLSOnAndOff(t *testing.T) {
	t.Parallel()
	f := startFleet(t)
	for range 2 {
		f.Write(f.listen)
		f.await(f.Pairs[0], true)
		f.Write(f.plain)
		f.await(f.Pairs[0], false)
	}
}

// TestAPairWithoutItsCertificateGoesOnAsBefore holds that a policy is refused whose certificate a
// pair cannot read, and that operators hear of it.
func TestAPairWithoutItsCertificateGoesOnAsBefore(t *testing.T) {
	t.Parallel()
	f := startFleet(t)
	f.secure.Remove()
	f.Write(f.listen)
	why := "listen.tls: reading the certificate: open " + f.secure.Path("tls.crt")
	gatewaytest.Eventually(t, "the control plane's status", func() bool { return strings.Contains(f.XDS[0].Status(), why) })
	if log := f.Pairs[0].ExtProc.Log(); !strings.Contains(log, "policy refused; the one before stays in effect") || !strings.Contains(log, why) {
		t.Errorf("the pair's log:\n%s", log)
	}
	if !f.answers(f.Pairs[0], false) {
		t.Error("the pair does not serve by the policy before")
	}
	f.secure.Renew()
	f.Write(f.plain)
	f.Write(f.listen + "\n")
	f.await(f.Pairs[0], true)
}

// TestAPairThatLacksTheCertificateOfOthersWaits holds that it refuses the policy which others have,
// and takes it up by itself once its file is there.
func TestAPairThatLacksTheCertificateOfOthersWaits(t *testing.T) {
	t.Parallel()
	f := startFleet(t)
	f.Write(f.listen)
	f.await(f.Pairs[0], true)
	f.secure.Remove() // the pair that serves has its content
	late := f.AddPair()
	f.StartExtProc(late)
	f.StartEnvoy(late)
	late.Eventually("a refusal", func() bool { return strings.Contains(late.ExtProc.Log(), "policy refused; none is in effect") })
	if !f.answers(f.Pairs[0], true) {
		t.Error("the other pair does not serve any more")
	}
	f.secure.Renew()
	f.await(late, true)
}

// TestAPairRestartsWithoutItsCertificate holds that it says what it waits for, and serves once the
// file is there, with the control plane away; and that an Envoy which lives on needs no file.
func TestAPairRestartsWithoutItsCertificate(t *testing.T) {
	t.Parallel()
	f := startFleet(t)
	pair := f.Pairs[0]
	f.Write(f.listen)
	f.await(pair, true)
	for _, p := range []*gatewaytest.Process{f.XDS[0].Process, pair.ExtProc, pair.Envoy} {
		p.Kill()
	}
	f.secure.Remove()
	f.StartExtProc(pair)
	f.StartEnvoy(pair)
	pair.Eventually("the reason", func() bool {
		status, text := pair.Readyz()
		return status != http.StatusOK && strings.Contains(text, "an Envoy that starts gets no certificate")
	})
	f.secure.Renew()
	f.await(pair, true)
	f.StartXDS(0)
	pair.AwaitLink()
	certificate := f.secure.Renew()
	pair.Eventually("a new certificate", func() bool { return shows(t, pair.Over(f.secure.Trust(), true), certificate) })
	f.secure.Remove()
	pair.Eventually("a word in its readiness", func() bool {
		status, text := pair.Readyz()
		return status == http.StatusOK && strings.Contains(text, "listen.tls: the certificate files cannot be used")
	})
	pair.ExtProc.Kill()
	f.StartExtProc(pair)
	pair.Eventually("service with the certificate that Envoy has", func() bool { return f.answers(pair, true) })
}
