package key

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/headgate/headgate/policy/keyform"
	"github.com/headgate/headgate/xds/store"
)

// List returns all keys, the newest first; without ended, those alone that are active.
func (s *Service) List(ctx context.Context, ended bool) ([]Key, error) {
	match, now := "TRUE", nanos(s.options.Now())
	var values []any
	if !ended {
		match, values = "revoked = 0 AND (expires = 0 OR expires > ?)", []any{now}
	}
	return s.ask(ctx, now, match, values...)
}

// Get returns a key by its id or its name. Of several that had the name it is the one that was
// not revoked, or the newest.
func (s *Service) Get(ctx context.Context, key string) (*Key, error) {
	all, err := s.ask(ctx, nanos(s.options.Now()), named, nameOf(key)...)
	if err == nil && len(all) == 0 {
		err = unknown(key)
	}
	if err != nil {
		return nil, err
	}
	return &all[0], nil
}

func (s *Service) ask(ctx context.Context, now int64, match string, values ...any) ([]Key, error) {
	db, err := s.options.Database.Open(ctx)
	if err != nil {
		return nil, err
	}
	within, cancel := context.WithTimeout(ctx, changeWithin)
	defer cancel()
	return keys(within, db.Read, db, now, match, values...)
}

// named matches the key that has an id, which may stand in a key's text, or a name.
const named = "id = (SELECT id FROM access_key WHERE id = ? OR name = ? ORDER BY CASE WHEN id = ? THEN 0 WHEN revoked = 0 THEN 1 ELSE 2 END, created DESC, id LIMIT 1)"

// nameOf are the values of named.
func nameOf(key string) []any {
	id := key
	if rest, ok := strings.CutPrefix(key, keyform.Prefix); ok && len(rest) >= keyform.IDLength {
		id = rest[:keyform.IDLength]
	}
	return []any{id, key, id}
}

// unknown says that there is no such key, and quotes no secret.
func unknown(key string) error {
	if id := keyform.ID([]byte(key)); id != nil {
		key = keyform.Mask(string(id))
	}
	return refuse(ErrNotFound, "there is no key %s", key)
}

// asker is a database or a transaction.
type asker interface {
	QueryContext(context.Context, string, ...any) (*sql.Rows, error)
}

const columns = "id, name, role, attributes, created, created_by, expires, revoked, revoked_by, changed"

// keys returns the keys that match, the newest first, with those of their secrets that are taken
// at a moment or later.
func keys(ctx context.Context, a asker, db *store.Store, now int64, match string, values ...any) ([]Key, error) {
	question := "SELECT k." + strings.ReplaceAll(columns, ", ", ", k.") + ", h.hash, h.created, h.until FROM (SELECT * FROM access_key WHERE " + match +
		") k LEFT JOIN access_hash h ON h.key = k.id AND (h.until = 0 OR h.until > ?) ORDER BY k.created DESC, k.id, CASE WHEN h.until = 0 THEN 0 ELSE 1 END, h.created DESC, h.hash"
	rows, err := a.QueryContext(ctx, db.SQL(question), append(values, now)...)
	if err != nil {
		return nil, fmt.Errorf("keys: %w", err)
	}
	defer rows.Close() // Err says all
	var all []Key
	for rows.Next() {
		k, one, err := scan(rows)
		if err != nil {
			return nil, fmt.Errorf("keys: %w", err)
		}
		if n := len(all); n == 0 || all[n-1].ID != k.ID {
			all = append(all, k)
		}
		if one != nil {
			last := &all[len(all)-1]
			last.Secrets = append(last.Secrets, *one)
		}
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("keys: %w", err)
	}
	return all, nil
}
