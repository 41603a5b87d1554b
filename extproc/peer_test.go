package extproc

import "testing"

// Subjects are as Envoy prints them: RFC 2253, the most specific part first.
func TestACertificateHasOneName(t *testing.T) {
	for _, c := range []struct {
		what string
		peer *peerNames
		want string
	}{
		{"not asked for", nil, ""},
		{"none shown", &peerNames{}, ""},
		{"all three", &peerNames{uri: "spiffe://example.com/ci", dns: "ci.example.com", subject: "CN=ci"}, "spiffe://example.com/ci"},
		{"no URI", &peerNames{dns: "ci.example.com", subject: "CN=ci"}, "ci.example.com"},
		{"a subject alone", &peerNames{subject: "CN=ci,OU=build,O=Example"}, "ci"},
		{"a common name that is not the first part", &peerNames{subject: "OU=build,CN=ci,O=Example"}, "ci"},
		{"in a part of several values", &peerNames{subject: "OU=build+CN=ci,O=Example"}, "ci"},
		{"two common names", &peerNames{subject: "CN=inner,CN=outer"}, "inner"},
		{"none", &peerNames{subject: "OU=build,O=Example"}, ""},
		{"one inside another value", &peerNames{subject: `O=x\,CN=admin,OU=build`}, ""},
		{"a comma in it", &peerNames{subject: `CN=ci\,CN=admin,O=Example`}, "ci,CN=admin"},
		{"signs", &peerNames{subject: `CN=a\+b\"c\\\;d\ ,O=Example`}, `a+b"c\;d `},
		{"letters beyond ASCII", &peerNames{subject: `CN=\C3\9Cbung`}, "Übung"},
		{"a backslash at the end", &peerNames{subject: `CN=a\`}, `a\`},
		{"half a byte at the end", &peerNames{subject: `CN=a\4`}, "a4"},
	} {
		t.Run(c.what, func(t *testing.T) {
			if got := c.peer.name(); got != c.want {
				t.Errorf("name %q, want %q", got, c.want)
			}
		})
	}
}
