package caller_test

import (
	"testing"

	"github.com/headgate/headgate/extproc/exchange"
)

// TestWebPagesOfThisMachine holds what of a browser's requests reaches a gateway on loopback that
// needs no key, and that no other gateway looks.
func TestWebPagesOfThisMachine(t *testing.T) {
	t.Parallel()
	private := document("hosts: [headgate]\ncors: {origins: [https://app.example.com]}\n")
	const here = "localhost:8080"
	for _, c := range []struct {
		name, policy       string
		host, origin, site string
		passes             bool
	}{
		{"an SDK", private, here, "", "", true},
		{"a container", private, "headgate:8080", "", "", true},
		{"its own page", private, here, "http://localhost:8080", "same-origin", true},
		{"its own page in an older browser", private, here, "http://localhost:8080", "", true},
		{"an address that is typed", private, here, "", "none", true},
		{"a page that may ask", private, here, "https://app.example.com", "cross-site", true},
		{"a page of another site", private, here, "https://evil.example", "cross-site", false},
		{"the same in an older browser", private, here, "https://evil.example", "", false},
		{"an image of another site", private, here, "", "cross-site", false},
		{"a page of another port", private, here, "http://localhost:5173", "same-site", false},
		{"a page without an origin", private, here, "null", "", false},
		{"a foreign name that leads here", private, "evil.example:8080", "", "same-origin", false},
		{"the same, sent", private, "evil.example:8080", "http://evil.example:8080", "same-origin", false},
		{"beyond loopback", document("listen: 0.0.0.0:80\nanonymous: true\n"), "gateway.example", "https://evil.example", "cross-site", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			headers := []string{":authority", c.host}
			for name, value := range map[string]string{"origin": c.origin, "sec-fetch-site": c.site} {
				if value != "" {
					headers = append(headers, name, value)
				}
			}
			_, v := ask(t, compile(t, c.policy, nil), headers...)
			if c.passes != (v.Action == exchange.Pass) || !c.passes && (v.Status != 403 || v.Reason != exchange.ReasonSite) {
				t.Errorf("the verdict is %+v", v)
			}
		})
	}
}
