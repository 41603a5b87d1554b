package envoy_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/headgate/headgate/envoy"
)

// fake writes an envoy that says a version, or nothing of use, into a folder.
func fake(t *testing.T, dir, version string) string {
	t.Helper()
	if err := os.MkdirAll(dir, 0o750); err != nil {
		t.Fatal(err)
	}
	script := "#!/bin/sh\nexit 1\n"
	if version != "" {
		script = fmt.Sprintf("#!/bin/sh\necho\necho \"$0  version: 9e55809/%s/Clean/RELEASE/BoringSSL\"\n", version)
	}
	path := filepath.Join(dir, "envoy")
	if err := os.WriteFile(path, []byte(script), 0o700); err != nil { //nolint:gosec // it is to be run
		t.Fatal(err)
	}
	return path
}

// TestFind holds the order in which an Envoy is looked for, and that what was
// found and is no use is named.
func TestFind(t *testing.T) {
	const none = "-"
	for _, c := range []struct {
		name                 string
		named, path, fetched string // versions; none: there is no such binary; empty: a broken one
		want                 string // which one
		version              string
		err                  []string
	}{
		{name: "the named one goes first", named: "1.39.0", path: "1.41.0", fetched: "1.40.0", want: "named", version: "1.39.0"},
		{name: "a development version", named: "1.41.0-dev", path: none, fetched: none, want: "named", version: "1.41.0"},
		{name: "a far one", named: "2.0.1", path: none, fetched: none, want: "named", version: "2.0.1"},
		{name: "the named one is too old", named: "1.38.9", path: "1.41.0", fetched: "1.40.0", err: []string{"HEADGATE_ENVOY", "named", "1.38.9", "1.39"}},
		{name: "the named one is broken", named: "", path: "1.41.0", fetched: "1.40.0", err: []string{"HEADGATE_ENVOY", "named"}},
		{name: "PATH before the fetched one", named: none, path: "1.39.1", fetched: "1.40.0", want: "path", version: "1.39.1"},
		{name: "the fetched one where PATH's is too old", named: none, path: "1.9.0", fetched: "1.40.0", want: "fetched", version: "1.40.0"},
		{name: "the fetched one alone", named: none, path: none, fetched: "1.40.0", want: "fetched", version: "1.40.0"},
		{name: "too old alone", named: none, path: "1.38.0", fetched: none, err: []string{"1.38.0", "make envoy", "HEADGATE_ENVOY"}},
		{name: "broken alone", named: none, path: "", fetched: none, err: []string{"exit status 1", "make envoy"}},
		{name: "the fetched one is broken", named: none, path: none, fetched: "", err: []string{"the fetched one does not run", "exit status 1", "make envoy"}},
		{name: "none at all", named: none, path: none, fetched: none, err: []string{"no Envoy 1.39 or later on PATH or in /", "make envoy"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			tools := filepath.Join(dir, "tools")
			paths := map[string]string{}
			for where, version := range map[string]string{"named": c.named, "path": c.path, "fetched": c.fetched} {
				folder := filepath.Join(dir, where)
				if where == "fetched" {
					folder = filepath.Join(tools, "envoy-"+envoy.Version)
				}
				if version != none {
					paths[where] = fake(t, folder, version)
				}
			}
			t.Setenv("PATH", filepath.Join(dir, "path"))
			path, version, err := envoy.Find(t.Context(), func(string) string { return paths["named"] }, tools)
			for _, part := range c.err {
				if err == nil || !strings.Contains(err.Error(), part) {
					t.Errorf("error %v, want it to say %q", err, part)
				}
			}
			if c.err == nil && (err != nil || path != paths[c.want] || version != c.version) {
				t.Errorf("found %s %s, %v; want %s %s", path, version, err, paths[c.want], c.version)
			}
		})
	}
}

// TestRoots holds that the file that is named is taken or refused, never passed over.
func TestRoots(t *testing.T) {
	dir := t.TempDir()
	bundle, empty := filepath.Join(dir, "bundle"), filepath.Join(dir, "empty")
	for file, text := range map[string]string{bundle: "x", empty: ""} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		name, named, want, err string
	}{
		{"named", bundle, bundle, ""},
		{"named and missing", filepath.Join(dir, "no"), "", "SSL_CERT_FILE"},
		{"named and empty", empty, "", "SSL_CERT_FILE"},
		{"named and a folder", dir, "", "SSL_CERT_FILE"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := envoy.Roots(func(string) string { return c.named })
			if got != c.want || (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
				t.Errorf("%q, %v; want %q, %q", got, err, c.want, c.err)
			}
		})
	}
}
