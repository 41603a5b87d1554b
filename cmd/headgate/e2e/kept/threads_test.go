package kept

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

func message(g *gatewaytest.Gateway, caller, model, thread, user string) gatewaytest.Answer {
	return g.Messages(`{"model":"`+model+`","max_tokens":50,"thread":`+thread+`,"messages":[{"role":"user","content":"Hi"}]}`, "", as(caller, "x-headgate-user", user)...)
}

var messageID = regexp.MustCompile(`"id":\s*"(msg_[^"]+)"`)

// TestThreadsGoOn holds that a thread of Anthropic's goes on at the account that holds it, for its
// owner alone, and that everybody else is answered so that the SDKs send the history again.
func TestThreadsGoOn(t *testing.T) {
	t.Parallel()
	r := start(t, "")
	other := r.pair(t)
	seen := map[string]bool{}
	for i := range 8 {
		user := fmt.Sprint("user-", i)
		first := message(r.Gateway, "ANN", "claudes", `{"type":"create"}`, user)
		given := messageID.FindStringSubmatch(first.Body)
		if first.Status != 200 || given == nil || !strings.Contains(given[1], "_hg") {
			t.Fatalf("created: %d %s", first.Status, first.Body)
		}
		backend := r.Row(first.Exchange()).Backend
		seen[backend] = true
		on := `{"type":"continue","previous_message_id":"` + given[1] + `"}`
		if a := message(r.Gateway, "BOB", "claudes", on, user); a.Status != 404 || !strings.Contains(a.Body, `"error_code":"thread_not_found"`) {
			t.Errorf("another's: %d %s", a.Status, a.Body)
		}
		if a := message(r.Gateway, "ANN", "plain", on, user); a.Status != 400 || !strings.Contains(a.Body, `"error_code":"thread_not_found"`) {
			t.Errorf("where nothing is held: %d %s", a.Status, a.Body)
		}
		if a := message(other, "ANN", "claudes", on, "somebody-else"); a.Status != 200 || other.Row(a.Exchange()).Backend != backend {
			t.Errorf("gone on with: %d %s", a.Status, a.Body)
		}
	}
	if len(seen) != 2 {
		t.Errorf("only %v were asked", seen)
	}
	if a := message(r.Gateway, "ANN", "plain", `{"type":"create"}`, "ann"); a.Status != 200 || a.Header.Get("x-headgate-dropped") != "thread" {
		t.Errorf("begun where nothing is held: %d %s %s", a.Status, a.Header, a.Body)
	}
}
