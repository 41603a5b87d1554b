package agent

import (
	"fmt"
	"time"

	resourcev3 "github.com/envoyproxy/go-control-plane/pkg/resource/v3"
	"go.uber.org/zap"

	"github.com/headgate/headgate/policy/policypb"
	"github.com/headgate/headgate/xds/ads"
	"github.com/headgate/headgate/xds/identity"
)

// lookAtFiles is how often certificate files are looked at.
const lookAtFiles = time.Second

// clientFiles are the files that secure connections of clients of a revision.
type clientFiles struct {
	files   identity.Files
	watched *identity.Watched // nil before open
	content identity.Content
}

// open reads the files, which must be good, and makes secrets of them.
func (b *bundle) open(log *zap.Logger) (err error) {
	if b.clients == nil || b.clients.watched != nil {
		return nil
	}
	b.clients.watched, err = identity.Watch(b.clients.files, identity.Options{Report: func(err error) {
		log.Error("certificate files of the listener cannot be used", zap.Error(err))
	}})
	if err != nil {
		return fmt.Errorf("listen.tls: %w", err)
	}
	_, err = b.renew(log)
	return err
}

// openSaved reads the files of a revision that was in effect before a restart. If they cannot be
// used it is in effect all the same: Envoy may have lived on, with what they held.
func (a *Agent) openSaved(b *bundle) {
	if err := b.open(a.log); err != nil {
		a.log.Error("an Envoy that starts gets no certificate until its files can be used", zap.Error(err))
	}
}

// renew makes new secrets if the files have changed, or can be used at last, and reports whether
// it has.
func (b *bundle) renew(log *zap.Logger) (bool, error) {
	if b.clients.watched == nil {
		return b.open(log) == nil, nil
	}
	b.clients.content = b.clients.watched.Content()
	secrets, err := secretsOf(b.clients.content)
	if err != nil {
		return false, err
	}
	if before := b.set[resourcev3.SecretType]; before != nil && before.Version == secrets.Version {
		return false, nil
	}
	b.set = b.set.With(resourcev3.SecretType, secrets)
	return true, nil
}

// renewSecrets gives Envoys what certificate files hold, if that has changed.
func (a *Agent) renewSecrets() {
	changed := false
	for _, b := range []*bundle{a.good, a.next} {
		if b == nil || b.clients == nil {
			continue
		}
		renewed, err := b.renew(a.log)
		if err != nil {
			a.log.Error("making secrets of certificate files", zap.Error(err))
		}
		changed = changed || renewed
	}
	if !changed {
		return
	}
	a.metrics.secure(a.good)
	a.log.Info("certificate files have changed: new connections use them")
	a.offer()
}

// secured reports whether certificate files of the revision are in use.
func (b *bundle) secured() bool { return b != nil && b.clients != nil && b.clients.watched != nil }

// looksAtFiles reports whether certificate files are in use, or files may be waited for.
func (a *Agent) looksAtFiles() bool {
	named := func(b *bundle) bool { return b != nil && b.clients != nil }
	return named(a.good) || named(a.next) || a.rejected != nil
}

// certificateTrouble is what is wrong with the certificate that the pair's Envoy shows; empty:
// nothing.
func (a *Agent) certificateTrouble() string {
	if !a.good.secured() {
		return ""
	}
	c := a.good.clients
	switch {
	case c.content.Failure != nil:
		return "listen.tls: the certificate files cannot be used, the former content is: " + c.content.Failure.Error()
	case a.now.After(c.content.Expires):
		return fmt.Sprintf("listen.tls: the certificate %s expired on %s", c.files.Cert, c.content.Expires.UTC().Format(time.RFC3339))
	}
	return ""
}

// rejectFiles refuses a revision whose certificate files cannot be used, until they can.
func (a *Agent) rejectFiles(b *bundle, err error) {
	a.reject(b, ads.Refusal{Type: policypb.TypeURL, Reason: err.Error()})
	a.rejected.files = true
}
