package client

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"

	"github.com/headgate/headgate/xds/adminkey"
	"github.com/headgate/headgate/xds/console"
	"github.com/headgate/headgate/xds/console/adminkeys"
)

// KeyError says that there is no admin key to ask with.
type KeyError struct {
	File string // of the control plane; empty: it names none
	Err  error
}

// Error says what is wrong with the file.
func (e *KeyError) Error() string {
	if e.File == "" {
		return e.Err.Error()
	}
	return fmt.Sprintf("the control plane's admin key, in %s, cannot be used here: %v", e.File, e.Err)
}

// Unwrap returns the cause.
func (e *KeyError) Unwrap() error { return e.Err }

// authenticate finds the key of a control plane on this machine, once, unless a key was given.
// One that takes none, as those of earlier versions, is asked without.
func (c *Client) authenticate(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ready {
		return nil
	}
	challenge := adminkey.NewChallenge()
	err := c.send(ctx, question{method: http.MethodGet, path: adminkeys.Prefix + "/own", header: http.Header{adminkey.ChallengeHeader: {challenge}}}, new(adminkeys.Own))
	var f *console.Failure
	switch {
	case errors.Is(err, console.Unauthenticated) && errors.As(err, &f):
		if c.secret, err = c.hinted(f, challenge); err != nil {
			return err
		}
	case err != nil && !errors.Is(err, console.NotFound):
		return err
	}
	c.ready = true
	return nil
}

// hinted returns the key in the file that a control plane names.
func (c *Client) hinted(f *console.Failure, challenge string) (string, error) {
	if f.AdminKey == nil {
		return "", &KeyError{Err: f}
	}
	_, port, err := net.SplitHostPort(c.addr)
	if err != nil {
		return "", &KeyError{f.AdminKey.File, err}
	}
	secret, err := (*adminkey.Hint)(f.AdminKey).Secret(challenge, port)
	if err != nil {
		return "", &KeyError{f.AdminKey.File, err}
	}
	return secret, nil
}
