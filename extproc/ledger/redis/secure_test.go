package redis_test

import (
	"os"
	"strings"
	"testing"

	"github.com/headgate/headgate/extproc/ledger/redis"
	"github.com/headgate/headgate/extproc/ledger/redis/redistest"
	connect "github.com/headgate/headgate/extproc/redis"
)

// secret is the password of the user "gateway".
const secret = "p/ss:w@rd"

// documented are the rights that the README names.
func documented(t *testing.T, cluster bool) (all []any) {
	t.Helper()
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, sentence, _ := strings.Cut(string(readme), "A user with ")
	quoted := strings.Split(sentence, "`")
	named := quoted[1]
	if cluster {
		named += " " + quoted[3]
	}
	for _, right := range strings.Fields(named) {
		all = append(all, right)
	}
	return all
}

// lock leaves a server to the user "gateway" alone, who has keys of any prefix.
func lock(t *testing.T, s *redistest.Server, cluster bool) {
	t.Helper()
	user := append([]any{"ACL", "SETUSER", "gateway", "reset", "on", ">" + secret}, documented(t, cluster)...)
	user = append(user, "~*")
	for _, command := range [][]any{user, {"ACL", "SETUSER", "default", "off"}} {
		if err := s.Client().Do(t.Context(), command...).Err(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestRedisOverTLS holds the contract with a user of few rights over TLS.
func TestRedisOverTLS(t *testing.T) {
	s, addr := redistest.StartSecure(t)
	lock(t, s, false)
	overTLS(t, addr, false)
}

// TestClusterOverTLS holds the same of a cluster.
func TestClusterOverTLS(t *testing.T) {
	c, addr := redistest.StartSecureCluster(t)
	for _, n := range c.Nodes {
		lock(t, n, true)
	}
	overTLS(t, addr, true)
}

func overTLS(t *testing.T, addr string, cluster bool) {
	t.Helper()
	client, err := connect.Open("rediss://gateway:p%2Fss%3Aw%40rd@"+addr, cluster)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	suite(t, client)
	for what, url := range map[string]string{
		"another password": "rediss://gateway:other@" + addr,
		"another name":     "rediss://gateway:p%2Fss%3Aw%40rd@" + strings.Replace(addr, "localhost", "127.0.0.1", 1),
	} {
		t.Run(what, func(t *testing.T) {
			client, err := connect.Open(url, cluster)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = client.Close() }()
			if err := redis.New(client, "t:", nil).Probe(t.Context()); connect.ReasonOf(err) != connect.ReasonDenied {
				t.Errorf("reason %q: %v", connect.ReasonOf(err), err)
			}
		})
	}
}
