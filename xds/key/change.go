package key

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/headgate/headgate/policy/keyform"
	"github.com/headgate/headgate/xds/store"
)

// changeWithin bounds a change: a database that hangs is one that is away.
const changeWithin = 10 * time.Second

// change is one transaction. All changes of a database come one after the other, each with a
// version above the one before.
type change struct {
	*sql.Tx
	store   *store.Store
	ctx     context.Context // of the transaction, which this is
	now     time.Time
	version int64
	hasher  *keyform.Hasher
}

// change runs a transaction.
func (s *Service) change(ctx context.Context, f func(*change) error) error {
	db, err := s.options.Database.Open(ctx)
	if err != nil {
		return err
	}
	within, cancel := context.WithTimeout(ctx, changeWithin)
	defer cancel()
	err = transact(within, db, s.options.Now().UTC(), f)
	if ctx.Err() == nil { // else whoever asked has left
		s.options.Database.Wrote(db, fault(err))
	}
	if err == nil && s.options.Changed != nil {
		s.options.Changed()
	}
	return err
}

func transact(ctx context.Context, db *store.Store, now time.Time, f func(*change) error) error {
	tx, err := db.Write.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("keys: %w", err)
	}
	defer tx.Rollback() // an error says that it was committed
	c := &change{Tx: tx, store: db, ctx: ctx, now: now}
	if err := c.begin(); err != nil {
		return fmt.Errorf("keys: %w", err)
	}
	if err := f(c); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("keys: %w", err)
	}
	return nil
}

// begin takes the next version, for which others wait. It is a time in microseconds, so that it
// lies above those that a database which was restored has lost.
func (c *change) begin() error {
	if err := c.exec("INSERT INTO access_state (one, pepper, version) VALUES (1, ?, 0) ON CONFLICT DO NOTHING", keyform.NewPepper()); err != nil {
		return err
	}
	var pepper []byte
	at := c.now.UnixMicro()
	row := c.QueryRowContext(c.ctx, c.store.SQL("UPDATE access_state SET version = CASE WHEN version < ? THEN ? ELSE version + 1 END WHERE one = 1 RETURNING version, pepper"), at, at)
	if err := row.Scan(&c.version, &pepper); err != nil {
		return err
	}
	c.hasher = keyform.NewHasher(pepper)
	return nil
}

func (c *change) exec(statement string, values ...any) error {
	if _, err := c.ExecContext(c.ctx, c.store.SQL(statement), values...); err != nil {
		return fmt.Errorf("keys: %w", err)
	}
	return nil
}

// find returns the key that has an id or a name; nil: there is none.
func (c *change) find(key string) (*Key, error) {
	all, err := keys(c.ctx, c.Tx, c.store, nanos(c.now), named, nameOf(key)...)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	return &all[0], nil
}

// named is find, of a key that must be there.
func (c *change) named(key string) (*Key, error) {
	k, err := c.find(key)
	if err == nil && k == nil {
		err = unknown(key)
	}
	return k, err
}

func (k *Key) notRevoked() error {
	if !k.Revoked.IsZero() {
		return refuse(ErrEnded, "the key %s was revoked: make another", k.Name)
	}
	return nil
}

func (k *Key) active(now time.Time) error {
	if err := k.notRevoked(); err != nil {
		return err
	}
	if k.State(now) == Expired {
		return refuse(ErrEnded, "the key %s has expired: let it expire later, or make another", k.Name)
	}
	return nil
}

func (c *change) insert(k *Key) error {
	attributes, err := json.Marshal(k.Attributes)
	if err != nil {
		return err
	}
	k.changed = c.version
	return c.exec("INSERT INTO access_key ("+columns+") VALUES (?"+strings.Repeat(", ?", strings.Count(columns, ","))+")",
		k.ID, k.Name, k.Role, string(attributes), nanos(k.Created), k.CreatedBy, nanos(k.Expires), nanos(k.Revoked), k.RevokedBy, k.changed)
}

// save writes what of a key may change.
func (c *change) save(k *Key) error {
	attributes, err := json.Marshal(k.Attributes)
	if err != nil {
		return err
	}
	k.changed = c.version
	return c.exec("UPDATE access_key SET attributes = ?, expires = ?, revoked = ?, revoked_by = ?, changed = ? WHERE id = ?",
		string(attributes), nanos(k.Expires), nanos(k.Revoked), k.RevokedBy, k.changed, k.ID)
}

// addSecret makes a text of a key.
func (c *change) addSecret(k *Key) (text string, err error) {
	text = keyform.New(k.ID)
	one := Secret{Created: c.now, hash: c.hasher.Hash([]byte(text))}
	k.Secrets = append([]Secret{one}, k.Secrets...)
	if err := c.exec("INSERT INTO access_hash (key, hash, created, until) VALUES (?, ?, ?, 0)", k.ID, one.hash[:], nanos(c.now)); err != nil {
		return "", err
	}
	return text, c.save(k)
}

// endSecrets lets the texts of a key end at a moment, unless they end sooner.
func (c *change) endSecrets(k *Key, at time.Time) error {
	var left []Secret
	for _, one := range k.Secrets {
		if one.Until.IsZero() || at.Before(one.Until) {
			one.Until = at
		}
		if one.Until.After(c.now) {
			left = append(left, one)
		}
	}
	k.Secrets = left
	return c.exec("UPDATE access_hash SET until = ? WHERE key = ? AND (until = 0 OR until > ?)", nanos(at), k.ID, nanos(at))
}
