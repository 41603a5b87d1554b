package main

import (
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/headgate/headgate/xds/adminkey"
	"github.com/headgate/headgate/xds/console"
	"github.com/headgate/headgate/xds/console/adminkeys"
	"github.com/headgate/headgate/xds/console/policies"
	"github.com/headgate/headgate/xds/key"
)

// TestWhichAdminKeyIsShown holds that a file that is named comes before the environment, and
// that before the control plane's own, which is found without a word.
func TestWhichAdminKeyIsShown(t *testing.T) {
	r := newAdminRig(t)
	file, err := adminkey.OpenFile(filepath.Join(r.folder, adminkey.FileName))
	if err != nil {
		t.Fatal(err)
	}
	secret, err := adminkey.ReadFile(file.Path())
	if err != nil {
		t.Fatal(err)
	}
	api := console.New(console.Options{Who: adminkeys.Who(adminkey.New(file, noKeys{}))})
	api.Mount(adminkeys.Prefix, adminkeys.Routes())
	api.Mount(policies.Prefix, policies.Routes(r.policies))
	s := httptest.NewServer(api)
	t.Cleanup(s.Close)
	r.addr = s.Listener.Addr().String()
	right, wrong, empty := r.write("right", secret+"\n"), r.write("wrong", "hga_local_wrong\n"), r.write("empty", "\n")
	for name, row := range map[string]struct {
		env, envFile, flag string
		says               string // empty: it is done
	}{
		"none":                       {},
		"in the environment":         {env: secret},
		"a wrong one":                {env: "hga_x_y", says: "unknown, was revoked or has expired; it is that of HEADGATE_ADMIN_KEY\n"},
		"a file of the environment":  {env: "hga_x_y", envFile: right},
		"a wrong file":               {env: secret, envFile: wrong, says: "has expired; it is that of DIR/wrong\n"},
		"a file of the command line": {envFile: wrong, flag: right},
		"an empty file":              {flag: empty, says: "is empty"},
		"a file that is not there":   {flag: empty + "x", says: "no such file"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("HEADGATE_ADMIN_KEY", row.env)
			t.Setenv("HEADGATE_ADMIN_KEY_FILE", row.envFile)
			line := []string{"policy", "show"}
			if row.flag != "" {
				line = append(line, "--admin-key-file", row.flag)
			}
			got := r.run(line...)
			if (got.code == 0) != (row.says == "") || !strings.Contains(got.err, row.says) || got.code != 0 && got.code != exitUsage {
				t.Errorf("%+v", got)
			}
			if strings.Contains(got.err+got.out, secret) {
				t.Error("it prints the key")
			}
		})
	}
	if err := os.Remove(file.Path()); err != nil {
		t.Fatal(err)
	}
	if got := r.run("policy", "show"); got.code != exitUsage || !strings.Contains(got.err, "--admin-key-file") {
		t.Errorf("without a key: %+v", got)
	}
}

// noKeys is a database without keys.
type noKeys struct{}

func (noKeys) Find(string) *key.Key { return nil }

func (noKeys) Known() bool { return true }
