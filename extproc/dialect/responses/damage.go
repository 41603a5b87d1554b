package responses

import (
	"bytes"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

// pieceNames are names of members that stand in pieces of an answer.
var pieceNames = append([]string{"sequence_number", "item_id"}, eventNames...)

// Damage implements dialect.Backend. The event's name says what it was. What says once more
// what the pieces said is a frame around them.
func (Dialect) Damage(raw scan.Event) canon.Damage {
	data := bytes.TrimSpace(raw.Data())
	var f event
	_ = canon.Find(scan.Value(data).Fields(), eventNames, f[:]) // what comes before the damage is kept
	kind := f.kind(raw.Field("event"))
	switch {
	case string(kind) == "error" || string(kind) == "response.failed":
		return canon.DamagedError
	case bytes.HasSuffix(kind, deltaMark):
		return canon.DamagedPiece
	case bytes.HasPrefix(kind, []byte("response.")):
		return canon.DamagedFrame
	case len(kind) == 0 && !canon.Foreign(data, pieceNames...):
		return canon.DamagedPiece
	}
	return canon.DamagedNothing
}
