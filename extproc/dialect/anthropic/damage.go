package anthropic

import (
	"bytes"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

// pieceNames are names of members that stand in pieces of an answer.
var pieceNames = append([]string{"text", "thinking", "partial_json", "signature"}, eventNames...)

// Damage implements dialect.Backend. The event's name says what it was; an event of a name
// that the dialect does not have is ignored by its clients, too.
func (Dialect) Damage(raw scan.Event) canon.Damage {
	data := bytes.TrimSpace(raw.Data())
	var f event
	_ = canon.Find(scan.Value(data).Fields(), eventNames, f[:]) // what comes before the damage is kept
	name := raw.Field("event")
	if len(name) == 0 {
		name = f.kind(nil)
	}
	switch string(name) {
	case "error":
		return canon.DamagedError
	case "message_start", "content_block_start", "content_block_stop", "message_delta", "message_stop":
		return canon.DamagedFrame
	case "content_block_delta":
		return canon.DamagedPiece
	case "":
		if !canon.Foreign(data, pieceNames...) {
			return canon.DamagedPiece
		}
	}
	return canon.DamagedNothing
}
