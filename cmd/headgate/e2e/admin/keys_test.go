package admin

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/xds/store/storetest"
)

// made runs headgate key create or rotate, and returns the text of the key.
func made(t *testing.T, x *gatewaytest.Replica, args ...string) string {
	t.Helper()
	out, stderr, code := gatewaytest.Run(t, append(append([]string{"key"}, args...), "--admin", x.Admin, "-o", "json", "--author", "ann", "--reason", "test")...)
	var m struct{ Text string }
	if err := json.Unmarshal([]byte(out), &m); err != nil || code != 0 || m.Text == "" {
		t.Fatalf("headgate key %s: exit code %d, %s%s: %v", strings.Join(args, " "), code, out, stderr, err)
	}
	return m.Text
}

// TestKeysOfTwoControlPlanes holds that an admin key which is made at one control plane works at
// the other by its role, until it is revoked at any, that a caller's key works at a pair from its
// making to its end, and that both control planes list every change of both.
func TestKeysOfTwoControlPlanes(t *testing.T) {
	p := gatewaytest.Simulate(t, gatewaytest.Keyless)
	policy := gatewaytest.PolicyFor(p, "managed_keys: true\nstore: {postgres: {env: DATABASE_URL}}\n")
	f := gatewaytest.StartFleet(t, gatewaytest.FleetOptions{
		Policy: policy, XDS: 2, Env: []string{gatewaytest.BackendKeyName + "=" + gatewaytest.BackendKey}, XDSEnv: []string{"DATABASE_URL=" + storetest.PostgresURL(t)},
	})
	first, second, pair := f.XDS[0], f.XDS[1], f.Pairs[0]
	asks := func(what, text string, want int) {
		t.Helper()
		gatewaytest.Eventually(t, what, func() bool {
			return pair.Chat(gatewaytest.ChatBody("plain", "[[sim tokens=1]]", false), "", "Authorization", "Bearer "+text).Status == want
		})
	}
	caller := made(t, first, "create", "app")
	asks("a new key", caller, http.StatusOK)
	rotated := made(t, second, "rotate", "app", "--overlap", "0s")
	asks("the text before", caller, http.StatusUnauthorized)
	asks("the new text", rotated, http.StatusOK)
	gatewaytest.NewOperator(t, second.Admin).Says(0, []string{"key", "revoke", "app", "--reason", "lost"}, "revoked")
	asks("a revoked key", rotated, http.StatusUnauthorized)

	reads, writes := made(t, first, "create", "board", "--role", "read"), made(t, first, "create", "deploy", "--role", "write")
	status := func(what, text string, want int) {
		t.Helper()
		for _, x := range f.XDS {
			gatewaytest.Eventually(t, what, func() bool { return get(t, x.Admin, "/api/v1/status", "Bearer "+text) == want })
		}
	}
	status("a key to read", reads, 200)
	status("a key to write", writes, 200)
	status("a caller's key", rotated, 401)
	says := func(x *gatewaytest.Replica, key string, code int, args []string, texts ...string) {
		t.Helper()
		path := filepath.Join(t.TempDir(), "key")
		if err := os.WriteFile(path, []byte(key+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		gatewaytest.NewOperator(t, x.Admin).Says(code, append(args, "--admin-key-file", path), texts...)
	}
	drain := []string{"policy", "drain", "plain", "--reason", "test", "--wait", "0"}
	says(second, reads, 0, []string{"policy", "show"}, "managed_keys")
	says(second, reads, 2, drain, "right to change")
	says(second, writes, 0, []string{"key", "revoke", "board", "--reason", "gone"}, "revoked")
	status("a revoked key", reads, 401)
	for _, x := range f.XDS {
		gatewaytest.NewOperator(t, x.Admin).Says(0, []string{"audit"}, "key.create", "key.rotate", "key.revoke", "deploy", "key board", "lost", "gone")
		out := gatewaytest.NewOperator(t, x.Admin).Says(0, []string{"audit", "-o", "json"})
		for _, text := range []string{caller, rotated, reads, writes} {
			if secret := text[len(text)-32:]; strings.Contains(out+first.Log()+second.Log()+pair.Log(), secret) {
				t.Error("a key stands in the audit or in a log")
			}
		}
	}
}

// TestTheDatabaseIsAwayAndChangesGoOn holds that the first key works without the database, so
// that a policy which names a wrong one can be repaired, and that what was changed meanwhile is
// listed once it is there, also if the control plane was killed.
func TestTheDatabaseIsAwayAndChangesGoOn(t *testing.T) {
	t.Parallel()
	state := t.TempDir()
	broken := onePolicy + "store: {sqlite: " + filepath.Join(state, "file", "headgate.db") + "}\n"
	if err := os.WriteFile(filepath.Join(state, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	f := gatewaytest.StartFleet(t, gatewaytest.FleetOptions{Policy: broken})
	o := gatewaytest.NewOperator(t, f.XDS[0].Admin)
	o.Says(1, []string{"audit"}, "cannot be used")
	o.Says(1, []string{"key", "create", "ci"}, "cannot be used")
	o.Push(0, broken+"limits: {body: 1MiB}\n", nil, "is published")
	f.XDS[0].Kill()
	f.StartXDS(0)
	f.Pairs[0].AwaitLink()
	o.Push(0, onePolicy, nil, "is published")
	gatewaytest.Eventually(t, "the rows", func() bool {
		out, _, code := gatewaytest.Run(t, "audit", "--admin", f.XDS[0].Admin)
		return code == 0 && strings.Count(out, "policy.push") == 2 && strings.Contains(out, "key.create") && strings.Contains(out, "unavailable")
	})
}
