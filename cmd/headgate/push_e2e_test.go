package main_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

// operator gives headgate commands to one admin API.
type operator struct {
	t     *testing.T
	admin string
	dir   string
}

// says runs a command and fails the test where it does not end with a code, or does
// not print all of the texts.
func (o *operator) says(code int, args []string, texts ...string) string {
	o.t.Helper()
	stdout, stderr, got := gatewaytest.Run(o.t, append(args, "--admin", o.admin)...)
	all := stdout + stderr
	if got != code {
		o.t.Errorf("headgate %s: exit code %d, want %d: %s", strings.Join(args, " "), got, code, all)
	}
	for _, text := range texts {
		if !strings.Contains(all, text) {
			o.t.Errorf("headgate %s does not say %q: %s", strings.Join(args, " "), text, all)
		}
	}
	return all
}

// push pushes a policy with further arguments.
func (o *operator) push(code int, policy string, args []string, texts ...string) {
	o.t.Helper()
	path := filepath.Join(o.dir, "pushed.yaml")
	overwrite(o.t, path, policy)
	o.says(code, append([]string{"policy", "push", path, "--author", "ann", "--reason", "cheaper models"}, args...), texts...)
}

// commands changes a policy in every way, and holds what the commands say of it. The
// policy in effect is text(0); awaits waits until requests meet a revision.
func (o *operator) commands(text func(k int) string, awaits func(revision string)) {
	t := o.t
	t.Helper()
	zero, one, two := revisionOf(t, text(0)), revisionOf(t, text(1)), revisionOf(t, text(2))
	o.push(0, text(1), nil, one, zero)
	awaits(one)
	o.says(0, []string{"policy", "history"}, one, "push", "ann", "cheaper models", zero, "file")
	o.says(0, []string{"policy", "show"}, text(1))
	o.says(0, []string{"policy", "show", zero}, text(0))
	o.push(1, text(2), []string{"--expect", zero}, one, zero, "--expect "+one)
	o.push(1, "version: 2\nbackends: {b: {provider: opnai}}\nlimts: {}\n", nil, "pushed.yaml:1:10 version", "pushed.yaml:2:", "opnai", "pushed.yaml:3:1: unknown key", "3 faults; nothing changed")
	o.says(0, []string{"status"}, one, "ann", "cheaper models", "refused a change by push", "opnai")
	awaits(one)
	path := filepath.Join(o.dir, "next.yaml")
	overwrite(t, path, text(2))
	o.says(0, []string{"policy", "diff", path}, one, two, "models.m", "v1", "v2")
	o.push(0, text(2), []string{"--expect", one}, two)
	awaits(two)
	if status := o.says(0, []string{"status"}, two); strings.Contains(status, "refused") {
		t.Errorf("a refusal stays after a good change: %s", status)
	}
	o.says(0, []string{"policy", "rollback", "--author", "bob", "--reason", "worse answers"}, one, two)
	awaits(one)
	o.says(0, []string{"policy", "rollback", zero, "--author", "bob", "--reason", "further back"}, zero)
	awaits(zero)
	o.says(0, []string{"policy", "history"}, "rollback", "bob", "worse answers", "further back")
	o.says(1, []string{"policy", "rollback", "0123456789ab", "--author", "bob", "--reason", "nowhere"}, "0123456789ab")
}

// TestPushesToAControlPlane holds the commands against headgate xds, and that what is
// pushed outlives a kill, until the file changes.
func TestPushesToAControlPlane(t *testing.T) {
	t.Parallel()
	url := newEditions(t, 0).urls[0]
	text := func(k int) string {
		return fmt.Sprintf("version: 1\nunpriced: flag\nbackends:\n  b: {provider: openai-compatible, url: %q}\nmodels:\n  m: b/v%d\n", url, k)
	}
	f := gatewaytest.StartFleet(t, gatewaytest.FleetOptions{Policy: text(0)})
	pair := f.Pairs[0]
	awaits := func(revision string) { met(t, &pair.Gateway, revision) }
	o := &operator{t, f.XDS[0].Admin, t.TempDir()}
	o.commands(text, awaits)
	pushed, file := revisionOf(t, text(3)), revisionOf(t, text(4))
	o.push(0, text(3), nil, pushed)
	awaits(pushed)
	f.XDS[0].Kill()
	f.StartXDS(0)
	linked(pair)
	o.says(0, []string{"status"}, pushed, "push")
	awaits(pushed)
	f.Write(text(4))
	awaits(file)
	o.says(0, []string{"policy", "history"}, file, pushed, "cheaper models")
}

// TestPushesToARunningGateway holds the commands against headgate run, which refuses a
// policy for which a credential is not set.
func TestPushesToARunningGateway(t *testing.T) {
	t.Parallel()
	url := newEditions(t, 0).urls[0]
	admin := fmt.Sprintf("127.0.0.1:%d", gatewaytest.FreePort(t))
	text := func(k int) string {
		return fmt.Sprintf("version: 1\nunpriced: flag\nbackends:\n  b: {provider: openai-compatible, url: %q}\nmodels:\n  m: b/v%d\n", url, k)
	}
	g := gatewaytest.Start(t, text(0), gatewaytest.Options{Args: []string{"--admin", admin}})
	listen := "listen: " + strings.TrimPrefix(g.URL, "http://") + "\n"
	o := &operator{t, admin, t.TempDir()}
	listening := func(k int) string { return listen + text(k) }
	awaits := func(revision string) { met(t, g, revision) }
	o.commands(listening, awaits)
	keyed := strings.Replace(listening(1), "models:\n", fmt.Sprintf("  keyed: {provider: openai, url: %q, credential: {env: HEADGATE_E2E_UNSET}}\nmodels:\n  k: keyed/x\n", url), 1)
	o.push(1, keyed, nil, "HEADGATE_E2E_UNSET", `"keyed"`, "not set")
	o.push(1, keyed, []string{"-o", "json"}, `"unfit_policy"`)
	o.says(0, []string{"status"}, "refused a change by push", "HEADGATE_E2E_UNSET")
	awaits(revisionOf(t, listening(0)))
	if b, err := os.ReadFile(g.Policy); err != nil || string(b) != listening(0) {
		t.Errorf("the file is changed: %q, %v", b, err)
	}
}
