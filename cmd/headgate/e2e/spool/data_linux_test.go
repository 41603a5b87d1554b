package spool

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/extproc/record"
)

// kept is a gateway whose folders are on a disk of their own, with what its processes say.
type kept struct {
	*gatewaytest.Gateway
	write func(policy string) // of the file
	log   func() string
	ready func() string // what /readyz says
}

// gateways are the ways to run one with its folders below another one.
var gateways = map[string]func(t *testing.T, policy, folder string) kept{
	"run": func(t *testing.T, policy, folder string) kept {
		g := gatewaytest.Start(t, policy, gatewaytest.Options{Env: []string{gatewaytest.BackendKeyName + "=" + gatewaytest.BackendKey}, Args: []string{"--data", folder}})
		g.Data = folder
		listen := "listen: " + strings.TrimPrefix(g.URL, "http://") + "\n"
		return kept{g, func(policy string) { g.Write(listen + policy) }, g.Log, func() string { _, text := g.Readyz(); return text }}
	},
	"a control plane and a pair": func(t *testing.T, policy, folder string) kept {
		f := gatewaytest.StartFleet(t, gatewaytest.FleetOptions{Policy: policy, Env: []string{gatewaytest.BackendKeyName + "=" + gatewaytest.BackendKey},
			XDSArgs: []string{"--state", filepath.Join(folder, "xds")}, PairArgs: []string{"--state", filepath.Join(folder, "pair"), "--access-log", filepath.Join(folder, "access.jsonl")}})
		p, x := f.Pairs[0], f.XDS[0]
		p.Data = folder
		return kept{&p.Gateway, f.Write, func() string { return x.Log() + p.Log() }, func() string {
			_, of := x.Readyz()
			_, text := p.Readyz()
			return of + text
		}}
	},
}

// TestAFullDataFolder holds that a gateway serves on while the disk of all of its folders is full,
// says so once in the log and in /readyz, and that what there was no room for is written once there
// is: access records, rows of the journal, and a policy whose file was changed meanwhile.
func TestAFullDataFolder(t *testing.T) {
	t.Parallel()
	for name, start := range gateways {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			if err := unix.Mount("tmpfs", folder, "tmpfs", 0, "size=40m"); err != nil {
				t.Skipf("mounting takes privileges: %v", err)
			}
			t.Cleanup(func() { _ = unix.Unmount(folder, unix.MNT_DETACH) })
			p := gatewaytest.Simulate(t, gatewaytest.Keyless)
			g := start(t, gatewaytest.PolicyFor(p, ""), folder)
			filler := fillDisk(t, folder)
			g.write(gatewaytest.PolicyFor(p, "  later: sim/plain\n"))
			var asked []string
			for range 30 {
				a := g.Chat(gatewaytest.ChatBody("plain", "", false), "")
				if a.Status != 200 {
					t.Fatalf("on a full disk: status %d: %s", a.Status, a.Body)
				}
				asked = append(asked, a.Header.Get(record.ExchangeHeader))
			}
			for _, what := range []string{"the access log has no room: ", "no space left on device", "disk is full"} {
				g.Eventually(what, func() bool { return strings.Contains(g.ready(), what) })
			}
			g.Eventually("the refusal of the policy", func() bool { return strings.Contains(g.ready(), "recording revision ") })
			if err := os.Remove(filler); err != nil {
				t.Fatal(err)
			}
			g.Eventually("the policy of the file", func() bool { return g.Chat(gatewaytest.ChatBody("later", "", false), "").Status == 200 })
			g.Eventually("nothing is wrong", func() bool {
				text := g.ready()
				return !strings.Contains(text, "no space") && !strings.Contains(text, "full") && !strings.Contains(text, "refused")
			})
			for _, exchange := range asked {
				g.Row(exchange)
			}
			if n := g.Metric("headgate_access_records_lost_total"); n != 0 {
				t.Errorf("%g access records are lost", n)
			}
			if n := g.Metric(`headgate_spool_lost_total{kind="closed"}`); n != 0 {
				t.Errorf("%g rows are lost", n)
			}
			for _, once := range []string{"access records wait for room", "the database cannot be used", "policy refused; "} {
				if n := strings.Count(g.log(), once); n != 1 {
					t.Errorf("the log says %q %d times", once, n)
				}
			}
		})
	}
}

// fillDisk fills the disk of a folder with a file.
func fillDisk(t *testing.T, folder string) (filler string) {
	t.Helper()
	filler = filepath.Join(folder, "filler")
	f, err := os.Create(filler)
	if err != nil {
		t.Fatal(err)
	}
	for size := 1 << 20; size > 0; {
		n, err := f.Write(make([]byte, size))
		if errors.Is(err, unix.ENOSPC) && n == 0 {
			size /= 2
		} else if err != nil && !errors.Is(err, unix.ENOSPC) {
			t.Fatal(err)
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return filler
}
