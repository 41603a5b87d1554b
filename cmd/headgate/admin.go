package main

import (
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/xds/console"
	"github.com/headgate/headgate/xds/console/client"
	"github.com/headgate/headgate/xds/console/policies"
)

// adminFlags are the flags of every command that asks the admin API.
type adminFlags struct {
	addr   string
	output string
	csv    bool // is an output, too
}

// adminPort is the address of the admin API unless a flag names another.
const adminPort = "127.0.0.1:8081"

// What the help of a command says of its exit codes: one that changes something, and one
// that only asks.
const (
	changeCodes = "\n\nExit codes: 0 done, 1 refused or not taken in time," + usageCode
	askCodes    = "\n\nExit codes: 0 done, 1 refused (a faulty policy, an unknown revision)," + usageCode
	usageCode   = "\n2 the command line is at fault, or the admin API cannot be reached."
)

func (a *adminFlags) register(cmd *cobra.Command) {
	addr := os.Getenv("HEADGATE_ADMIN")
	if addr == "" {
		addr = adminPort
	}
	f := cmd.PersistentFlags()
	f.StringVar(&a.addr, "admin", addr, "address of the admin API (or HEADGATE_ADMIN)")
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
		err := do(cmd, args, client.New(a.addr))
		var f *console.Failure
		if !errors.As(err, &f) {
			return withAddress(err)
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

// print prints an answer as JSON, or else as the function does.
func (a *adminFlags) print(cmd *cobra.Command, answer any, text func() error) error {
	if a.output == "json" {
		return printJSON(cmd.OutOrStdout(), answer)
	}
	return text()
}

// withAddress says which flag names another address if nothing of Headgate answers.
func withAddress(err error) error {
	var unreachable *client.UnreachableError
	var stranger *client.StrangerError
	switch {
	case errors.As(err, &unreachable):
		return fmt.Errorf("%w, or name another address with --admin", err)
	case errors.As(err, &stranger):
		return fmt.Errorf("%w: name its address with --admin", err)
	}
	return err
}

// usage are the failures for which the command line is at fault.
var usage = []*console.Kind{console.BadRequest, console.Forbidden, console.NotFound, console.NotAllowed, console.NotJSON}

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
