package chains

import (
	"fmt"
	"strings"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

// TestJudgedByContentOverTLS holds that what says nothing is made good by the next link over
// HTTP/1.1 and HTTP/2 with TLS as it is without, and that the client gets the whole answer.
func TestJudgedByContentOverTLS(t *testing.T) {
	t.Parallel()
	ca := gatewaytest.NewAuthority(t)
	at := map[string]*secureProvider{"old": serveTLS(t, ca, "localhost", false), "new": serveTLS(t, ca, "localhost", true)}
	var b strings.Builder
	b.WriteString("version: 1\nunpriced: flag\nbackends:\n")
	for name, p := range at {
		for _, dialect := range []string{"openai", "anthropic"} {
			fmt.Fprintf(&b, "  %s-%s: {provider: openai-compatible, dialect: %[2]s, url: %q, ca_file: %s}\n", name, dialect, p.https, ca.File)
		}
	}
	b.WriteString("models:\n")
	links := [][2]string{{"old-openai", "new-anthropic"}, {"old-anthropic", "new-openai"}, {"new-openai", "old-anthropic"}, {"new-anthropic", "old-openai"}}
	faults := []string{"error=0", "error=0+status=529", "truncate=0", "malformed=1", "cut=0", "reset=0", "hang=0", "comments+error=0", "gzip+error=0", "status=404", "drip=7+error=0"}
	for l, link := range links {
		for f, fault := range faults {
			for n, w := range gatewaytest.Ways {
				links := apart(fmt.Sprintf("%s/m+%s, %s/m", link[0], fault, link[1]), n+1)
				fmt.Fprintf(&b, "  judged-%d-%d-%s: {chain: [%s], retries: 0, first_token: 300ms}\n", l, f, w, links)
			}
		}
	}
	g := gatewaytest.Start(t, b.String(), gatewaytest.Options{})
	for l, link := range links {
		for f, fault := range faults {
			for _, w := range gatewaytest.Ways {
				t.Run(link[0]+" "+fault+" "+w.String(), func(t *testing.T) {
					t.Parallel()
					g := g.With(t)
					text := fmt.Sprintf("judged over TLS %d %d %s é😀", l, f, w)
					a := g.Ask(w.Request(fmt.Sprintf("judged-%d-%d-%s", l, f, w), fmt.Sprintf("TLS? [[sim text=%q]]", text)))
					if got := w.Text(t, a); got != text {
						t.Errorf("answered %q", got)
					}
					row := g.Row(a.Exchange())
					if row.Outcome != "ok" || row.Backend != link[1] || len(row.Tried) != 2 || !row.Tried[0].Failed {
						t.Errorf("outcome %q of %q, tried %q", row.Outcome, row.Backend, gatewaytest.Tried(row))
					}
				})
			}
		}
	}
}
