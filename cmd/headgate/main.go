// Command headgate governs LLM traffic at an Envoy proxy: an external-processing
// server, the control plane that programs Envoy, and the tools around them.
package main

//go:generate go test -run ^TestReferencePages$ . -update

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

// Exit codes of every subcommand.
const (
	exitFault = 1 // what was asked for cannot be done, or a policy has faults
	exitUsage = 2 // the command line, or a file that cannot be read
)

// exitError carries an exit code. Its text was printed already if it is empty.
type exitError struct {
	code int
	err  error
}

// Error implements error.
func (e *exitError) Error() string {
	if e.err == nil {
		return ""
	}
	return e.err.Error()
}

// Unwrap returns the cause.
func (e *exitError) Unwrap() error { return e.err }

func main() {
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, cancel) // a second signal ends the process at once
	os.Exit(execute(ctx, newRoot()))
}

// execute runs a command and returns its exit code.
func execute(ctx context.Context, root *cobra.Command) int {
	err := root.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	var exit *exitError
	if !errors.As(err, &exit) {
		exit = &exitError{exitUsage, err}
	}
	if text := exit.Error(); text != "" {
		fmt.Fprintln(root.ErrOrStderr(), "headgate: "+text)
	}
	return exit.code
}

// group makes a command that only has subcommands. A misspelled one is an error.
func group(use, short string) *cobra.Command {
	return &cobra.Command{
		Use: use, Short: short, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:           "headgate",
		Short:         "Govern LLM traffic at an Envoy proxy",
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.AddCommand(newRun(), newCheck(), newDrill(), newStatus(), newCost(), newPrice(), newExchanges(), newTrace(), newTail(), newGuard(), newCache(), newPolicy(), newBackend(), newKey(), newAudit(), newExtproc(), newXDS(), newSim(), newEnvoy(), newRender(), newVersion())
	nameEnvironment(root)
	root.AddCommand(newEnvironment(), newExitCodes(root))
	return root
}
