package record

import (
	"errors"
	"time"

	"go.uber.org/zap"
)

// losingOver is how long nothing must have been lost until that is over.
const losingOver = 10 * time.Second

// errSlow says that the queue of the access log was full.
var errSlow = errors.New("they are written too slowly")

// losing is a time in which access records are lost or wait: it is logged as it begins and as it ends, not
// for each of them. Not for concurrent use.
type losing struct {
	log  *zap.Logger
	lost int       // since it began
	last time.Time // when one was lost, or there was no room; zero: no such time is on
}

// waits notes that there is no room for some.
func (l *losing) waits(why error) {
	if l.last.IsZero() {
		l.log.Error("access records wait for room on the disk", zap.Error(why))
	}
	l.last = time.Now()
}

// note notes that so many could not be written.
func (l *losing) note(lost int, why error) {
	if lost == 0 {
		return
	}
	if l.lost == 0 { // what waited is lost now
		l.log.Error("access records are lost", zap.Int("lost", lost), zap.Error(why))
	}
	l.lost, l.last = l.lost+lost, time.Now()
}

// wrote notes that some were written.
func (l *losing) wrote() {
	if !l.last.IsZero() && time.Since(l.last) >= losingOver {
		l.log.Info("access records are written again", zap.Int("lost", l.lost))
		l.lost, l.last = 0, time.Time{}
	}
}
