package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/xds/console"
	"github.com/headgate/headgate/xds/console/client"
	"github.com/headgate/headgate/xds/console/policies"
)

// adminFlags are the flags of every command that asks the admin API.
type adminFlags struct {
	addr   string
	key    string // file of the admin key; empty: the environment's, or the control plane's own
	output string
	csv    bool // is an output, too
}

// adminPort is the address of the admin API unless a flag names another.
const adminPort = "127.0.0.1:8081"

// adminKeyVariable is the environment variable of an admin key.
const adminKeyVariable = "HEADGATE_ADMIN_KEY"

// What the help of a command says of its exit codes: one that changes something, and one
// that only asks.
const (
	changeCodes  = "\n\nExit codes: 0 done, 1 refused or not taken in time," + usageCode
	askCodes     = "\n\nExit codes: 0 done, 1 refused (a faulty policy, an unknown revision)," + usageCode
	refusedCodes = "\n\nExit codes: 0 done, 1 refused," + usageCode
	usageCode    = "\n2 the command line is at fault, or the admin API cannot be reached."
)

func (a *adminFlags) register(cmd *cobra.Command) {
	addr := os.Getenv("HEADGATE_ADMIN")
	if addr == "" {
		addr = adminPort
	}
	f := cmd.PersistentFlags()
	f.StringVar(&a.addr, "admin", addr, "address of the admin API, HOST:PORT or http://HOST:PORT (or HEADGATE_ADMIN)")
	f.StringVar(&a.key, "admin-key-file", os.Getenv("HEADGATE_ADMIN_KEY_FILE"), "file of the admin key (or HEADGATE_ADMIN_KEY_FILE, or the key itself in HEADGATE_ADMIN_KEY; default: that of the control plane, on the same machine)")
	f.StringVarP(&a.output, "output", "o", "table", "table or json")
}

// alsoCSV offers CSV as an output.
func (a *adminFlags) alsoCSV(cmd *cobra.Command) {
	a.csv = true
	cmd.PersistentFlags().Lookup("output").Usage = "table, csv or json"
}

// run makes a command of what it does with the admin API and prints.
func (a *adminFlags) run(do func(*cobra.Command, []string, *client.Client) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case a.output == "table", a.output == "json", a.output == "csv" && a.csv:
		case a.csv:
			return fmt.Errorf("output %q: must be table, csv or json", a.output)
		default:
			return fmt.Errorf("output %q: must be table or json", a.output)
		}
		secret, err := a.secret()
		if err != nil {
			return err
		}
		addr, err := adminAddress(a.addr)
		if err != nil {
			return err
		}
		err = do(cmd, args, client.New(addr, secret))
		var f *console.Failure
		var key *client.KeyError
		if errors.As(err, &key) || !errors.As(err, &f) {
			return withAddress(err)
		}
		if from := a.secretFrom(); errors.Is(f, console.Unauthenticated) && from != "" {
			f.Cause.Message += "; it is that of " + from
		}
		if a.output == "json" {
			return errors.Join(refusal(f), printJSON(cmd.OutOrStdout(), f))
		}
		for _, fault := range f.Faults {
			fmt.Fprintln(cmd.OutOrStdout(), clean(policy.Fault(fault).String()))
		}
		return refusal(f)
	}
}

// secret is the admin key that the command line names; empty: it names none.
func (a *adminFlags) secret() (string, error) {
	if a.key == "" {
		return strings.TrimSpace(os.Getenv(adminKeyVariable)), nil
	}
	data, err := os.ReadFile(a.key)
	secret := strings.TrimSpace(string(data))
	if err == nil && secret == "" {
		err = fmt.Errorf("%s is empty", a.key)
	}
	if err != nil {
		return "", fmt.Errorf("admin key: %w", err)
	}
	return secret, nil
}

// secretFrom says where the admin key is that the command line names; empty: it names none.
func (a *adminFlags) secretFrom() string {
	switch {
	case a.key != "":
		return a.key
	case strings.TrimSpace(os.Getenv(adminKeyVariable)) != "":
		return adminKeyVariable
	}
	return ""
}

// print prints an answer as JSON, or else as the function does.
func (a *adminFlags) print(cmd *cobra.Command, answer any, text func() error) error {
	if a.output == "json" {
		return printJSON(cmd.OutOrStdout(), answer)
	}
	return text()
}

// adminAddress reads --admin, which people copy from where it stands as a URL.
func adminAddress(text string) (string, error) {
	addr, isURL := strings.CutPrefix(text, "http://")
	if isURL {
		addr = strings.TrimSuffix(addr, "/")
	}
	if strings.Contains(addr, "/") {
		return "", fmt.Errorf("--admin %q: must be HOST:PORT or http://HOST:PORT", text)
	}
	return addr, nil
}

// withAddress says which flag names another address if nothing of Headgate answers, or a key if
// there is none to ask with.
func withAddress(err error) error {
	var unreachable *client.UnreachableError
	var stranger *client.StrangerError
	var key *client.KeyError
	switch {
	case errors.As(err, &key):
		return fmt.Errorf("%w; name the file of one with --admin-key-file, or set HEADGATE_ADMIN_KEY", err)
	case errors.As(err, &unreachable):
		return fmt.Errorf("%w, or name another address with --admin", err)
	case errors.As(err, &stranger):
		return fmt.Errorf("%w: name its address with --admin", err)
	}
	return err
}

// usage are the failures for which the command line is at fault.
var usage = []*console.Kind{console.BadRequest, console.Unauthenticated, console.Forbidden, console.NotFound, console.NotAllowed, console.NotJSON}

// refusal says what to do about a failure.
func refusal(f *console.Failure) error {
	code := exitFault
	var text string
	switch {
	case errors.Is(f, policies.Invalid):
		text = fmt.Sprintf("the policy has %s; nothing changed", counted(len(f.Faults), "fault"))
	case errors.Is(f, policies.InvalidOverlay):
		text = fmt.Sprintf("the overlay has %s; nothing changed", counted(len(f.Faults), "fault"))
	case errors.Is(f, policies.Conflict):
		text = fmt.Sprintf("revision %s is in effect, not %s: see what changed with headgate policy show and headgate policy diff, then repeat with --expect %[1]s",
			f.InEffect, f.Expected)
	case slices.ContainsFunc(usage, func(k *console.Kind) bool { return errors.Is(f, k) }):
		code, text = exitUsage, f.Cause.Message
	default:
		text = f.Cause.Message
	}
	return &exitError{code, errors.New(clean(text))}
}
