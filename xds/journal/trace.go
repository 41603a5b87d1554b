package journal

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/oklog/ulid/v2"
)

// ErrUnknown says that the journal has no such exchange.
var ErrUnknown = errors.New("the journal has no such exchange")

// recent is how long ago an exchange may have begun that is found by the provider's id of its
// response, which no index has.
const recent = 24 * time.Hour

// Trace returns an exchange by its id: that which the client was given, that under which it was
// under way, or the provider's of its response, of the last day.
func (j *Journal) Trace(ctx context.Context, id string, now time.Time) (*Exchange, error) {
	if id == "" {
		return nil, ErrUnknown
	}
	for _, find := range []func(context.Context, *statement, string) error{
		j.byExchange, byOpened,
		func(_ context.Context, s *statement, id string) error {
			s.add("began >= ? AND response = ?", now.Add(-recent).UnixNano(), id)
			return nil
		},
	} {
		var s statement
		s.add("SELECT " + read + " FROM journal WHERE kind = 'call' AND ")
		if err := find(ctx, &s, id); err != nil {
			return nil, err
		}
		s.add(" ORDER BY began DESC, attempt DESC LIMIT 1")
		if found, err := j.exchanges(ctx, &s); err != nil || len(found) > 0 {
			return first(found), err
		}
	}
	return nil, ErrUnknown
}

func first(found []Exchange) *Exchange {
	if len(found) == 0 {
		return nil
	}
	return &found[0]
}

// byExchange looks on the day that an id names, or else on every day.
func (j *Journal) byExchange(ctx context.Context, s *statement, id string) error {
	days := []int64{}
	if u, err := ulid.ParseStrict(id); err == nil {
		days = append(days, u.Timestamp().Unix()/86_400)
	} else if days, err = j.days(ctx); err != nil {
		return err
	}
	oneOf(s, "day", days)
	s.add(" AND exchange = ?", id)
	return nil
}

func byOpened(_ context.Context, s *statement, id string) error {
	s.add("opened_as <> '' AND opened_as = ?", id)
	return nil
}

// maxDays bounds the days that are looked at, from the latest on.
const maxDays = 1000

// days are those of which there may be rows.
func (j *Journal) days(ctx context.Context) (days []int64, err error) {
	var s statement
	s.add("SELECT COALESCE((SELECT MIN(day) FROM journal), 0), COALESCE((SELECT MAX(day) FROM journal), 0)")
	rows, err := j.ask(ctx, &s)
	if err != nil {
		return nil, err
	}
	var from, to int64
	if err := each(rows, func(rows *sql.Rows) error { return rows.Scan(&from, &to) }); err != nil {
		return nil, err
	}
	for day := to; day >= from && len(days) < maxDays; day-- {
		days = append(days, day)
	}
	return days, nil
}
