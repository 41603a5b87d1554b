// Package callers holds who may ask a gateway: keys, what they may do, and what a request that
// says more of itself gets.
package callers

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

const (
	ciKey   = "canary-key-of-ci-5b1f"
	webKey  = "canary-key-of-web-90ad"
	fileKey = "canary-key-in-a-file-11"
	unknown = "canary-key-of-nobody-3c"
)

// rig is a gateway with three callers: ci may ask for one model, web is known by the hash of
// its key, and the key of bot is in a file.
type rig struct {
	*gatewaytest.Gateway
	provider *gatewaytest.Provider
	file     string
}

func start(t *testing.T, more string) *rig {
	t.Helper()
	r := &rig{provider: gatewaytest.Simulate(t, gatewaytest.Keyless), file: filepath.Join(t.TempDir(), "key")}
	put(t, r.file, fileKey)
	sum := sha256.Sum256([]byte(webKey))
	callers := `callers:
  ci: {key: {env: CI_KEY}, user: build, team: search, tier: free, models: [plain, plain-claude], tags: [nightly]}
  web: {key: {sha256: ` + hex.EncodeToString(sum[:]) + `}}
  bot: {key: {file: ` + r.file + `}}
tiers: {free: {rpm: 1000}}
` + more
	r.Gateway = gatewaytest.Start(t, gatewaytest.PolicyFor(r.provider, callers), gatewaytest.Options{
		Env: []string{gatewaytest.BackendKeyName + "=" + gatewaytest.BackendKey, "CI_KEY=" + ciKey}, Args: []string{"--log-level", "debug"},
	})
	return r
}

// put replaces a file as deployments do: by a new inode.
func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path+".new", []byte(text+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}
