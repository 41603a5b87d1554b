package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/policy/source"
	"github.com/headgate/headgate/xds/console"
)

// filesToSend reads a policy's files under their base names: the folder that they lie
// in here is nobody else's business.
func filesToSend(ctx context.Context, path string) ([]policy.File, error) {
	files, err := source.ReadOnce(ctx, path)
	if err != nil {
		return nil, err
	}
	for i := range files {
		files[i].Name = filepath.Base(files[i].Name)
	}
	return files, nil
}

// atPaths puts the paths in the place of the names that files were sent with, so
// that a fault shows the file to open.
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
	withoutOverlay         bool
	before                 int // the number of the change that was in effect when the command began
}

// registerDocument adds the flags of the commands that change the document.
func (c *changeFlags) registerDocument(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&c.withoutOverlay, "without-overlay", false, "take back everything that lies over the policy, too")
}

func (c *changeFlags) register(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&c.reason, "reason", "", "why, for the history")
	f.StringVar(&c.author, "author", whoami(), "who, for the history")
	f.DurationVar(&c.wait, "wait", 10*time.Second, "how long to wait until every pair has taken the change, one has refused it, or another change has replaced it; 0: not")
	f.StringVar(&c.expect, "expect", "", "revision that must be in effect (default: the one that is when the command begins)")
}

// whoami is the name of the user that runs the command; empty: it is unknown.
func whoami() string {
	if name := os.Getenv("USER"); name != "" {
		return name
	}
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return ""
}

// complete demands an author and a reason, and that the flags make sense,
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

// publishedAs says what is published after a change, and whether that is new.
func (c *changeFlags) publishedAs(change source.Change) string {
	revision := "revision " + clean(change.Revision)
	switch {
	case change.Number == c.before:
		return revision + " is published already; nothing changed"
	case change.Revision == change.Parent:
		return revision + " stays published: what changed of the overlay does not act"
	}
	return revision + " is published; before it was " + orDash(change.Parent)
}
