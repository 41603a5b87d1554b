package app_test

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/zap"

	"github.com/headgate/headgate/cmd/headgate/app"
	"github.com/headgate/headgate/xds/store/storetest"
)

// TestPoliciesAreServedWithoutTheDatabase holds that a control plane starts and is ready while
// PostgreSQL is away, says so, uses it as soon as it is there, and takes another place of the
// policy without a restart.
func TestPoliciesAreServedWithoutTheDatabase(t *testing.T) {
	server := storetest.StartServer(t)
	server.Stop()
	dir := t.TempDir()
	policy, url := filepath.Join(dir, "policy.yaml"), filepath.Join(dir, "url")
	write(t, url, server.URL("postgres"))
	write(t, policy, onePolicy+"store: {postgres: {file: "+url+"}}\n")
	control, err := app.StartXDS(app.XDSOptions{
		Options: app.Options{Policy: policy, Operations: "127.0.0.1:0", Log: zap.NewNop()},
		Listen:  "127.0.0.1:0", Admin: "127.0.0.1:0", State: filepath.Join(dir, "state"),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := control.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	if status, text := get(t, control.Admin(), "/api/v1/costs"); status != http.StatusServiceUnavailable || !strings.Contains(text, `"unavailable"`) {
		t.Errorf("costs: %d %s", status, text)
	}
	if status, text := get(t, control.Operations(), "/readyz"); status != http.StatusOK || !strings.Contains(text, "the database (URL in file "+url+") cannot be used") {
		t.Errorf("/readyz: %d %s", status, text)
	}
	if _, text := get(t, control.Admin(), "/api/v1/status"); !strings.Contains(text, `"trouble":"the server cannot be reached: `) {
		t.Errorf("status: %s", text)
	}
	answers := func() bool {
		status, _ := get(t, control.Admin(), "/api/v1/costs")
		return status == http.StatusOK
	}
	server.Start(t)
	eventually(t, "answers of PostgreSQL", answers)
	write(t, policy, onePolicy+"store: {sqlite: here.db}\n")
	control.Reload()
	eventually(t, "the other place", func() bool {
		_, text := get(t, control.Admin(), "/api/v1/status")
		return strings.Contains(text, `"kind":"sqlite"`) && strings.Contains(text, "state/here.db") && !strings.Contains(text, `"before"`)
	})
	if _, err := os.Stat(filepath.Join(dir, "state", "here.db")); err != nil || !answers() {
		t.Error("the other database does not answer:", err)
	}
}
