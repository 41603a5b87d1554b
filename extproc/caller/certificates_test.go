package caller_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/headgate/headgate/extproc/caller"
	"github.com/headgate/headgate/extproc/exchange/exchangetest"
)

// certified are callers that a certificate names.
var certified = document(`
listen: {tls: {cert: /tls.crt, key: /tls.key, client_ca: /ca.crt, client_certificate: optional}}
callers:
  mesh: {certificate: "spiffe://example.com/ci", team: search}
  both: {certificate: both.example.com, key: {env: CI_KEY}}
`)

// TestWhoACertificateNames holds that the certificate counts where no key is known, but not in
// place of a key that was meant for the gateway.
func TestWhoACertificateNames(t *testing.T) {
	both := certified + "managed_keys: true\n"
	for _, c := range []struct {
		name, policy, certificate string
		managed                   caller.Managed
		headers                   []string
		want                      string // the caller's name, or a status
	}{
		{"a name", certified, "spiffe://example.com/ci", nil, nil, "mesh"},
		{"beside a placeholder that an SDK demands", certified, "spiffe://example.com/ci", nil, []string{"authorization", "Bearer unused"}, "mesh"},
		{"beside a known key, which says more", certified, "spiffe://example.com/ci", nil, []string{"x-api-key", ciKey}, "both"},
		{"the name of a caller with a key, too", certified, "both.example.com", nil, nil, "both"},
		{"an unknown name", certified, "spiffe://example.com/other", nil, nil, "401 knows no caller by the name"},
		{"an unknown name and an unknown key", certified, "other", nil, []string{"x-api-key", other}, "401 does not know the key"},
		{"part of a name", certified, "spiffe://example.com/c", nil, nil, "401 knows no caller by the name"},
		{"a wrong key in the gateway's own header", certified, "spiffe://example.com/ci", nil, []string{"x-headgate-key", other}, "401 does not know the key"},
		{"a key of the gateway's that was revoked", both, "spiffe://example.com/ci", keyring{known: true}, []string{"authorization", "Bearer hg_1_gone"}, "401 does not know the key"},
		{"an unknown name where anybody may ask", certified + "anonymous: true\n", "other", nil, nil, ""},
		{"no certificate", certified, "", nil, nil, "401 needs a key"},
	} {
		t.Run(c.name, func(t *testing.T) {
			ex := exchangetest.Ask(t, "openai", `{"model":"m","messages":[]}`)
			ex.Certificate = c.certificate
			verdict := exchangetest.Join(t, compile(t, c.policy, c.managed), ex).Headers(c.headers...)
			got := ex.Caller.Name
			if verdict.Status != 0 {
				got = fmt.Sprint(verdict.Status, " ", verdict.Message)
			}
			if got != c.want && !(verdict.Status != 0 && matches(got, c.want)) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// matches reports whether a refusal has a status and words.
func matches(got, want string) bool {
	status, words, _ := strings.Cut(want, " ")
	return words != "" && strings.HasPrefix(got, status+" ") && strings.Contains(got, words)
}
