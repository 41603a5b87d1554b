package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/extproc/provider/credential"
	"github.com/headgate/headgate/policy/source"
)

// inEnvironment names credentials of all kinds in several files. In its environment some
// are set, some are empty and some are of no use.
func inEnvironment(t *testing.T) (folder string) {
	t.Helper()
	t.Setenv("CHECK_SET", "hunter2")
	t.Setenv("CHECK_EMPTY", "")
	t.Setenv("CHECK_BLANKS", "hunter2 hunter2")
	t.Setenv("CHECK_LINES", "hunter2\r\nx: y")
	folder = t.TempDir()
	for name, text := range map[string]string{
		"secret": "hunter2\n", "empty": "\n", "blanks": "hunter2 hunter2",
		"p/a.yaml": "version: 1\nunpriced: flag\nbackends:\n" +
			"  good: {provider: openai, credential: {env: CHECK_SET}}\n" +
			"  none: {provider: openai, credential: {env: CHECK_NONE}}\n" +
			"  rotation.1: {provider: openai, credential: [{env: CHECK_SET}, {env: CHECK_EMPTY}]}\n" +
			"  keyless: {provider: openai-compatible, url: \"http://127.0.0.1:1/v1\"}\n" +
			"models: {m: good/m}\n",
		"p/b.yaml": "version: 1\nbackends:\n" +
			"  blanks: {provider: openai, credential: {env: CHECK_BLANKS}, without_credential: simulate}\n" +
			"  good-file: {provider: openai, credential: {file: DIR/secret}}\n" +
			"  no-file: {provider: openai, credential: {file: DIR/none}}\n" +
			"  empty-file:\n    provider: openai\n    credential:\n      - {file: DIR/empty}\n      - file: DIR/secret/under-a-file\n" +
			"  folder: {provider: openai, credential: {file: DIR/p}}\n" +
			"  blanks-file: {provider: openai, credential: {file: DIR/blanks}}\n" +
			"  headers:\n    provider: openai\n    credential: {env: CHECK_SET}\n    organization: {env: CHECK_NONE}\n    project: {file: DIR/none}\n" +
			"    headers: {x-text: a, x-set: {env: CHECK_BLANKS}, X-None: {env: CHECK_EMPTY}, x-lines: {env: CHECK_LINES}}\n",
		"simulated.yaml": "version: 1\nunpriced: flag\nbackends:\n" +
			"  one: {provider: openai, credential: {env: CHECK_NONE}, without_credential: simulate}\n" +
			"  two: {provider: openai, credential: [{env: CHECK_EMPTY}, {file: DIR/secret}], without_credential: simulate}\n" +
			"  three: {provider: openai, credential: {env: CHECK_SET}, headers: {x-a: {env: CHECK_NONE}}, without_credential: simulate}\n" +
			"models: {m: {chain: [one/m, two/m, three/m]}}\n",
	} {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(strings.ReplaceAll(text, "DIR", folder)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

// TestCheckFindsCredentials holds that check --env finds every credential that the gateway
// could not use, by file, line and path, all at once, and shows no secret.
func TestCheckFindsCredentials(t *testing.T) {
	folder := inEnvironment(t)
	at := func(text string) string { return strings.ReplaceAll(text, "DIR", folder) }
	code, got := ended(t, []string{"check", "--env", folder + "/p"})
	want := at(`DIR/p/a.yaml:5:40 backends.none.credential: environment variable CHECK_NONE: credential is not set: it is missing or empty; set it, or say without_credential: simulate
DIR/p/a.yaml:6:65 backends["rotation.1"].credential[1]: environment variable CHECK_EMPTY: credential is not set: it is missing or empty; set it, or say without_credential: simulate
DIR/p/b.yaml:3:42 backends.blanks.credential: environment variable CHECK_BLANKS: credential holds blanks, line ends or other characters that a header cannot carry
DIR/p/b.yaml:5:43 backends.no-file.credential: file DIR/none: credential is not set: it does not exist; set it, or say without_credential: simulate
DIR/p/b.yaml:9:9 backends.empty-file.credential[0]: file DIR/empty: credential is not set: it is missing or empty; set it, or say without_credential: simulate
DIR/p/b.yaml:10:9 backends.empty-file.credential[1]: credential: open DIR/secret/under-a-file: not a directory
DIR/p/b.yaml:11:42 backends.folder.credential: file DIR/p: not a regular file
DIR/p/b.yaml:12:47 backends.blanks-file.credential: file DIR/blanks: credential holds blanks, line ends or other characters that a header cannot carry
DIR/p/b.yaml:16:19 backends.headers.organization: environment variable CHECK_NONE: credential is not set: it is missing or empty; set it, or say without_credential: simulate
DIR/p/b.yaml:17:14 backends.headers.project: file DIR/none: credential is not set: it does not exist; set it, or say without_credential: simulate
DIR/p/b.yaml:18:62 backends.headers.headers.X-None: environment variable CHECK_EMPTY: credential is not set: it is missing or empty; set it, or say without_credential: simulate
DIR/p/b.yaml:18:91 backends.headers.headers.x-lines: environment variable CHECK_LINES: credential holds blanks at an end, line ends or other characters that a header cannot carry
headgate: DIR/p: 12 faults
`)
	if diff := cmp.Diff(want, got); diff != "" || code != exitFault {
		t.Errorf("exit code %d, differs (-want +got):\n%s", code, diff)
	}
	if strings.Contains(got, "hunter2") {
		t.Error("shows a secret")
	}
	set, err := source.Load(folder + "/p")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := credential.New(set, os.LookupEnv, time.Now); err == nil || strings.Count(err.Error(), "\n") != strings.Count(want, "\n")-2 {
		t.Errorf("the gateway would say: %v", err)
	}
	if code, got := ended(t, []string{"check", folder + "/p", "-q"}); code != 0 {
		t.Errorf("without --env: exit code %d, %s", code, got)
	}
	code, got = ended(t, []string{"check", "--env", "-o", "json", folder + "/p"})
	if code != exitFault || !strings.Contains(got, `"valid": false`) || !strings.Contains(got, `"path": "backends.no-file.credential"`) || strings.Contains(got, "hunter2") {
		t.Errorf("exit code %d, JSON %s", code, got)
	}
}

// TestCheckFindsTheDatabase holds that check --env finds that a control plane could not open its
// database, and shows no URL.
func TestCheckFindsTheDatabase(t *testing.T) {
	t.Setenv("CHECK_DATABASE", "postgres://headgate:hunter2@localhost/headgate")
	t.Setenv("CHECK_WRONG", "postgres://headgate:hunter2@localhost:port/headgate")
	path := filepath.Join(t.TempDir(), "policy.yaml")
	for variable, want := range map[string]string{
		"CHECK_DATABASE": path + ": valid, revision 265b8b527f7c: 0 models, 0 backends\n",
		"CHECK_NONE":     path + ":2:19 store.postgres: environment variable CHECK_NONE is not set\nheadgate: " + path + ": 1 fault\n",
		"CHECK_WRONG":    path + ":2:19 store.postgres: what should be the database's URL cannot be read; it looks like postgres://user:password@host:5432/name\nheadgate: " + path + ": 1 fault\n",
	} {
		if err := os.WriteFile(path, []byte("version: 1\nstore: {postgres: {env: "+variable+"}}\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		code, got := ended(t, []string{"check", "--env", "-q", path})
		if got != want || (code == 0) != (variable == "CHECK_DATABASE") {
			t.Errorf("%s: exit code %d, %q, want %q", variable, code, got, want)
		}
	}
}

// TestCheckNotesWhatIsSimulated holds that a credential which the gateway does without is a
// note, with its place, and no fault.
func TestCheckNotesWhatIsSimulated(t *testing.T) {
	path := inEnvironment(t) + "/simulated.yaml"
	code, got := ended(t, []string{"check", "--env", path})
	for _, line := range []string{
		path + ":4:39: note backends.one.credential: environment variable CHECK_NONE: credential is not set: it is missing or empty, so that the simulated provider answers in the place of the backend\n",
		path + ":5:40: note backends.two.credential[0]: environment variable CHECK_EMPTY: credential is not set: it is missing or empty, so that the backend has the other one alone\n",
		path + ":6:74: note backends.three.headers.x-a: environment variable CHECK_NONE: credential is not set: it is missing or empty, so that the simulated provider answers in the place of the backend\n",
	} {
		if !strings.Contains(got, line) {
			t.Errorf("lacks %s\n%s", line, got)
		}
	}
	if code != 0 || strings.Contains(got, "hunter2") {
		t.Errorf("exit code %d", code)
	}
	if lines := strings.Split(strings.TrimSpace(got), "\n"); !strings.Contains(lines[len(lines)-1], ": warning ") {
		t.Errorf("the warnings are not last: %s", got)
	}
	code, got = ended(t, []string{"check", "--env", "-o", "json", path})
	if code != 0 || !strings.Contains(got, `"valid": true`) || !strings.Contains(got, `"code": "simulated"`) || !strings.Contains(got, `"line": 4`) {
		t.Errorf("exit code %d, JSON %s", code, got)
	}
	if _, without := ended(t, []string{"check", path}); strings.Contains(without, "credential") {
		t.Errorf("without --env: %s", without)
	}
}

// TestCheckFindsRedis holds that check --env finds a URL of Redis that is of no use, shows none,
// and does not take it for the database's.
func TestCheckFindsRedis(t *testing.T) {
	path := filepath.Join(t.TempDir(), "policy.yaml")
	t.Setenv("CHECK_BAD", "redis:hunter2@host")
	t.Setenv("CHECK_GOOD", "rediss://user:hunter2@host:6380/1")
	for text, want := range map[string]string{
		"{url: {env: CHECK_NONE}}":                "redis.url: environment variable CHECK_NONE is not set: it holds the URL of Redis",
		"{url: {env: CHECK_BAD}}":                 "redis.url: what CHECK_BAD holds is not a URL of Redis",
		"{url: {env: CHECK_GOOD}, cluster: true}": "redis.url: what CHECK_GOOD holds names a database by its number",
		"{url: {file: /nowhere/url}}":             "redis.url: the URL of Redis: open /nowhere/url: no such file or directory",
		"{url: {env: CHECK_GOOD}}":                "",
	} {
		if err := os.WriteFile(path, []byte("version: 1\nredis: "+text+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		code, got := ended(t, []string{"check", "--env", path})
		if (code == exitFault) != (want != "") || !strings.Contains(got, want) || strings.Contains(got, "hunter2") {
			t.Errorf("%s: exit code %d, %s", text, code, got)
		}
	}
}

// TestCheckFindsKeys holds that check --env finds every caller's key that a pair could not use, by
// file, line and path, all at once, and shows none.
func TestCheckFindsKeys(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "policy.yaml")
	at := func(text string) string { return strings.ReplaceAll(text, "DIR", folder) }
	const good, hash = "hunter2-hunter2-1", "ea0b51d89cc6e3d5dbefe4a5f3ca4fbd4a1bcb2a1b4d3ff3ac9a2bb23d4d7b6f"
	t.Setenv("CHECK_GOOD", good)
	t.Setenv("CHECK_SHORT", "hunter2")
	t.Setenv("CHECK_EMPTY", "")
	t.Setenv("CHECK_BLANKS", "hunter2 hunter2 hunter2")
	for name, text := range map[string]string{
		"same": good + "\n", "short": "hunter2\n", "other": "hunter2-hunter2-2\n",
		"policy.yaml": "version: 1\ncallers:\n" +
			"  good: {key: {env: CHECK_GOOD}}\n" +
			"  none: {key: {env: CHECK_NONE}}\n" +
			"  empty: {key: {env: CHECK_EMPTY}}\n" +
			"  short: {key: {env: CHECK_SHORT}}\n" +
			"  blanks: {key: {env: CHECK_BLANKS}}\n" +
			"  short-file:\n    key: {file: DIR/short}\n" +
			"  no-file: {key: {file: DIR/none}}\n" +
			"  folder: {key: {file: DIR}}\n" +
			"  the-same: {key: {file: DIR/same}}\n" +
			"  other: {key: {file: DIR/other}}\n" +
			"  hashed: {key: {sha256: " + hash + "}}\n",
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(at(text)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	code, got := ended(t, []string{"check", "--env", path})
	want := at(`DIR/policy.yaml:4:15 callers.none.key: environment variable CHECK_NONE: credential is not set: it is missing or empty; set it: headgate key hash --new makes one
DIR/policy.yaml:5:16 callers.empty.key: environment variable CHECK_EMPTY: credential is not set: it is missing or empty; set it: headgate key hash --new makes one
DIR/policy.yaml:6:16 callers.short.key: environment variable CHECK_SHORT: the key has 7 characters: 16 are needed at least
DIR/policy.yaml:7:17 callers.blanks.key: environment variable CHECK_BLANKS: credential holds blanks, line ends or other characters that a header cannot carry
DIR/policy.yaml:9:10 callers.short-file.key: file DIR/short: the key has 7 characters: 16 are needed at least
DIR/policy.yaml:10:18 callers.no-file.key: file DIR/none: credential is not set: it does not exist; set it: headgate key hash --new makes one
DIR/policy.yaml:11:17 callers.folder.key: file DIR: not a regular file
DIR/policy.yaml:12:19 callers.the-same.key: has the same key as caller "good"
headgate: DIR/policy.yaml: 8 faults
`)
	if diff := cmp.Diff(want, got); diff != "" || code != exitFault {
		t.Errorf("exit code %d, differs (-want +got):\n%s", code, diff)
	}
	if strings.Contains(got, "hunter2") {
		t.Error("shows a key")
	}
	if code, got := ended(t, []string{"check", "-q", path}); code != 0 {
		t.Errorf("without --env: exit code %d, %s", code, got)
	}
}

// TestCheckFindsSecretsOfGuards holds that check --env finds that a pair could not ask a guard's
// service, and shows no secret.
func TestCheckFindsSecretsOfGuards(t *testing.T) {
	t.Setenv("CHECK_SET", "hunter2")
	t.Setenv("CHECK_LONG", "hunter2-hunter2-hunter2")
	path := filepath.Join(t.TempDir(), "policy.yaml")
	text := `version: 1
guards:
  input:
    - webhook: {url: "https://guard.example.com", bearer: {env: CHECK_SET}, signing: {env: CHECK_LONG}}
    - webhook: {name: b, url: "https://guard.example.com", bearer: {env: CHECK_NONE}, signing: {env: CHECK_SET}}
tiers: {free: {guards: {output: [{entities: {url: "https://presidio.example.com", bearer: {file: /none/there}}}]}}}
`
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	want := strings.ReplaceAll(`P:6:91 tiers.free.guards.output[0].entities.bearer: file /none/there: credential is not set: it does not exist
P:5:68 guards.input[1].webhook.bearer: environment variable CHECK_NONE: credential is not set: it is missing or empty
P:5:96 guards.input[1].webhook.signing: environment variable CHECK_SET: the key has 7 characters: 16 are needed at least
headgate: P: 3 faults
`, "P", path)
	code, got := ended(t, []string{"check", "--env", "-q", path})
	if diff := cmp.Diff(want, got); diff != "" || code == 0 {
		t.Errorf("exit code %d, (-want +got)\n%s", code, diff)
	}
}

// TestAStartNamesMissingSecretsByTheirPlace holds that all of them are named, with file and line, and
// that what has failed for another reason stays as it is.
func TestAStartNamesMissingSecretsByTheirPlace(t *testing.T) {
	path := filepath.Join(t.TempDir(), "policy.yaml")
	if err := os.WriteFile(path, []byte("version: 1\nunpriced: flag\nbackends:\n  a: {provider: openai, credential: {env: HEADGATE_UNSET_A}}\n  b: {provider: openai, credential: {env: HEADGATE_UNSET_B}}\nmodels: {m: a/x}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	unfit := &source.ApplyError{Revision: "r", Err: errors.New("not set")}
	for _, text := range []string{path + ":4:", "HEADGATE_UNSET_A", path + ":5:", "HEADGATE_UNSET_B"} {
		if err := placed(unfit, path); !strings.Contains(err.Error(), text) {
			t.Errorf("%q is missing in %v", text, err)
		}
	}
	other := errors.New("port taken")
	if err := placed(other, path); !errors.Is(err, other) {
		t.Errorf("another fault became %v", err)
	}
	t.Setenv("HEADGATE_UNSET_A", "sk-a")
	t.Setenv("HEADGATE_UNSET_B", "sk-b")
	if err := placed(unfit, path); !errors.Is(err, unfit) {
		t.Errorf("with all of them set: %v", err)
	}
}
