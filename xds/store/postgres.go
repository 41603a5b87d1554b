package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// What one process takes of PostgreSQL: connections for questions, and others for writes, so
// that neither waits for the other.
const (
	askers  = 8
	writers = 4
)

// connectWithin bounds a connection to PostgreSQL unless its URL does.
const connectWithin = 5 * time.Second

// oldest is the first version of PostgreSQL that is supported, as it numbers itself.
const oldest = 14_00_00

// OpenPostgres opens a database of PostgreSQL 14 or later. The URL holds a secret, which no
// error quotes.
func OpenPostgres(ctx context.Context, url string) (*Store, error) {
	s, err := openPostgres(ctx, url)
	if err != nil {
		return nil, err
	}
	if err := s.migrate(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func parseURL(url string) (*pgx.ConnConfig, error) {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, errors.New("what should be the database's URL cannot be read; it looks like postgres://user:password@host:5432/name")
	}
	return config, nil
}

// openPostgres opens a database whose schema may be any.
func openPostgres(ctx context.Context, url string) (*Store, error) {
	config, err := parseURL(url)
	if err != nil {
		return nil, err
	}
	if config.ConnectTimeout == 0 || config.ConnectTimeout > connectWithin {
		config.ConnectTimeout = connectWithin
	}
	if config.RuntimeParams["application_name"] == "" {
		config.RuntimeParams["application_name"] = "headgate"
	}
	s := &Store{Postgres: true, Read: connections(planned(config), askers), Write: connections(config, writers)}
	if err := s.checkVersion(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// planned has each question planned with its parameters: a plan for any of them looks at the
// partitions of all days.
func planned(config *pgx.ConnConfig) *pgx.ConnConfig {
	config = config.Copy()
	if config.DefaultQueryExecMode == pgx.QueryExecModeCacheStatement {
		config.DefaultQueryExecMode = pgx.QueryExecModeCacheDescribe
	}
	return config
}

func connections(config *pgx.ConnConfig, n int) *sql.DB {
	db := sql.OpenDB(connector{stdlib.GetConnector(*config)})
	db.SetMaxOpenConns(n)
	db.SetMaxIdleConns(n)
	db.SetConnMaxIdleTime(time.Minute)
	return db
}

// connector says of what cannot be reached that it is unavailable, and why.
type connector struct{ driver.Connector }

func (c connector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, &unavailable{explain(err), err}
	}
	return conn, nil
}

func (s *Store) checkVersion(ctx context.Context) error {
	var number int
	if err := s.Read.QueryRowContext(ctx, "SELECT current_setting('server_version_num')::int").Scan(&number); err != nil {
		return err
	}
	if number < oldest {
		return fmt.Errorf("PostgreSQL %d is too old: it takes %d or later", number/10_000, oldest/10_000)
	}
	return nil
}

// InPostgres runs a transaction by means that database/sql does not have.
func (s *Store) InPostgres(ctx context.Context, f func(pgx.Tx) error) error {
	conn, err := s.Write.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close() // it goes back to the others
	return conn.Raw(func(c any) error { return pgx.BeginFunc(ctx, c.(*stdlib.Conn).Conn(), f) })
}
