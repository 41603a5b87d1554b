package app_test

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"
	"go.uber.org/zap"

	"github.com/headgate/headgate/cmd/headgate/app"
	"github.com/headgate/headgate/policy/policypb"
	"github.com/headgate/headgate/xds/journal"
	"github.com/headgate/headgate/xds/store"
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
	if status, text := askAdmin(t, control, filepath.Join(dir, "state"), "/api/v1/costs"); status != http.StatusServiceUnavailable || !strings.Contains(text, `"unavailable"`) {
		t.Errorf("costs: %d %s", status, text)
	}
	if status, text := get(t, control.Operations(), "/readyz"); status != http.StatusOK || !strings.Contains(text, "the database (URL in file "+url+") cannot be used") {
		t.Errorf("/readyz: %d %s", status, text)
	}
	if _, text := askAdmin(t, control, filepath.Join(dir, "state"), "/api/v1/status"); !strings.Contains(text, `"trouble":"the server cannot be reached: `) {
		t.Errorf("status: %s", text)
	}
	answers := func() bool {
		status, _ := askAdmin(t, control, filepath.Join(dir, "state"), "/api/v1/costs")
		return status == http.StatusOK
	}
	server.Start(t)
	eventually(t, "answers of PostgreSQL", answers)
	write(t, policy, onePolicy+"store: {sqlite: here.db}\n")
	control.Reload()
	eventually(t, "the other place", func() bool {
		_, text := askAdmin(t, control, filepath.Join(dir, "state"), "/api/v1/status")
		return strings.Contains(text, `"kind":"sqlite"`) && strings.Contains(text, "state/here.db") && !strings.Contains(text, `"before"`)
	})
	if _, err := os.Stat(filepath.Join(dir, "state", "here.db")); err != nil || !answers() {
		t.Error("the other database does not answer:", err)
	}
}

// TestRetentionFollowsThePolicy holds that rows are kept as long as the policy says from the
// moment at which it does.
func TestRetentionFollowsThePolicy(t *testing.T) {
	ctx, dir := context.Background(), t.TempDir()
	file := filepath.Join(dir, "policy.yaml")
	path := filepath.Join(dir, "journal.db")
	s, err := store.OpenSQLite(ctx, path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	old := time.Now().Add(-40 * 24 * time.Hour)
	row := &policypb.Row{Exchange: ulid.MustNewDefault(old).String(), BeganUnixNanos: old.UnixNano()}
	if err := journal.In(s).Write(ctx, []*policypb.Row{row}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Write.ExecContext(ctx, "UPDATE journal_day SET came = day * 86400"); err != nil { // not late
		t.Fatal(err)
	}
	rows := func() (n int) {
		if err := s.Read.QueryRowContext(ctx, "SELECT COUNT(*) FROM journal").Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	write(t, file, onePolicy+"store: {sqlite: "+path+"}\n")
	control := startXDS(t, file)
	t.Cleanup(func() { stop(t, control) })
	eventually(t, "the database", func() bool {
		status, _ := askAdmin(t, control, stateOf(file), "/api/v1/costs")
		return status == http.StatusOK
	})
	if rows() != 1 {
		t.Error("a row of 40 days ago is gone that is kept for 90")
	}
	write(t, file, onePolicy+"store: {sqlite: "+path+"}\njournal: {retention: 30d}\n")
	control.Reload()
	eventually(t, "the end of the row", func() bool { return rows() == 0 })
}
