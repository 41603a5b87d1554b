package client_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/headgate/headgate/policy/source"
	"github.com/headgate/headgate/xds/adminkey"
	"github.com/headgate/headgate/xds/console"
	"github.com/headgate/headgate/xds/console/adminkeys"
	"github.com/headgate/headgate/xds/console/client"
	"github.com/headgate/headgate/xds/console/consoletest"
	"github.com/headgate/headgate/xds/console/policies"
	"github.com/headgate/headgate/xds/key"
)

// keyed serves an API that takes the key in a file.
func keyed(t *testing.T) (addr, path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), adminkey.FileName)
	file, err := adminkey.OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	c := console.New(console.Options{Who: adminkeys.Who(adminkey.New(file, noKeys{}))})
	c.Mount(adminkeys.Prefix, adminkeys.Routes())
	c.Mount(policies.Prefix, policies.Routes(consoletest.New(t, first)))
	return strings.TrimPrefix(consoletest.Serve(t, c).URL, "http://"), path
}

// TestTheKeyOfThisMachineIsFound holds that a change gets through without a word about a key.
func TestTheKeyOfThisMachineIsFound(t *testing.T) {
	addr, path := keyed(t)
	c := client.New(addr, "")
	pushed := must(c.Push(t.Context(), source.Proposal{Files: files(second), Author: "ann", Reason: "less"}))(t)
	if current := must(c.Current(t.Context()))(t); current.Revision != pushed.Revision {
		t.Errorf("revision %s is in effect", current.Revision)
	}
	secret := must(adminkey.ReadFile(path))(t)
	must(client.New(addr, secret).Current(t.Context()))(t)
	_, err := client.New(addr, secret+"x").Current(t.Context())
	if !errors.Is(err, console.Unauthenticated) {
		t.Errorf("another key: %v", err)
	}
}

// TestAKeyThatCannotBeFoundIsReported holds that a command says which file it was.
func TestAKeyThatCannotBeFoundIsReported(t *testing.T) {
	addr, path := keyed(t)
	before := must(adminkey.ReadFile(path))(t)
	link := path + ".link"
	if err := os.Rename(path, link); err != nil {
		t.Fatal(err)
	}
	var missing *client.KeyError
	c := client.New(addr, "")
	if _, err := c.Current(t.Context()); !errors.As(err, &missing) || missing.File != "" || !errors.Is(err, console.Unauthenticated) {
		t.Errorf("without a file: %v", err)
	}
	if err := os.Rename(link, path); err != nil {
		t.Fatal(err)
	}
	must(c.Current(t.Context()))(t) // it is looked for again
	// The file that is named is not there, as in another container.
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = w.Write([]byte(`{"error": {"code": "unauthenticated", "message": "x"}, "admin_key": {"file": "/nowhere/admin.key", "proof": "x"}}`))
	}))
	defer elsewhere.Close()
	if _, err := client.New(elsewhere.Listener.Addr().String(), "").Current(t.Context()); !errors.As(err, &missing) || missing.File != "/nowhere/admin.key" || strings.Contains(err.Error(), before) {
		t.Errorf("a file elsewhere: %v", err)
	}
}

// TestTheKeyIsShownToItsOwnerAlone holds that what listens in the place of a control plane, and
// knows where the key of another is, is not shown it, even if it asks that other one.
func TestTheKeyIsShownToItsOwnerAlone(t *testing.T) {
	addr, path := keyed(t)
	secret := must(adminkey.ReadFile(path))(t)
	var shown []string
	stranger := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		shown = append(shown, r.Header.Get("Authorization"))
		passed, err := http.NewRequestWithContext(r.Context(), r.Method, "http://"+addr+r.URL.Path, nil)
		if err != nil {
			t.Error(err)
			return
		}
		passed.Header.Set(adminkey.ChallengeHeader, r.Header.Get(adminkey.ChallengeHeader))
		resp, err := http.DefaultClient.Do(passed)
		if err != nil {
			t.Error(err)
			return
		}
		defer resp.Body.Close()
		w.WriteHeader(resp.StatusCode)
		_, _ = io.Copy(w, resp.Body)
	}))
	defer stranger.Close()
	_, err := client.New(stranger.Listener.Addr().String(), "").Current(t.Context())
	if !errors.Is(err, adminkey.ErrUnproven) {
		t.Errorf("the stranger is believed: %v", err)
	}
	for _, header := range shown {
		if strings.Contains(header, secret) {
			t.Error("the key was shown")
		}
	}
}

// TestAnAPIWithoutKeysIsAsked holds that a control plane of a version before keys is.
func TestAnAPIWithoutKeysIsAsked(t *testing.T) {
	c := console.New(console.Options{Who: consoletest.Anyone})
	c.Mount(policies.Prefix, policies.Routes(consoletest.New(t, first)))
	must(client.New(strings.TrimPrefix(consoletest.Serve(t, c).URL, "http://"), "").Current(t.Context()))(t)
}

// noKeys is a database without keys.
type noKeys struct{}

func (noKeys) Find(string) *key.Key { return nil }

func (noKeys) Known() bool { return true }
