package policy

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// granting is a policy with a backend of a credential at an address, and more.
func granting(t *testing.T, url, credential, more string) *Set {
	t.Helper()
	set, err := Parse("p", fmt.Appendf(nil, "version: 1\nunpriced: flag\nbackends: {b: {provider: openai-compatible, url: %q, credential: %s}}\nmodels: {m: b/x}\n%s", url, credential, more))
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// TestWhatAPolicyMayRead holds that a reference is beyond what is granted unless it is the
// files', for the same use, or a grant covers it.
func TestWhatAPolicyMayRead(t *testing.T) {
	t.Parallel()
	const home = "https://home.example/v1"
	files := granting(t, home, "{env: HOME_KEY}", "callers: {ci: {key: {env: CI_KEY}}}\n")
	rows := []struct {
		name             string
		url, secret, doc string
		grants           string
		beyond           []string
	}{
		{"what the files use", home, "{env: HOME_KEY}", "", "", nil},
		{"another path of the host", "https://HOME.example:443/v2", "{env: HOME_KEY}", "", "", nil},
		{"elsewhere", "https://evil.example/v1", "{env: HOME_KEY}", "", "", []string{"env:HOME_KEY for https://evil.example"}},
		{"in clear", "http://home.example/v1", "{env: HOME_KEY}", "", "", []string{"env:HOME_KEY for http://home.example"}},
		{"another port", "https://home.example:8443/v1", "{env: HOME_KEY}", "", "", []string{"env:HOME_KEY for https://home.example:8443"}},
		{"another variable", home, "{env: PATH}", "", "", []string{"env:PATH for https://home.example"}},
		{"a file", home, "{file: /etc/shadow}", "", "", []string{"file:/etc/shadow for https://home.example"}},
		{"a caller's key as a credential", home, "{env: CI_KEY}", "", "", []string{"env:CI_KEY for https://home.example"}},
		{"a credential as a caller's key", home, "{env: HOME_KEY}", "callers: {x: {key: {env: HOME_KEY}}}", "", []string{"env:HOME_KEY for callers.key"}},
		{"another caller with the key", home, "{env: HOME_KEY}", "callers: {x: {key: {env: CI_KEY}}}", "", nil},
		{"a database", home, "{env: HOME_KEY}", "store: {sqlite: ../x.db}", "", []string{"file:../x.db for store.sqlite"}},
		{"all is granted", "https://evil.example/v1", "{file: /etc/shadow}", "", "all", nil},
		{"the variable is granted", home, "{env: X}", "", "env:Y env:X", nil},
		{"for there", home, "{env: X}", "", "env:X=https://home.example/", nil},
		{"for elsewhere only", home, "{env: X}", "", "env:X=https://away.example", []string{"env:X for https://home.example"}},
		{"the file is granted", home, "{file: /run/a}", "", "file:/run/a", nil},
		{"the folder is granted", home, "{file: /run/secrets/a}", "", "file:/run/secrets/", nil},
		{"out of the folder", home, "{file: /run/secrets/../a}", "", "file:/run/secrets/", []string{"file:/run/secrets/../a for https://home.example"}},
		{"a file of which the granted one is the beginning", home, "{file: /run/ab}", "", "file:/run/a", []string{"file:/run/ab for https://home.example"}},
		{"a variable of a granted file's name", home, "{env: a}", "", "file:/a", []string{"env:a for https://home.example"}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			grants, err := ParseGrants(strings.Fields(row.grants))
			if err != nil {
				t.Fatal(err)
			}
			var beyond []string
			for _, r := range grants.Beyond(granting(t, row.url, row.secret, row.doc), files) {
				beyond = append(beyond, r.String()+" for "+r.For)
				if fault := r.Fault(); !strings.Contains(fault.String(), r.String()) || !strings.Contains(fault.Hint, "--allow") || fault.Path == "" {
					t.Errorf("the fault does not say what is read, where, and which flag allows it: %s", fault)
				}
			}
			if diff := cmp.Diff(row.beyond, beyond); diff != "" {
				t.Errorf("beyond what is granted (-want +got):\n%s", diff)
			}
		})
	}
	if beyond := (Grants)(nil).Beyond(files, nil); len(beyond) != 2 {
		t.Errorf("without files and grants only %v are beyond", beyond)
	}
}

func TestGrantsThatMeanNothing(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "env:", "env:1A", "ENV:A", "file:", "file:a", "file:./a", "OPENAI_API_KEY", "all ", "env:A=https://", "env:A=https://h/path", "env:A=https://u@h", "env:A=http:h", "env:A=ftp://h"} {
		if g, err := ParseGrant(text); err == nil {
			t.Errorf("%q is %+v", text, g)
		}
	}
	for _, text := range []string{"env:A", "file:/a=b", "file:/a/=https://h:8443", "all"} {
		if g, err := ParseGrant(text); err != nil || g.String() != text {
			t.Errorf("%q: %v", text, err)
		}
	}
}
