package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/headgate/headgate/cmd/headgate/reference"
)

// badWords are in the names of metrics that count what should not be, or say that something is so.
var badWords = []string{
	"refused", "refusals", "rejected", "lost", "dropped", "unreadable", "unknown", "unjoined", "unsaved", "failures", "failed", "errors",
	"panics", "bombs", "restarts", "nacks", "rollbacks", "late", "fallbacks", "unpriced", "full", "missing", "torn", "exhausted",
}

// quoted finds what stands in code quotes.
var quoted = regexp.MustCompile("`([^`]+)`")

// runbook is the page, and the metrics that have a line on it.
func runbook(t *testing.T) (page string, lines []string) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("reference", "runbook.md"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		cells := strings.Split(line, "|")
		if len(cells) < 2 {
			continue
		}
		for _, m := range quoted.FindAllStringSubmatch(cells[1], -1) {
			lines = append(lines, m[1])
		}
	}
	return string(b), lines
}

// operating is the page for operators, which names metrics and commands, too.
func operating(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("reference", "operating.md"))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestRunbookHasWhatCanGoWrong holds that each metric whose name says that something went wrong has
// a line in the runbook, and that the pages for operators name no metric that is not there.
func TestRunbookHasWhatCanGoWrong(t *testing.T) {
	metrics, err := reference.Metrics("../..")
	if err != nil {
		t.Fatal(err)
	}
	page, lines := runbook(t)
	made := map[string]bool{}
	for _, m := range metrics {
		made[m.Name] = true
		bad := slices.ContainsFunc(strings.Split(m.Name, "_"), func(word string) bool { return slices.Contains(badWords, word) })
		if bad && !slices.Contains(lines, m.Name) {
			t.Errorf("the runbook has no line of %s", m.Name)
		}
	}
	for _, m := range quoted.FindAllStringSubmatch(page+operating(t), -1) {
		if name := m[1]; strings.HasPrefix(name, "headgate_") && !made[name] {
			t.Errorf("a page names %s, which no metric is called", name)
		}
	}
}

// TestRunbookNamesCommandsThatExist holds that each command of the pages for operators, with its
// flags, is one.
func TestRunbookNamesCommandsThatExist(t *testing.T) {
	page, _ := runbook(t)
	page += operating(t)
	root, found := newRoot(), 0
	for _, m := range quoted.FindAllStringSubmatch(page, -1) {
		words := strings.Fields(m[1])
		if words[0] != "headgate" {
			continue
		}
		found++
		cmd, args, err := root.Find(words[1:])
		if err != nil || !cmd.Runnable() || cmd.HasSubCommands() {
			t.Errorf("%q: no command is called so", m[1])
			continue
		}
		checkFlags(t, m[1], cmd, args)
	}
	if found < 10 {
		t.Errorf("only %d commands were found", found)
	}
}

// checkFlags holds that a command takes the flags that a text gives it.
func checkFlags(t *testing.T, text string, cmd *cobra.Command, args []string) {
	t.Helper()
	for _, a := range args {
		name, long := strings.CutPrefix(a, "--")
		short, isShort := strings.CutPrefix(a, "-")
		switch {
		case long && cmd.Flag(name) == nil, !long && isShort && cmd.Flags().ShorthandLookup(short) == nil && cmd.InheritedFlags().ShorthandLookup(short) == nil:
			t.Errorf("%q: %s has no flag %s", text, cmd.CommandPath(), a)
		}
	}
}
