// Package reference writes the reference pages: flags, metrics, error codes, headers and the
// fields of rows. It makes them of the code, so a page cannot say what the code does not. What
// the code has no words for, the lists of this package have, and its tests compare both.
package reference

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// Page is a reference page, in Markdown.
type Page struct {
	Name string // of its file
	Text string
}

// Pages makes all pages of the repository at root, with those of a command's flags.
func Pages(root string, command *cobra.Command) ([]Page, error) {
	metrics, err := metricsPage(root)
	if err != nil {
		return nil, fmt.Errorf("metrics: %w", err)
	}
	rows, err := rowsPage(root)
	if err != nil {
		return nil, fmt.Errorf("rows: %w", err)
	}
	return []Page{
		{"commands.md", commandsPage(command)},
		{"metrics.md", metrics},
		{"rows.md", rows},
		{"headers.md", headersPage()},
		{"errors.md", errorsPage()},
	}, nil
}

// written says on each page where it comes from.
const written = "This page is written by `make generate`.\n"

// table writes a table. A cell's own bars and line ends would break it.
func table(b *strings.Builder, columns []string, rows [][]string) {
	line := func(cells []string) {
		for _, c := range cells {
			b.WriteString("| " + strings.NewReplacer("|", `\|`, "\n", " ").Replace(c) + " ")
		}
		b.WriteString("|\n")
	}
	line(columns)
	b.WriteString(strings.Repeat("|---", len(columns)) + "|\n")
	for _, r := range rows {
		line(r)
	}
}

// code quotes a word of a program's; empty is empty.
func code(word string) string {
	if word == "" {
		return ""
	}
	return "`" + word + "`"
}
