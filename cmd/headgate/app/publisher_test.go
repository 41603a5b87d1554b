package app

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/policy/source"
	"github.com/headgate/headgate/xds"
)

// TestEveryChangeIsLogged holds that the control plane's log and count have each change,
// with who made it and why, whichever way it came, and each refusal with its faults.
func TestEveryChangeIsLogged(t *testing.T) {
	core, logs := observer.New(zapcore.InfoLevel)
	path := policyFile(t, firstPolicy)
	s, err := source.Open(source.Options{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	reg := prometheus.NewRegistry()
	p := newPublisher(s, noFleet{}, controlOptions{path: path, ops: &operations{}, reg: reg, log: zap.New(core)})
	push := func(text string) {
		_, _ = p.Push(source.Proposal{Files: []policy.File{{Name: "p.yaml", Data: []byte(text)}}, Author: "ann", Reason: "cheaper"})
	}
	push(secondPolicy)
	push(secondPolicy)
	push(faultyPolicy)
	if _, err := p.Rollback("", source.Proposal{Author: "bob", Reason: "worse"}); err != nil {
		t.Fatal(err)
	}
	p.reload()
	var logged []string
	for _, entry := range logs.All() {
		fields := entry.ContextMap()
		logged = append(logged, strings.Join([]string{entry.Message, str(fields["origin"]), str(fields["author"])}, "|"))
	}
	want := []string{"policy changed|push|ann", "policy refused; the last good one stays in effect||", "policy changed|rollback|bob"}
	if strings.Join(logged, "\n") != strings.Join(want, "\n") {
		t.Errorf("logged:\n%s\nwant:\n%s", strings.Join(logged, "\n"), strings.Join(want, "\n"))
	}
	if n := logs.All()[1].ContextMap()["faults"]; n != int64(2) {
		t.Errorf("%v faults logged, want 2", n)
	}
	if n := values(t, reg, "headgate_policy_changes_total"); n["changed"] != 2 || n["refused"] != 1 {
		t.Errorf("counted %v, want 2 changed and 1 refused", n)
	}
}

// TestWhatCannotBeAskedIsNoRefusedPolicy holds that the log calls no policy refused if a
// change could not be made of what is there.
func TestWhatCannotBeAskedIsNoRefusedPolicy(t *testing.T) {
	core, logs := observer.New(zapcore.InfoLevel)
	s, err := source.Open(source.Options{Path: policyFile(t, firstPolicy)})
	if err != nil {
		t.Fatal(err)
	}
	reg := prometheus.NewRegistry()
	p := newPublisher(s, noFleet{}, controlOptions{ops: &operations{}, reg: reg, log: zap.New(core)})
	_, _ = p.Lay(source.Laying{Clear: []source.Target{{Model: "none"}}, Author: "ann", Reason: "fast"})
	_, _ = p.Rollback("", source.Proposal{Author: "ann", Reason: "worse"})
	_, _ = p.Rollback("", source.Proposal{Author: "ann", Reason: "worse", Expect: "000000000000"})
	_, _ = p.Push(source.Proposal{Author: "ann", Reason: "empty"})
	if got := logs.FilterMessage("change refused: it cannot be made").FilterLevelExact(zapcore.WarnLevel).Len(); got != 4 || logs.Len() != 4 {
		t.Errorf("logged %+v", logs.All())
	}
	if n := values(t, reg, "headgate_policy_changes_total"); n["changed"] != 0 || n["refused"] != 4 {
		t.Errorf("counted %v", n)
	}
}

// TestReadyzSaysWhatPairsHave holds that after a refusal the pairs are said to be served
// what they are, and nothing if there was nothing to go back to.
func TestReadyzSaysWhatPairsHave(t *testing.T) {
	no := &xds.Refusal{Node: "a", Type: "policy", Revision: "2222", Reason: "no key"}
	for _, c := range []struct {
		name  string
		group xds.GroupStatus
		want  string
	}{
		{"all is well", xds.GroupStatus{Revision: "2222"}, ""},
		{"it went back", xds.GroupStatus{Revision: "1111", Refused: no}, "revision 2222 was refused: pair a refused the policy: no key; pairs are served 1111\n"},
		{"nothing was before", xds.GroupStatus{Revision: "2222", Refused: no}, "revision 2222 was refused: pair a refused the policy: no key; there is no earlier one to go back to, and pairs keep what they have\n"},
	} {
		if got := wentBack(xds.Status{Groups: []xds.GroupStatus{c.group}}); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// TestNothingIsSaidToStay holds that the log claims no effect of a policy that pairs
// refused, when another is refused after it.
func TestNothingIsSaidToStay(t *testing.T) {
	core, logs := observer.New(zapcore.ErrorLevel)
	path := policyFile(t, firstPolicy)
	s, err := source.Open(source.Options{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	p := newPublisher(s, unwilling{}, controlOptions{path: path, ops: &operations{}, reg: prometheus.NewRegistry(), log: zap.New(core)})
	_, _ = p.Push(source.Proposal{Files: []policy.File{{Name: "p.yaml", Data: []byte(faultyPolicy)}}, Author: "ann", Reason: "cheaper"})
	if text := logs.All()[0].Message; logs.Len() != 1 || text != "policy refused; the one before, which was refused by a pair, stays published" {
		t.Errorf("logged %q", text)
	}
}

// unwilling are pairs that refuse whatever is published.
type unwilling struct{ noFleet }

func (unwilling) Refused() error { return errors.New("pair a refused the policy") }

// noFleet has no pair.
type noFleet struct{}

func (noFleet) Refused() error                      { return nil }
func (noFleet) Accepted() (string, <-chan struct{}) { return "", nil }
func (noFleet) Status() xds.Status                  { return xds.Status{} }
func (noFleet) ExpireEarlier() (time.Time, error)   { return time.Time{}, nil }

func str(v any) string {
	s, _ := v.(string)
	return s
}
