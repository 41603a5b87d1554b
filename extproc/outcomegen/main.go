// Command outcomegen writes the table of outcomes into the page of the data plane.
//
//	go run ./extproc/outcomegen extproc/README.md
package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/headgate/headgate/extproc/exchange"
)

// The marks in the page between which the table is.
const (
	begin = "<!-- outcomes: written by make generate -->\n"
	end   = "<!-- end of outcomes -->\n"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: outcomegen PAGE")
		os.Exit(2)
	}
	if err := write(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "outcomegen:", err)
		os.Exit(1)
	}
}

func write(path string) error {
	page, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	next, err := insert(string(page))
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return os.WriteFile(path, []byte(next), 0o644)
}

// insert replaces what is between the marks by the table.
func insert(page string) (string, error) {
	before, rest, ok := strings.Cut(page, begin)
	_, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		return "", fmt.Errorf("the marks %q and %q are not there", begin, end)
	}
	return before + begin + table() + end + after, nil
}

func table() string {
	var b strings.Builder
	b.WriteString("| outcome | by | when |\n|---|---|---|\n")
	for _, o := range exchange.Outcomes {
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", o.Result, o.By, o.When)
	}
	return b.String()
}
