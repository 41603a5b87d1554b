package openai

import (
	"bytes"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

// pieceNames are names of members that stand in every piece of an answer, or in its first.
var pieceNames = []string{"id", "object", "created", "model", "choices", "index", "delta", "role", "content", "tool_calls", "finish_reason", "usage"}

// Damage implements dialect.Backend. A chunk whose choices can be read, and say nothing,
// brought none of the answer, whatever comes after them.
func (Dialect) Damage(raw scan.Event) canon.Damage {
	data := bytes.TrimSpace(raw.Data())
	var c chunk
	_ = canon.Find(scan.Value(data).Fields(), chunkNames, c[:]) // what comes before the damage is kept
	switch {
	case namedError(raw) || bytes.Contains(data, []byte(`"error"`)):
		return canon.DamagedError
	case canon.Foreign(data, pieceNames...), c[chunkChoices] != nil && !c.says():
		return canon.DamagedNothing
	}
	return canon.DamagedPiece
}

// says reports whether a chunk says something of an answer: text, a call, why it ended, or
// what only this dialect understands.
func (c *chunk) says() bool {
	for e := c[chunkChoices].Elements(); e.Next(); {
		var f choice
		_ = canon.Find(e.Value().Fields(), deltaNames, f[:])
		if finishOf(f[deltaFinish]) != canon.FinishUnset || canon.HasText(f[deltaDelta], "role") || canon.HasText(f[deltaMessage], "role") {
			return true
		}
	}
	return false
}
