package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// exitCodes begins what the help of each command says of them.
const exitCodes = "Exit codes: "

// What the help of commands says that ask nobody: those that serve, and those that print.
const (
	servingCodes  = "\n\n" + exitCodes + "0 it was ended by a signal, or another process serves, 1 it cannot start or not end in time,\n2 the command line is at fault, or a file cannot be read."
	printingCodes = "\n\n" + exitCodes + "0 done, 2 the command line is at fault."
	readingCodes  = "\n\n" + exitCodes + "0 done, 1 the policy has faults, 2 the command line is at fault, or a file cannot be read."
)

// newExitCodes makes the help topic of the exit codes of all commands below root.
func newExitCodes(root *cobra.Command) *cobra.Command {
	var text strings.Builder
	text.WriteString(`Exit codes of all commands:

  0  what was asked for is done
  1  it cannot be done, was refused, or a policy has faults
  2  the command line is at fault, a file cannot be read, or the admin API cannot be reached

What they say of each command:
`)
	writeCodes(&text, root)
	return &cobra.Command{Use: "exit-codes", Short: "Exit codes of all commands", Long: strings.TrimRight(text.String(), "\n")}
}

func writeCodes(text *strings.Builder, cmd *cobra.Command) {
	for _, c := range cmd.Commands() {
		writeCodes(text, c)
	}
	if codes := codesOf(cmd); codes != "" {
		fmt.Fprintf(text, "\n  %s\n      %s\n", cmd.CommandPath(), codes)
	}
}

// codesOf is what the help of a command says of its exit codes, in one line; empty: nothing.
func codesOf(cmd *cobra.Command) string {
	_, codes, _ := strings.Cut(cmd.Long, exitCodes)
	codes, _, _ = strings.Cut(codes, "\n\n")
	return strings.Join(strings.Fields(codes), " ")
}
