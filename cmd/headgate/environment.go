package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/headgate/headgate/envoy"
)

// variable is an environment variable that commands read.
type variable struct {
	name  string
	of    string // whose it is, in words
	about string // what it says, one sentence
	read  func(*cobra.Command) bool
}

// environment are the variables that commands read of their own. Those that a policy names are
// beside them: every credential and key that it says to take from the environment.
var environment = []variable{
	{"HEADGATE_ADMIN", "every command of the admin API", "Address of the admin API, unless --admin names one.", asksAdmin},
	{"HEADGATE_ADMIN_KEY", "every command of the admin API", "The admin key itself, unless a file of it is named.", asksAdmin},
	{"HEADGATE_ADMIN_KEY_FILE", "every command of the admin API", "File of the admin key, unless --admin-key-file names one.", asksAdmin},
	{"USER", "every command that changes something", "Who makes a change, unless --author says it.", changes},
	{"HEADGATE_ENVOY", "run, drill", "Path of the Envoy to run, 1.39 or later. Without it: the one on PATH, then the fetched one in --tools.", among("headgate run", "headgate drill")},
	{"PATH", "run, drill", "Where an envoy is looked for.", among("headgate run", "headgate drill")},
	{"TMPDIR", "drill", "Where the folder is made that is removed at the end.", among("headgate drill")},
	{"SSL_CERT_FILE", "run, drill, extproc, xds", "File of root certificates by which servers are verified: by run and drill for their Envoy, too. Without it: that of the system.", among("headgate run", "headgate drill", "headgate extproc", "headgate xds")},
	{"HTTPS_PROXY", "extproc", "Proxy on the way to a control plane that is not on this machine.", among("headgate extproc")},
	{"NO_PROXY", "extproc", "Hosts to which no proxy is used, with commas.", among("headgate extproc")},
	{"PG*", "run, xds", "What the URL of a PostgreSQL store leaves open, such as PGPASSFILE and PGSSLROOTCERT, as in every client of PostgreSQL.", among("headgate run", "headgate xds")},
	{"GOGC", "run, extproc, xds", "By how many percent the heap may grow before garbage is collected. Without it: 400.", serves},
	{"GOMEMLIMIT", "run, extproc", "Bytes from which on garbage is collected more often, such as 2GiB. Without it: by limits.memory of the policy and the memory that there is.", among("headgate run", "headgate extproc")},
	{"GOMAXPROCS", "run, extproc, xds", "How many threads run at a time. Without it: one for each core, or as many as the cgroup allows.", serves},
}

// serves reports whether a command serves until it is ended.
func serves(cmd *cobra.Command) bool {
	return among("headgate run", "headgate extproc", "headgate xds")(cmd)
}

// changes reports whether a command changes something, and says who does.
func changes(cmd *cobra.Command) bool {
	author := cmd.Flag("author")
	return author != nil && cmd.CommandPath() != "headgate audit"
}

// asksAdmin reports whether a command asks the admin API.
func asksAdmin(cmd *cobra.Command) bool { return cmd.Flag("admin-key-file") != nil }

// among reports whether a command is one of those with these paths.
func among(paths ...string) func(*cobra.Command) bool {
	return func(cmd *cobra.Command) bool { return slices.Contains(paths, cmd.CommandPath()) }
}

// newEnvironment makes the help topic of the variables.
func newEnvironment() *cobra.Command {
	var text strings.Builder
	text.WriteString(`Environment variables that commands read, beside those that a policy names: its credentials
and keys (env: NAME), which headgate check --env looks for.
`)
	for _, v := range environment {
		fmt.Fprintf(&text, "\n  %s (%s)\n      %s\n", v.name, v.of, v.about)
	}
	fmt.Fprintf(&text, "\nAn Envoy that run or drill starts gets these, and nothing else, so no key:\n%s.", strings.Join(envoy.PassedOn, ", "))
	return &cobra.Command{Use: "environment", Short: "Environment variables that commands read", Long: text.String()}
}

// nameEnvironment adds to the help of each command below one the variables that it reads.
func nameEnvironment(cmd *cobra.Command) {
	for _, c := range cmd.Commands() {
		nameEnvironment(c)
	}
	var names []string
	for _, v := range environment {
		if v.read(cmd) {
			names = append(names, v.name)
		}
	}
	if len(names) > 0 && !cmd.HasSubCommands() {
		cmd.Long = cmp.Or(cmd.Long, cmd.Short+".") + "\n\nEnvironment (headgate help environment):\n" + strings.Join(names, ", ") + "."
	}
}
