package openai

import (
	"bytes"
	"cmp"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

// chunk holds the members of one chunk of a stream. What a stream says beside its
// content is read here alone: by the skimmer from the few chunks that it looks into,
// and by the decoder from all of them.
type chunk [chunkMembers]scan.Value

// Members of a chunk.
const (
	chunkID = iota
	chunkCreated
	chunkModel
	chunkChoices
	chunkUsage
	chunkError
	chunkGroq
	chunkObject
	chunkTier
	chunkMembers
)

var chunkNames = []string{"id", "created", "model", "choices", "usage", "error", "x_groq", "object", "service_tier"}

// choice holds the members of one choice of a chunk.
type choice [deltaMembers]scan.Value

// Members of a choice of a chunk.
const (
	deltaIndex = iota
	deltaDelta
	deltaFinish
	deltaMessage
	deltaMembers
)

var deltaNames = []string{"index", "delta", "finish_reason", "message"}

// isDone reports whether an event's data are the end marker.
func isDone(data []byte) bool { return string(data) == "[DONE]" }

// begins reports whether an answer can begin with the chunk. Azure's first one names
// neither an answer nor a model, and has no choices.
func (c *chunk) begins() bool {
	choices := c[chunkChoices].Elements()
	return choices.Next() || c.usage() != nil || len(canon.Inside(c[chunkID])) > 0 || len(canon.Inside(c[chunkModel])) > 0
}

// usage returns the usage object of a chunk, nil if it has none.
func (c *chunk) usage() scan.Value {
	for _, v := range [...]scan.Value{c[chunkUsage], c[chunkGroq].Get("usage")} {
		if v.Kind() == scan.Object {
			return v
		}
	}
	return nil
}

// onlyUsage reports whether a chunk is the usage event that a request can ask for.
func (c *chunk) onlyUsage() bool {
	choices := c[chunkChoices].Elements()
	return c[chunkUsage].Kind() == scan.Object && c[chunkChoices].Kind() == scan.Array && !choices.Next()
}

// fault returns the error that a chunk says, if it says one. Some servers say by the
// event's name only that its data are one.
func (c *chunk) fault(ev scan.Event, data []byte) (v scan.Value, ok bool) {
	if v = errorIn(c[chunkError], c[chunkObject], data); v != nil {
		return v, true
	}
	if v = c[chunkGroq].Get("error"); isError(v) {
		return v, true
	}
	return data, namedError(ev)
}

// namedError reports whether an event says by its name that it is an error.
func namedError(ev scan.Event) bool {
	return bytes.HasPrefix(ev, []byte("event:")) && string(ev.Field("event")) == "error"
}

// tally is what the chunks of a stream have said so far. The zero tally is at the
// stream's start.
type tally struct {
	started bool
	usage   canon.Usage
}

// start reports whether a chunk is the first of the answer, which names it.
func (t *tally) start(c *chunk) bool {
	if t.started || !c.begins() {
		return false
	}
	t.started = true
	t.usage.ServiceTier = canon.Str(c[chunkTier])
	return true
}

// count takes over the usage that a chunk reports, and reports whether there is any.
// The last of each number counts.
func (t *tally) count(c *chunk) bool {
	v := c.usage()
	if v == nil {
		return false
	}
	readUsageInto(v, &t.usage)
	t.usage.ServiceTier = cmp.Or(canon.Str(c[chunkTier]), t.usage.ServiceTier)
	return true
}
