package cache

import (
	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/dialect"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/scan"
)

// copying makes one answer of a stream, in the client's dialect: of its frames if the backend speaks
// that, else of what the dialect writes for its events. Not for concurrent use.
type copying struct {
	folder  exchange.Folder
	encoder canon.StreamEncoder
	split   scan.Splitter
	room    int64                // bytes of the stream that may still come
	frames  bool                 // the backend speaks the client's dialect
	rest    int                  // events that are still to come of the frame that was taken last
	broken  bool                 // no answer comes of it
	large   bool                 // because it is too large
	unfit   exchange.CacheReason // why it is not kept, although it is whole: the words of dialects for ends do not say it
}

// perByte is how many bytes of a stream one byte of its answer may take: events have a frame each.
const perByte = 64

func newCopying(ex *exchange.Exchange, maxEntry int64) *copying {
	d := dialect.ByName(ex.Dialect)
	client := canon.Client{Request: ex.Request.Decoded(), Model: ex.Request.Model, ID: ex.ID, Created: ex.Started.Unix(), Usage: true}
	return &copying{folder: d.Fold(), encoder: d.Encoder(client), room: maxEntry * perByte}
}

// event takes what one event says.
func (c *copying) event(ev *canon.Event) {
	if ev.Kind == canon.EventFinish && c.unfit == "" {
		c.unfit = unfitFinish(ev.Finish)
	}
	switch {
	case c.broken:
	case ev.Kind == canon.EventFailed:
		c.broken = true
	case ev.Frame != nil && c.rest > 0:
		c.rest--
	case ev.Frame != nil:
		c.frames, c.rest = true, ev.Frame.Events-1
		c.frame(ev.Frame.Raw)
	case c.frames, ev.Kind == canon.EventComment, ev.Kind == canon.EventBlank: // what Headgate adds to frames is no part of the answer
	default:
		c.written(ev)
	}
}

// written takes what the dialect writes for an event.
func (c *copying) written(ev *canon.Event) {
	c.split.Feed(c.encoder.Append(nil, ev))
	for !c.broken {
		raw, err := c.split.Next()
		if raw == nil || err != nil {
			c.broken = c.broken || err != nil
			return
		}
		c.frame(raw)
	}
}

func (c *copying) frame(raw []byte) {
	if c.room -= int64(len(raw)); c.room < 0 {
		c.broken, c.large = true, true
		return
	}
	if c.folder.Frame(raw) != nil {
		c.broken = true
	}
}

// answer returns the answer; false: there is none.
func (c *copying) answer() (body []byte, whole bool) {
	if c.broken {
		return nil, false
	}
	return c.folder.Answer(nil)
}
