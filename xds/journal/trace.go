package journal

import (
	"context"
	"errors"
	"time"

	"github.com/oklog/ulid/v2"
)

// ErrUnknown says that the journal has no such exchange.
var ErrUnknown = errors.New("the journal has no such exchange")

// recent is how long ago an exchange may have begun that is found by an id which no index has: a
// provider's, of its response or of the request, or a client's of the request.
const recent = 24 * time.Hour

// Trace returns an exchange by its id: that which the client was given, that under which it was
// under way, or of the last day the provider's of its response or of the request, of that to which
// the provider gave it and not of those to which the cache gave it again, or the client's of the
// request.
func (j *Journal) Trace(ctx context.Context, id string, now time.Time) (*Exchange, error) {
	if id == "" {
		return nil, ErrUnknown
	}
	byProvider := func(s *statement, id string) {
		s.add("began >= ? AND (response = ? OR provider_request = ?) AND usage_source <> '"+cachedUsage+"'", now.Add(-recent).UnixNano(), id, id)
	}
	byClient := func(s *statement, id string) {
		s.add("began >= ? AND ", now.Add(-recent).UnixNano())
		inCommas(s, "request_ids", []string{id})
	}
	for _, find := range []func(*statement, string){byExchange, byOpened, byProvider, byClient} {
		var s statement
		s.add("SELECT " + read + " FROM journal WHERE kind = 'call' AND ")
		find(&s, id)
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
func byExchange(s *statement, id string) {
	if u, err := ulid.ParseStrict(id); err == nil {
		s.add("day = ?", u.Timestamp().Unix()/86_400)
	} else {
		s.add("day IN (SELECT day FROM journal_day)")
	}
	s.add(" AND exchange = ?", id)
}

func byOpened(s *statement, id string) { s.add("opened_as <> '' AND opened_as = ?", id) }
