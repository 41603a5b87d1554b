package audit_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/headgate/headgate/xds/audit"
	"github.com/headgate/headgate/xds/store"
	"github.com/headgate/headgate/xds/store/storetest"
)

var noon = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

// database is one that may be away.
type database struct {
	*store.Store
	away bool
}

func (d *database) Open(context.Context) (*store.Store, error) {
	if d.away {
		return nil, store.ErrUnavailable
	}
	return d.Store, nil
}

func (d *database) Wrote(*store.Store, error) {}

// rig is a log on a database, with a clock of its own.
type rig struct {
	*audit.Log
	t        *testing.T
	database *database
	now      time.Time
	logs     *observer.ObservedLogs
}

func newRig(t *testing.T, s *store.Store, folder string) *rig {
	core, logs := observer.New(zap.InfoLevel)
	r := &rig{t: t, database: &database{Store: s}, now: noon, logs: logs}
	r.Log = audit.New(r.database, folder, func() time.Time { return r.now }, zap.New(core))
	return r
}

// add adds a row a second after the one before.
func (r *rig) add(subject string) {
	r.now = r.now.Add(time.Second)
	r.Add(audit.Row{Key: "local", Author: "ann", Action: "policy.push", Subject: subject, From: "a", To: "b", Reason: "less", Outcome: "done"})
}

// subjects are those of the rows that a filter finds.
func (r *rig) subjects(f audit.Filter) string {
	r.t.Helper()
	if f.Limit == 0 {
		f.Limit = 100
	}
	rows, err := r.List(r.t.Context(), f)
	if err != nil {
		r.t.Fatal(err)
	}
	var all []string
	for i := range rows {
		all = append(all, rows[i].Subject)
	}
	return strings.Join(all, " ")
}

// TestRowsAreListed holds that a row comes back as it was, and what it is found by.
func TestRowsAreListed(t *testing.T) {
	storetest.OnBoth(t, func(t *testing.T, s *store.Store) {
		r := newRig(t, s, t.TempDir())
		want := audit.Row{At: noon, Key: "1", Author: "bob", Action: "key.revoke", Subject: "1", From: "x", To: "y", Reason: "lost", Outcome: "conflict"}
		r.Add(want)
		for i := 2; i <= 5; i++ {
			r.add(fmt.Sprint(i))
		}
		rows, err := r.List(t.Context(), audit.Filter{Limit: 100})
		if err != nil || len(rows) != 5 {
			t.Fatalf("%d rows, %v", len(rows), err)
		}
		if diff := cmp.Diff(want, rows[4], cmpopts.IgnoreFields(audit.Row{}, "ID")); diff != "" || rows[4].ID == "" {
			t.Errorf("the first row is another (-want +got):\n%s", diff)
		}
		for _, row := range []struct {
			want string
			f    audit.Filter
		}{
			{"5 4 3 2 1", audit.Filter{}},
			{"5 4", audit.Filter{Limit: 2}},
			{"3 2 1", audit.Filter{Before: rows[1].ID}},
			{"5 4 3", audit.Filter{Since: noon.Add(2 * time.Second)}},
			{"2 1", audit.Filter{Until: noon.Add(2 * time.Second)}},
			{"1", audit.Filter{Is: map[string]string{"author": "bob"}}},
			{"5 4 3 2", audit.Filter{Is: map[string]string{"key": "local", "action": "policy.push", "outcome": "done"}}},
			{"", audit.Filter{Is: map[string]string{"outcome": ""}}},
		} {
			if got := r.subjects(row.f); got != row.want {
				t.Errorf("%+v finds %q, want %q", row.f, got, row.want)
			}
		}
	})
}

// TestRowsWaitForTheDatabase holds that none is lost or doubled while it is away, also over a
// restart, and that what a crash left of one takes no other along.
func TestRowsWaitForTheDatabase(t *testing.T) {
	storetest.OnBoth(t, func(t *testing.T, s *store.Store) {
		folder := filepath.Join(t.TempDir(), "state")
		if err := os.Mkdir(folder, 0o700); err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(folder, audit.FileName)
		r := newRig(t, s, folder)
		r.database.away = true
		r.add("1")
		if _, err := r.List(t.Context(), audit.Filter{Limit: 1}); !errors.Is(err, store.ErrUnavailable) {
			t.Errorf("without the database: %v", err)
		}
		f, err := os.OpenFile(file, os.O_WRONLY|os.O_APPEND, 0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteString(`{"id": "01KT`); err != nil || f.Close() != nil {
			t.Fatal(err)
		}
		r.add("2")
		if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("the file: %v, %v", info, err)
		}
		held, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		after := newRig(t, s, folder) // the same state folder, after a restart
		after.now = noon.Add(time.Minute)
		after.add("3")
		if got := after.subjects(audit.Filter{}); got != "3 2 1" || after.logs.FilterMessageSnippet("cannot be read").Len() != 1 {
			t.Errorf("the rows are %q, the log %v", got, after.logs.All())
		}
		if err := os.WriteFile(file, held, 0o600); err != nil { // as if it was killed before the file was emptied
			t.Fatal(err)
		}
		if got := after.subjects(audit.Filter{}); got != "3 2 1" {
			t.Errorf("after a kill the rows are %q", got)
		}
		if data, err := os.ReadFile(file); err != nil || len(data) != 0 {
			t.Errorf("the file is left with %q, %v", data, err)
		}
	})
}

// TestSeveralWaitInOneFolder holds that control planes which share a folder take no row from
// each other.
func TestSeveralWaitInOneFolder(t *testing.T) {
	t.Parallel()
	s, folder := storetest.SQLite(t), t.TempDir()
	one, two := newRig(t, s, folder), newRig(t, s, folder)
	one.database.away = true
	var running sync.WaitGroup
	const rows = 50
	running.Go(func() {
		for range rows {
			one.add("x")
		}
	})
	running.Go(func() {
		for range rows {
			if err := two.Move(context.Background()); err != nil {
				t.Error(err)
			}
		}
	})
	running.Wait()
	if got := strings.Count(two.subjects(audit.Filter{}), "x"); got != rows {
		t.Errorf("%d of %d rows are there", got, rows)
	}
}

// TestARowThatCannotBeKeptIsLogged holds so, where there is no folder.
func TestARowThatCannotBeKeptIsLogged(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil, "")
	r.database.away = true
	r.add("everything")
	all := r.logs.All()
	if len(all) != 1 || !strings.Contains(fmt.Sprint(all[0].ContextMap()), "everything") {
		t.Errorf("the log is %v", all)
	}
}

// TestEveryTextCanBeKept holds that no text of a request costs the row.
func TestEveryTextCanBeKept(t *testing.T) {
	storetest.OnBoth(t, func(t *testing.T, s *store.Store) {
		r := newRig(t, s, "")
		for _, text := range []string{"a\x00b", "a\xffb", strings.Repeat("ü", 1<<20), "'; DROP TABLE audit; --", ""} {
			r.add(text)
		}
		rows, err := r.List(t.Context(), audit.Filter{Limit: 100})
		if err != nil || len(rows) != 5 || r.logs.Len() != 0 {
			t.Fatalf("%d rows, %v, %v", len(rows), err, r.logs.All())
		}
		if got := len(rows[2].Subject); got > 17<<10 {
			t.Errorf("a text has %d bytes", got)
		}
	})
}
