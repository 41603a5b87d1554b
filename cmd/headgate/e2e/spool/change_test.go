package spool

import (
	"testing"
)

// TestAFullSpoolObeysChanges holds that a policy which is pushed while a spool is full is in effect
// without a restart, although the database is dead: a higher bound, and what becomes of requests.
func TestAFullSpoolObeysChanges(t *testing.T) {
	t.Parallel()
	r := startRig(t, "when_full: stop, spool: 16MiB")
	r.database.Kill()
	r.fillUp()
	r.checkRefusals()
	for _, journal := range []string{"when_full: drop, spool: 16MiB", "when_full: stop, spool: 24MiB", "when_full: drop, spool: 24MiB"} {
		r.push(journal)
		r.await("answers", r.serves)
	}
	lost := r.lost("closed")
	r.push("when_full: stop, spool: 16MiB")
	r.checkRefusals()
	r.database.Start(t)
	r.await("answers", r.serves)
	if n := r.lost("closed"); lost == 0 || n != lost {
		t.Errorf("%d rows are lost, %d before requests were refused again", n, lost)
	}
	r.judge(lost)
}

// fillUp fills the spool until requests are refused.
func (r *rig) fillUp() {
	r.t.Helper()
	before := r.refused()
	r.fill("refusals", func() bool { return r.refused() > before })
}

// push pushes a policy with what it says of the journal, and waits until the pair has taken it.
func (r *rig) push(journal string) {
	r.t.Helper()
	r.operator.Push(0, r.policy(journal), nil, "taken by 1 of 1 pair")
}
