package store

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"
)

var quick = timing{backOff: time.Millisecond, maxBackOff: 5 * time.Millisecond, check: 5 * time.Millisecond, patience: time.Minute}

// rig is a Database with what it logs and counts.
type rig struct {
	*Database
	t    *testing.T
	logs *observer.ObservedLogs
	reg  *prometheus.Registry
}

func newRig(t *testing.T, p Place) *rig {
	t.Helper()
	core, logs := observer.New(zapcore.InfoLevel)
	r := &rig{t: t, logs: logs, reg: prometheus.NewRegistry()}
	r.Database = newDatabase(quick, r.reg, zap.New(core))
	r.Follow(p)
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

// await waits for a status.
func (r *rig) await(what string, is func(Status) bool) {
	r.t.Helper()
	for end := time.Now().Add(20 * time.Second); !is(r.Status()); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			r.t.Fatalf("%s: the status is %+v", what, r.Status())
		}
	}
}

func works(s Status) bool { return s.Trouble == "" }

func (r *rig) up() float64 {
	r.t.Helper()
	all, err := r.reg.Gather()
	if err != nil || len(all) != 1 {
		r.t.Fatal(all, err)
	}
	return all[0].Metric[0].Gauge.GetValue()
}

// TestDatabaseIsOpenedOnceItCanBe holds that one that is away at the start is used as soon as
// it comes, and that the outage is logged once.
func TestDatabaseIsOpenedOnceItCanBe(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "data")
	if err := os.WriteFile(folder, nil, 0o600); err != nil { // a file where the folder should be
		t.Fatal(err)
	}
	r := newRig(t, Place{SQLite: filepath.Join(folder, "headgate.db")})
	if _, err := r.Open(context.Background()); !errors.Is(err, ErrUnavailable) || !strings.Contains(err.Error(), "not a directory") {
		t.Errorf("Open says %v", err)
	}
	if s := r.Status(); s.Trouble == "" || s.Kind != "sqlite" || r.up() != 0 {
		t.Errorf("the status is %+v, up %v", s, r.up())
	}
	if err := os.Remove(folder); err != nil {
		t.Fatal(err)
	}
	r.await("the folder can be made", works)
	if _, err := r.Open(context.Background()); err != nil || r.up() != 1 {
		t.Errorf("Open says %v, up %v", err, r.up())
	}
	if n := r.logs.FilterLevelExact(zapcore.ErrorLevel).Len(); n != 1 {
		t.Errorf("the outage was logged %d times", n)
	}
}

// TestDatabaseSwitchesOver holds that another place is used without a restart, and that the
// one before stays in use until then.
func TestDatabaseSwitchesOver(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	first, second := Place{SQLite: filepath.Join(folder, "a b?#.db")}, Place{SQLite: filepath.Join(folder, "file", "b.db")}
	if err := os.WriteFile(filepath.Join(folder, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	r := newRig(t, first)
	before, err := r.Open(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	r.Follow(second)
	r.await("the second place fails", func(s Status) bool { return strings.Contains(s.Trouble, "not a directory") })
	if s, err := r.Open(context.Background()); s != before || err != nil || r.Status().Before != first.SQLite {
		t.Errorf("the one before is not in use: %v, %+v", err, r.Status())
	}
	if err := os.Remove(filepath.Join(folder, "file")); err != nil {
		t.Fatal(err)
	}
	r.await("the second place works", works)
	after, err := r.Open(context.Background())
	if err != nil || after == before || r.Status().Before != "" || r.Status().Place != second.SQLite {
		t.Errorf("after the change: %v, %+v", err, r.Status())
	}
	if _, err := os.Stat(first.SQLite); err != nil {
		t.Error("the first database is not in the file that was named:", err)
	}
	r.Follow(Place{})
	r.await("nowhere", func(s Status) bool { return s.Kind == "" && s.Trouble != "" })
}

// TestDatabaseFindsItsFileGone holds that rows do not go into a file that has no name any more.
func TestDatabaseFindsItsFileGone(t *testing.T) {
	t.Parallel()
	p := Place{SQLite: filepath.Join(t.TempDir(), "headgate.db")}
	r := newRig(t, p)
	before, err := r.Open(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for _, end := range []string{"", "-wal", "-shm"} {
		_ = os.Remove(p.SQLite + end)
	}
	r.await("the file is made again", func(Status) bool {
		s, err := r.Open(context.Background())
		return err == nil && s != before
	})
	if _, err := os.Stat(p.SQLite); err != nil {
		t.Error(err)
	}
}

// TestWritesThatFailAreAnOutage holds so, until one succeeds.
func TestWritesThatFailAreAnOutage(t *testing.T) {
	t.Parallel()
	r := newRig(t, Place{SQLite: filepath.Join(t.TempDir(), "headgate.db")})
	s, err := r.Open(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	r.Wrote(&Store{}, errors.New("of a database that is not in use any more"))
	if !works(r.Status()) {
		t.Errorf("the status is %+v", r.Status())
	}
	for range 3 {
		r.Wrote(s, errors.New("database or disk is full"))
	}
	if r.Status().Trouble != "database or disk is full" || r.up() != 0 {
		t.Errorf("the status is %+v", r.Status())
	}
	r.Wrote(s, nil)
	if !works(r.Status()) || r.logs.FilterLevelExact(zapcore.ErrorLevel).Len() != 1 {
		t.Errorf("the status is %+v, logs %v", r.Status(), r.logs.All())
	}
}

// TestSecretOfAURLIsNeverSaid holds so wherever the password stands, and whatever fails.
func TestSecretOfAURLIsNeverSaid(t *testing.T) {
	t.Parallel()
	const secret = "hunter2secret"
	refuses := refusing(t)
	for name, url := range map[string]string{
		"nobody listens":   "postgres://ann:" + secret + "@127.0.0.1:1/db",
		"refused":          "postgres://ann:" + secret + "@" + refuses + "/db?sslmode=disable",
		"name unknown":     "postgres://ann:" + secret + "@headgate.invalid/db",
		"unreadable":       "postgres://ann:" + secret + "@127.0.0.1:port/db",
		"as a host":        "postgres://ann:x@" + secret + ".invalid/db",
		"as a name":        "postgres://ann:x@" + refuses + "/" + secret + "?sslmode=disable",
		"as a user":        "postgres://" + secret + "@" + refuses + "/db?sslmode=disable",
		"with a slash":     "postgres://ann:12/" + secret + "@127.0.0.1:1/db",
		"no URL":           secret,
		"key and value":    "host=127.0.0.1 port=1 password=" + secret,
		"unknown keyword":  "postgres://127.0.0.1:1/db?sslmode=" + secret,
		"unreadable quote": "host='" + secret,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "url")
			if err := os.WriteFile(path, []byte(url+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			r := newRig(t, Place{File: path})
			_, err := r.Open(context.Background())
			said := []string{err.Error(), r.Status().Trouble, r.Status().Place}
			for _, entry := range r.logs.All() {
				text, err := zapcore.NewJSONEncoder(zapcore.EncoderConfig{MessageKey: "m"}).EncodeEntry(entry.Entry, entry.Context)
				if err != nil {
					t.Fatal(err)
				}
				said = append(said, text.String())
			}
			if !errors.Is(err, ErrUnavailable) || r.Status().Trouble == "" {
				t.Errorf("there is a database: %v", err)
			}
			if all := strings.Join(said, "\n"); strings.Contains(all, secret) || strings.Contains(all, "hunter2") {
				t.Errorf("the secret is said: %s", all)
			}
			t.Log(r.Status().Trouble)
		})
	}
}

// refusing is a server that refuses whoever connects, and quotes what it was sent.
func refusing(t *testing.T) (addr string) {
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = lis.Close() })
	go func() {
		for {
			c, err := lis.Accept()
			if err != nil {
				return
			}
			sent := make([]byte, 1024)
			n, _ := c.Read(sent)
			text := "SFATAL\x00C28P01\x00Mrefused: " + strings.ReplaceAll(string(sent[8:n]), "\x00", " ") + "\x00\x00"
			_, _ = c.Write(append([]byte{'E', 0, 0, byte((len(text) + 4) >> 8), byte(len(text) + 4)}, text...))
			_, _ = io.Copy(io.Discard, c)
			_ = c.Close()
		}
	}()
	return lis.Addr().String()
}
