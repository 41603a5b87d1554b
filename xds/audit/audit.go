// Package audit keeps who changed what through the admin API, and when, in the control plane's
// database.
//
// The promise: a change that was answered has a row. While the database is away, rows wait in a
// file of the state folder, also over a restart. The trap: a control plane that is killed between
// a change and its row has told nobody that it was made, and leaves none; what it did to the
// policy stands in the policy's history.
package audit

import (
	"context"
	"strings"
	"time"

	"github.com/headgate/headgate/xds/store"
)

// Row is one change, whether it was made or not.
type Row struct {
	ID      string    `json:"id"` // in the order of time
	At      time.Time `json:"at"`
	Key     string    `json:"key"` // id of the admin key
	Author  string    `json:"author"`
	Action  string    `json:"action"`
	Subject string    `json:"subject"`
	From    string    `json:"from,omitempty"`
	To      string    `json:"to,omitempty"`
	Reason  string    `json:"reason,omitempty"`
	Outcome string    `json:"outcome"` // done, or the code of a failure
}

// Database is where rows are kept, as store.Database.
type Database interface {
	Open(context.Context) (*store.Store, error)
	Wrote(*store.Store, error)
}

// maxText bounds a text of a row, in bytes.
const maxText = 16 << 10

// storable makes a text one that every database takes.
func storable(text string) string {
	if len(text) > maxText {
		text = text[:maxText] + "…"
	}
	return strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "\uFFFD")
}

// texts are the texts of a row in the order of its columns.
func (r *Row) texts() []*string {
	return []*string{&r.Key, &r.Author, &r.Action, &r.Subject, &r.From, &r.To, &r.Reason, &r.Outcome}
}

const columns = "id, at, key, author, action, subject, was, became, reason, outcome"

// insert writes rows, those that are there already once.
func insert(ctx context.Context, s *store.Store, rows []Row) error {
	tx, err := s.Write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // an error says that it was committed
	for i := range rows {
		r := &rows[i]
		values := []any{r.ID, r.At.UnixNano()}
		for _, text := range r.texts() {
			values = append(values, *text)
		}
		statement := "INSERT INTO audit (" + columns + ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
		if _, err := tx.ExecContext(ctx, s.SQL(statement), values...); err != nil {
			return err
		}
	}
	return tx.Commit()
}
