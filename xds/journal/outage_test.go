package journal

import (
	"context"
	"errors"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/headgate/headgate/policy/policypb"
	"github.com/headgate/headgate/xds/store"
	"github.com/headgate/headgate/xds/store/storetest"
)

// following makes a journal in the database of a place.
func following(t *testing.T, p store.Place) (*Journal, *store.Database) {
	t.Helper()
	d := store.New(prometheus.NewRegistry(), zap.NewNop())
	d.Follow(p)
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return New(d, prometheus.NewRegistry(), zap.NewNop()), d
}

// place is that of a server's database.
func place(t *testing.T, s *storetest.Server) store.Place {
	t.Setenv("HEADGATE_TEST_URL", s.URL("postgres"))
	return store.Place{Env: "HEADGATE_TEST_URL"}
}

// insist writes until it is taken.
func insist(t *testing.T, j *Journal, rows []*policypb.Row) {
	var err error
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if err = j.Write(context.Background(), rows); err == nil {
			return
		}
	}
	t.Error("the rows were not taken within a minute:", err)
}

func open(t *testing.T, d *store.Database) *store.Store {
	t.Helper()
	s, err := d.Open(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestServerDiesUnderWrites holds that a server that dies and comes back, time and again, costs
// no row and doubles none.
func TestServerDiesUnderWrites(t *testing.T) {
	server := storetest.StartServer(t)
	j, d := following(t, place(t, server))
	r := rand.New(rand.NewPCG(3, 0))
	rows := make([]*policypb.Row, 1500)
	for i := range rows {
		rows[i] = exchange(noon, []string{"ann", "eve"}[i%2], r.Int64N(1e6))
	}
	var writing sync.WaitGroup
	done := make(chan struct{})
	for i := range 3 {
		writing.Go(func() {
			for share := rows[i*500:][:500]; len(share) > 0; share = share[10:] {
				insist(t, j, share[:10])
			}
		})
	}
	go func() {
		defer close(done)
		writing.Wait()
	}()
	deaths := 0
	for alive := true; alive; {
		select {
		case <-done:
			alive = false
		case <-time.After(150 * time.Millisecond):
			if deaths++; deaths%2 == 0 {
				server.Stop()
			} else {
				server.Kill()
			}
			server.Start(t)
		}
	}
	holds(t, open(t, d), rows)
}

// TestServerThatHangsIsAway holds that a write to a server that does not answer ends with its
// time, and is not taken twice once the server goes on.
func TestServerThatHangsIsAway(t *testing.T) {
	server := storetest.StartServer(t)
	j, d := following(t, place(t, server))
	rows := []*policypb.Row{exchange(noon, "ann", 1)}
	insist(t, j, rows)
	server.Freeze()
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	rows = append(rows, exchange(noon, "ann", 2))
	if err := j.Write(ctx, rows); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a server that hangs: %v", err)
	}
	server.Thaw()
	insist(t, j, rows)
	holds(t, open(t, d), rows)
}

// TestFullDisk holds that rows are taken again once there is room, and that the status says
// what is wrong until then.
func TestFullDisk(t *testing.T) {
	large := make([]*policypb.Row, 30)
	r := rand.New(rand.NewPCG(5, 0))
	for i := range large {
		large[i] = exchange(noon, "ann", 1)
		large[i].Detail = randomText(r, 1<<20)
	}
	t.Run("SQLite", func(t *testing.T) {
		j, d := following(t, store.Place{SQLite: filepath.Join(t.TempDir(), "headgate.db")})
		limit(t, open(t, d), "2000")
		full(t, j, d, large)
		limit(t, open(t, d), "1000000")
		insist(t, j, large)
		holds(t, open(t, d), large)
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		server := storetest.StartServer(t)
		server.Stop()
		server.MaxFile = 17 << 20 // those of its log are shorter
		server.Start(t)
		j, d := following(t, place(t, server))
		full(t, j, d, large)
		server.Stop()
		server.MaxFile = 0
		server.Start(t)
		insist(t, j, large)
		holds(t, open(t, d), large)
	})
}

// limit bounds the pages of SQLite's file.
func limit(t *testing.T, s *store.Store, pages string) {
	t.Helper()
	if _, err := s.Write.ExecContext(context.Background(), "PRAGMA max_page_count = "+pages); err != nil {
		t.Fatal(err)
	}
}

// full writes rows that there is no room for.
func full(t *testing.T, j *Journal, d *store.Database, rows []*policypb.Row) {
	t.Helper()
	err := j.Write(context.Background(), rows)
	if err == nil || d.Status().Trouble == "" {
		t.Errorf("there was room: %v, %+v", err, d.Status())
	}
	if err := j.Write(context.Background(), nil); err != nil || d.Status().Trouble == "" {
		t.Errorf("after nothing was written: %v, %+v", err, d.Status())
	}
	t.Log(d.Status().Trouble)
}

func randomText(r *rand.Rand, n int) string {
	var b strings.Builder
	for b.Len() < n {
		b.WriteByte(byte('0' + r.IntN(74)))
	}
	return b.String()
}
