package responses

import (
	"strconv"
	"testing"
)

// TestOldestAreForgotten holds that neither the number of entries nor their bytes grow without
// end, and that what is forgotten is not found by its items either.
func TestOldestAreForgotten(t *testing.T) {
	const account = "host key"
	for name, size := range map[string]int{"entries": 0, "bytes": maxBytes / 2} {
		s := newStore()
		n := maxKept + 1
		if size > 0 {
			n = 3
		}
		for i := range n {
			id := strconv.Itoa(i)
			s.mu.Lock()
			s.add(&kept{q: &request{id: "resp_" + id, account: account}, size: size, said: []item{{id: "msg_" + id, account: account}}})
			s.mu.Unlock()
		}
		if s.response(account, "resp_0") != nil || s.item(account, "msg_0") != nil {
			t.Errorf("%s: the oldest is still there", name)
		}
		if s.response(account, "resp_1") == nil || s.item(account, "msg_1") == nil {
			t.Errorf("%s: more than the oldest is gone", name)
		}
		if s.response("another", "resp_1") != nil || s.item("another", "msg_1") != nil {
			t.Errorf("%s: another account finds it", name)
		}
		if len(s.items) != len(s.responses) || s.bytes != size*len(s.responses) {
			t.Errorf("%s: %d responses, %d items, %d bytes", name, len(s.responses), len(s.items), s.bytes)
		}
	}
}

// TestSealsAreAnAccountsOwn holds that encrypted content is taken from its account alone, and
// whole.
func TestSealsAreAnAccountsOwn(t *testing.T) {
	sealed := seal("mine", 64)
	if tokens, ok := unseal("mine", sealed); !ok || tokens != 64 {
		t.Errorf("mine: %d, %v", tokens, ok)
	}
	for _, c := range []struct{ account, content string }{
		{"yours", sealed}, {"mine", sealed[:len(sealed)-4]}, {"mine", "x" + sealed}, {"mine", sealPrefix}, {"mine", ""},
	} {
		if _, ok := unseal(c.account, c.content); ok {
			t.Errorf("%s: %q is taken", c.account, c.content)
		}
	}
}
