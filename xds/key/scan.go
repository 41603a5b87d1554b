package key

import (
	"database/sql"
	"encoding/json"
	"fmt"
)

// scan reads a key and one of its secrets; nil: it has none.
func scan(rows *sql.Rows) (k Key, one *Secret, err error) {
	var (
		attributes                string
		created, expires, revoked int64
		hash                      []byte
		began, until              sql.NullInt64
	)
	if err := rows.Scan(&k.ID, &k.Name, &k.Role, &attributes, &created, &k.CreatedBy, &expires, &revoked, &k.RevokedBy, &k.changed, &hash, &began, &until); err != nil {
		return k, nil, err
	}
	k.Created, k.Expires, k.Revoked = timeOf(created), timeOf(expires), timeOf(revoked)
	if err := json.Unmarshal([]byte(attributes), &k.Attributes); err != nil {
		return k, nil, fmt.Errorf("attributes of %s: %w", k.ID, err)
	}
	if hash == nil {
		return k, nil, nil
	}
	one = &Secret{Created: timeOf(began.Int64), Until: timeOf(until.Int64)}
	if copy(one.hash[:], hash) != len(hash) || len(hash) != len(one.hash) {
		return k, nil, fmt.Errorf("a hash of %s has %d bytes", k.ID, len(hash))
	}
	return k, one, nil
}
