package store_test

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/headgate/headgate/xds/store"
	"github.com/headgate/headgate/xds/store/storetest"
)

// onBoth runs a test at an empty place of each kind.
func onBoth(t *testing.T, test func(*testing.T, store.Place)) {
	t.Run("sqlite", func(t *testing.T) { test(t, store.Place{SQLite: filepath.Join(t.TempDir(), "headgate.db")}) })
	t.Run("postgres", func(t *testing.T) {
		t.Setenv("HEADGATE_TEST_URL", storetest.PostgresURL(t))
		test(t, store.Place{Env: "HEADGATE_TEST_URL"})
	})
}

func unmigrated(t *testing.T, p store.Place) (*store.Store, fstest.MapFS) {
	t.Helper()
	s, err := p.Unmigrated(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	files, err := s.Migrations()
	if err != nil {
		t.Fatal(err)
	}
	all := fstest.MapFS{}
	err = fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(files, name)
		all[name] = &fstest.MapFile{Data: data}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return s, all
}

// written has what a version writes in testdata written, with an id in it: what each file up to
// its own says.
func written(t *testing.T, s *store.Store, kind, version, id string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", kind, "*.sql"))
	if err != nil {
		t.Fatal(err)
	}
	last := filepath.Join("testdata", kind, version+".sql")
	if !slices.Contains(files, last) {
		t.Fatalf("each version needs a file of what it writes: %s", last)
	}
	for _, file := range files[:slices.Index(files, last)+1] {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for statement := range strings.SplitSeq(strings.ReplaceAll(string(text), "EXCHANGE", id), ";\n") {
			if strings.TrimSpace(statement) == "" {
				continue
			}
			if _, err := s.Write.ExecContext(context.Background(), statement); err != nil {
				t.Fatalf("%s: %s: %v\n%s", file, id, err, statement)
			}
		}
	}
}

func count(t *testing.T, s *store.Store, what string) (n int) {
	t.Helper()
	if err := s.Read.QueryRowContext(context.Background(), "SELECT COUNT(*) FROM "+what).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// TestEachSchemaIsMigratedWithWhatIsInIt holds that a database of each version keeps what is in
// it, and that the program of that version goes on to write after the migration.
func TestEachSchemaIsMigratedWithWhatIsInIt(t *testing.T) {
	onBoth(t, func(t *testing.T, p store.Place) {
		s, files := unmigrated(t, p)
		versions, err := fs.Glob(files, "*.sql")
		if err != nil {
			t.Fatal(err)
		}
		// One more, as a later version may bring it: the newest one here is an earlier one then.
		files["99999_later.sql"] = &fstest.MapFile{Data: []byte("-- +goose Up\nALTER TABLE journal ADD COLUMN later TEXT NOT NULL DEFAULT '';\nCREATE TABLE later (a INTEGER);\n")}
		rows := 0
		for i, name := range versions {
			version, _, _ := strings.Cut(name, "_")
			if err := s.MigrateTo(context.Background(), files, int64(i+1)); err != nil {
				t.Fatal(err)
			}
			written(t, s, p.Kind(), version, "before"+version)
			rows++
		}
		if err := s.MigrateTo(context.Background(), files, 0); err != nil {
			t.Fatal(err)
		}
		if n := count(t, s, "journal"); n != rows {
			t.Errorf("%d of %d rows are left", n, rows)
		}
		for _, name := range versions {
			version, _, _ := strings.Cut(name, "_")
			written(t, s, p.Kind(), version, "after"+version)
		}
		if n, rollups := count(t, s, "journal WHERE cost = 3150000 AND later = ''"), count(t, s, "rollup"); n != 2*rows || rollups != 2*rows {
			t.Errorf("%d rows and %d rollups, want %d", n, rollups, 2*rows)
		}
	})
}

// TestAnEarlierVersionOpensALaterSchema holds that a control plane that is started again while
// others are upgraded works.
func TestAnEarlierVersionOpensALaterSchema(t *testing.T) {
	onBoth(t, func(t *testing.T, p store.Place) {
		s, files := unmigrated(t, p)
		files["99999_later.sql"] = &fstest.MapFile{Data: []byte("-- +goose Up\nCREATE TABLE later (a INTEGER);\n")}
		if err := s.MigrateTo(context.Background(), files, 0); err != nil {
			t.Fatal(err)
		}
		earlier, own := unmigrated(t, p)
		if err := earlier.MigrateTo(context.Background(), own, 0); err != nil {
			t.Fatal(err)
		}
		written(t, earlier, p.Kind(), "00001", "a")
	})
}

// TestSeveralControlPlanesMigrateAtOnce holds that each of them finds a schema.
func TestSeveralControlPlanesMigrateAtOnce(t *testing.T) {
	url := storetest.PostgresURL(t)
	var opening sync.WaitGroup
	for range 4 {
		opening.Go(func() {
			s, err := store.OpenPostgres(context.Background(), url)
			if err != nil {
				t.Error(err)
				return
			}
			_ = s.Close()
		})
	}
	opening.Wait()
}

// takesAway are statements after which the version before could not write.
var takesAway = regexp.MustCompile(`(?i)goose Down|\b(DROP|RENAME)\b|SET NOT NULL|NOT NULL(\s*--|\s*[,;)])`)

// tables are statements that make one, which the version before does not write to.
var tables = regexp.MustCompile(`(?s)CREATE TABLE .*?\n\)[^;]*;`)

// TestMigrationsTakeNothingAway holds so of tables that were there before.
func TestMigrationsTakeNothingAway(t *testing.T) {
	onBoth(t, func(t *testing.T, p store.Place) {
		_, files := unmigrated(t, p)
		for name, f := range files {
			text := tables.ReplaceAllString(string(f.Data), "")
			if found := takesAway.FindString(text); found != "" {
				t.Errorf("%s: %q: the version before must go on to write", name, found)
			}
		}
		if takesAway.FindString("ALTER TABLE a ADD COLUMN b TEXT NOT NULL;") == "" || takesAway.FindString("ADD COLUMN b TEXT NOT NULL DEFAULT ''") != "" {
			t.Error("the rule does not see a column without a default")
		}
	})
}
