package tls

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

// TestSDKsConnectOverTLS holds that official clients, unchanged, are known by their certificates,
// and raise what they raise for a key that is not known.
func TestSDKsConnectOverTLS(t *testing.T) {
	t.Parallel()
	s := gatewaytest.NewSecure(t)
	g, _ := start(t, s, s.ClientCA()+", client_certificate: optional", "callers: {sdk: {certificate: sdk.example.com}}\n")
	base := strings.Replace(g.URL, "127.0.0.1", "localhost", 1)
	known, unknown := pemOf(t, named(t, s.Clients, "", "sdk.example.com", "")), pemOf(t, named(t, s.Clients, "", "other.example.com", ""))
	served := map[string]string{"openai": "stop", "openai, streamed": "stop", "anthropic": "end_turn"}
	refused := map[string]string{"openai": "AuthenticationError", "openai, streamed": "AuthenticationError", "anthropic": "AuthenticationError"}
	broken := map[string]string{"openai": "APIConnectionError", "openai, streamed": "APIConnectionError", "anthropic": "APIConnectionError"}
	for _, c := range []struct {
		name string
		args []string
		want map[string]string
	}{
		{"a caller's certificate", append([]string{base, s.Server.File}, known...), served},
		{"another one", append([]string{base, s.Server.File}, unknown...), refused},
		{"none", []string{base, s.Server.File}, refused},
		{"a gateway that the client does not trust", []string{base, s.Clients.File}, broken},
	} {
		t.Run(c.name, func(t *testing.T) {
			if d := cmp.Diff(c.want, sdks(t, c.args...)); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

// pemOf writes a client's certificate and its key to files, and returns their paths.
func pemOf(t *testing.T, c tls.Certificate) []string {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(c.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	paths := []string{filepath.Join(t.TempDir(), "client.crt"), filepath.Join(t.TempDir(), "client.key")}
	gatewaytest.Overwrite(t, paths[0], string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Certificate[0]})))
	gatewaytest.Overwrite(t, paths[1], string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})))
	return paths
}

// sdks runs the script with the official clients for Python. Outside CI the test is skipped if
// they are not installed.
func sdks(t *testing.T, args ...string) (results map[string]string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), gatewaytest.Python(t), append([]string{filepath.Join("testdata", "sdks.py")}, args...)...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(out, &results); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return results
}
