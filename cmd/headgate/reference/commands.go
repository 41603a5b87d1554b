package reference

import (
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

const commandsPreface = `# Commands

Every command with its flags and their defaults, as ` + "`headgate COMMAND --help`" + ` has them; at the end [environment variables](#headgate-help-environment) and [exit codes](#headgate-help-exit-codes). ` + written

// commandsPage lists every command of a tree that can be run, with its flags, and the topics of its
// help.
func commandsPage(root *cobra.Command) string {
	var b, topics strings.Builder
	b.WriteString(commandsPreface)
	walk(root, func(c *cobra.Command) {
		if !c.Runnable() {
			topics.WriteString("\n## " + c.Root().Name() + " help " + c.Name() + "\n\n" + help(c) + "\n")
			return
		}
		b.WriteString("\n## " + c.CommandPath() + "\n\n")
		b.WriteString("```\n" + c.UseLine() + "\n```\n\n" + help(c) + "\n")
		if rows := flags(c); rows != nil {
			b.WriteString("\n")
			table(&b, []string{"flag", "default", "what it is"}, rows)
		}
	})
	return b.String() + topics.String()
}

// walk calls f for each command below one that is shown and has none below it.
func walk(c *cobra.Command, f func(*cobra.Command)) {
	for _, c := range c.Commands() {
		switch {
		case c.Hidden || c.Name() == "help" || c.Name() == "completion":
		case c.HasSubCommands():
			walk(c, f)
		default:
			f(c)
		}
	}
}

// help is a command's long text as it is printed: its lines mean something.
func help(c *cobra.Command) string {
	if c.Long == "" {
		return c.Short + "."
	}
	return "```text\n" + strings.TrimSpace(c.Long) + "\n```"
}

// flags are a command's flags, those that it shares with its siblings included.
func flags(c *cobra.Command) (rows [][]string) {
	add := func(f *pflag.Flag) {
		if f.Hidden || f.Name == "help" {
			return
		}
		value, usage := pflag.UnquoteUsage(f)
		name := "--" + f.Name
		if f.Shorthand != "" {
			name = "-" + f.Shorthand + ", " + name
		}
		rows = append(rows, []string{code(strings.TrimSpace(name + " " + value)), code(byDefault(f)), usage})
	}
	c.NonInheritedFlags().VisitAll(add)
	c.InheritedFlags().VisitAll(add)
	return rows
}

// byDefault is the value of a flag that is not given; empty: there is none.
func byDefault(f *pflag.Flag) string {
	switch f.DefValue {
	case "", "[]":
		return ""
	case "false":
		if f.Value.Type() == "bool" {
			return ""
		}
	}
	return strings.Trim(f.DefValue, "[]")
}
