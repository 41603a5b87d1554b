package main

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/xds/console"
)

// adminFlags are the flags of every command that asks the admin API.
type adminFlags struct {
	addr   string
	output string
}

// adminPort is where the admin API listens unless told otherwise.
const adminPort = "127.0.0.1:8081"

const adminCodes = "\n\nExit codes: 0 done, 1 refused or not taken in time, 2 the command line, or the admin API cannot be reached."

func (a *adminFlags) register(cmd *cobra.Command) {
	addr := os.Getenv("HEADGATE_ADMIN")
	if addr == "" {
		addr = adminPort
	}
	f := cmd.PersistentFlags()
	f.StringVar(&a.addr, "admin", addr, "address of the admin API (or HEADGATE_ADMIN)")
	f.StringVarP(&a.output, "output", "o", "table", "table or json")
}

// run makes a command of what it does with the admin API and prints.
func (a *adminFlags) run(do func(*cobra.Command, []string, *adminClient) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		if a.output != "table" && a.output != "json" {
			return fmt.Errorf("output %q: must be table or json", a.output)
		}
		err := do(cmd, args, newAdminClient(a.addr))
		var f *console.Failure
		if !errors.As(err, &f) {
			return err
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

// refusal says what to do about a failure.
func refusal(f *console.Failure) error {
	code := exitFault
	var text string
	switch f.Cause.Code {
	case console.InvalidPolicy:
		text = fmt.Sprintf("the policy has %s; nothing changed", counted(len(f.Faults), "fault"))
	case console.Conflict:
		text = fmt.Sprintf("revision %s is in effect, not %s: see what changed with headgate policy show and headgate policy diff, then repeat with --expect %[1]s",
			f.InEffect, f.Expected)
	case console.BadRequest, console.Forbidden, console.NotFound, console.NotAllowed, console.NotJSON:
		code, text = exitUsage, f.Cause.Message
	default:
		text = f.Cause.Message
	}
	return &exitError{code, errors.New(clean(text))}
}

// atPaths puts the paths in the place of the names that files were sent with, so
// that a fault shows where to look.
func atPaths(path string, err error) error {
	var f *console.Failure
	if !errors.As(err, &f) {
		return err
	}
	info, statErr := os.Stat(path)
	for i := range f.Faults {
		if statErr == nil && info.IsDir() {
			f.Faults[i].File = filepath.Join(path, f.Faults[i].File)
		} else {
			f.Faults[i].File = path
		}
	}
	return f
}

// changeFlags are the flags of the commands that change the policy.
type changeFlags struct {
	reason, author, expect string
	wait                   time.Duration
	before                 string // the revision that was in effect when the command began
}

func (c *changeFlags) register(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&c.reason, "reason", "", "why, for the history")
	f.StringVar(&c.author, "author", whoami(), "who, for the history")
	f.DurationVar(&c.wait, "wait", 10*time.Second, "how long to wait until every pair has taken the change, one has refused it, or another change has replaced it; 0: not")
	f.StringVar(&c.expect, "expect", "", "revision that must be in effect (default: the one that is when the command begins)")
}

// whoami is the name of the user that runs the command; empty where nobody knows.
func whoami() string {
	if name := os.Getenv("USER"); name != "" {
		return name
	}
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return ""
}

// complete holds that somebody answers for the change, and that the flags make sense,
// before anything is asked.
func (c *changeFlags) complete() error {
	if strings.TrimSpace(c.reason) == "" {
		return errors.New("a change needs a reason: --reason")
	}
	if strings.TrimSpace(c.author) == "" {
		return errors.New("a change needs an author: --author")
	}
	if c.wait < 0 {
		return fmt.Errorf("--wait must not be below 0, is %s", c.wait)
	}
	return nil
}
