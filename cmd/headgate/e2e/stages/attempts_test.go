package stages

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"testing"
	"time"

	"github.com/headgate/headgate/extproc"
	"github.com/headgate/headgate/extproc/exchange"
)

// signed is what the test's stage signs of an attempt.
func signed(path, key, at string, body []byte) string {
	sum := sha256.Sum256(append([]byte(path+"\n"+key+"\n"+at+"\n"), body...))
	return hex.EncodeToString(sum[:])
}

// TestAnAttemptIsSignedAsItLeaves holds that a stage below the provider's end has what a
// signature is made of in hand: the path, the headers, the body and the time, of a pool
// of one and of each attempt of a chain.
func TestAnAttemptIsSignedAsItLeaves(t *testing.T) {
	t.Parallel()
	signs := always("signs", script{attempt: func(at *exchange.Attempt) error {
		when := strconv.FormatInt(at.Now.UnixNano(), 10)
		key := string(at.Out.Set.Get("authorization")) + string(at.Out.Set.Get("x-api-key"))
		at.Out.SetHeader("x-signed-at", when)
		at.Out.SetHeader("x-signature", signed(string(at.Out.Set.Get(":path")), key, when, at.Leaves()))
		return nil
	}})
	r := startOrdered(t, func(kinds []extproc.Kind) []extproc.Kind { return append(kinds, signs) })
	n := 0
	check := func(t *testing.T, attempts int) {
		for _, s := range r.provider.With(t).FindAll("hello", n+attempts)[n:] {
			key := s.Header.Get("authorization") + s.Header.Get("x-api-key")
			if s.Header.Get("x-signature") != signed(s.Path, key, s.Header.Get("x-signed-at"), s.Body) || key == "" {
				t.Errorf("attempt %d: signature %q of %s %s", s.Seq, s.Header.Get("x-signature"), s.Path, s.Body)
			}
			if at, _ := strconv.ParseInt(s.Header.Get("x-signed-at"), 10, 64); time.Since(time.Unix(0, at)) > time.Minute {
				t.Errorf("attempt %d: signed at %q", s.Seq, s.Header.Get("x-signed-at"))
			}
		}
		n += attempts
	}
	fourWays(t, func(t *testing.T, client, model string) {
		if got := r.ask(t.Context(), client, chat(model, "hello", false)); got.StatusCode != 200 {
			t.Errorf("%d %s", got.StatusCode, got.body)
		}
		check(t, 1)
	})
	r.script(t, "rules:\n  - match: {model: gpt-4o-mini}\n    do: status=500\n")
	if got := r.ask(t.Context(), "openai", chat("chain", "hello, first fail", false)); got.StatusCode != 200 {
		t.Errorf("%d %s", got.StatusCode, got.body)
	}
	check(t, 2)
}
