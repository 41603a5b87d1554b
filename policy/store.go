package policy

import (
	"regexp"
	"time"

	"github.com/headgate/headgate/policy/strict"
)

// Store says which database the control plane keeps its state and the journal in. The zero
// value is a database of SQLite in the control plane's state folder.
type Store struct {
	SQLite   string     // path of the file; empty: in the state folder
	Postgres Credential // where the database's URL is found, which holds a password; the zero value: SQLite
}

// Journal says how long the rows of exchanges are kept, and what of them a pair may lose.
type Journal struct {
	Retention time.Duration // of rows at the control plane; whole days
	Durable   Durable
	WhenFull  WhenFull
	Spool     int64 // bytes that a pair's rows may take on its disk until the control plane has them
}

// Durable is what of a pair's rows a power cut may lose. The death of a process loses nothing.
type Durable string

// The values of Durable.
const (
	DurableFast   Durable = "fast"   // what the kernel had not written by itself, some 30 s
	DurableGroup  Durable = "group"  // the last 50 ms
	DurableStrict Durable = "strict" // nothing that has ended: the end of each exchange waits for the disk
)

// WhenFull is what a pair does that has no room for further rows.
type WhenFull string

// The values of WhenFull.
const (
	WhenFullDrop WhenFull = "drop" // serves on: rows are lost, and counted
	WhenFullStop WhenFull = "stop" // refuses requests
)

const day = 24 * time.Hour

var defaultJournal = Journal{Retention: 90 * day, Durable: DurableGroup, WhenFull: WhenFullDrop, Spool: 1 << 30}

// DefaultJournal is what holds where no policy says otherwise.
func DefaultJournal() Journal { return defaultJournal }

// sqlitePath is a path of a file, absolute or below the state folder.
var sqlitePath = regexp.MustCompile(`^[!-~][ -~]{0,998}$`)

var storeSection = section{fields: []strict.Member[document]{
	strict.Bind("store", func(d *document) *Store { return &d.Store }, store).Absent("SQLite in the state folder").
		Doc("Database of the control plane: the journal of exchanges, and later all that it must remember. Replicas share what they remember by sharing one of PostgreSQL. Pairs never open it.").
		Example(`store: {postgres: {env: DATABASE_URL}}`),
	strict.Bind("journal", func(d *document) *Journal { return &d.Journal }, journal).
		Doc("Rows of exchanges: what each consumed and cost, and how it ended.").
		Example(`journal: {retention: 90d}`),
}}

var store = strict.NewObject(
	strict.Bind("sqlite", func(s *Store) *string { return &s.SQLite }, strict.Text().Matching(sqlitePath, "must be a path of up to 999 printable ASCII characters")).Absent("headgate.db").
		Doc("Path of a file of SQLite's, absolute or below the control plane's state folder. One process uses it at a time.").
		Example(`sqlite: /var/lib/headgate/headgate.db`),
	strict.Bind("postgres", func(s *Store) *Credential { return &s.Postgres }, databaseURL).Absent("SQLite").
		Doc("Where the URL of a database of PostgreSQL 14 or later is found, as in postgres://USER:PASSWORD@HOST/DATABASE. The control plane alone reads it.").
		Example(`postgres: {env: DATABASE_URL}`),
).OneKey()

var databaseURL = placeOfURL("store", "DATABASE_URL", "/run/secrets/database-url")

// notedURL is where a section of a document says that a URL is found.
type notedURL struct {
	section string
	at      PlacedCredential
}

// placeOfURL is where a URL is found, which may hold a password.
func placeOfURL(section, env, file string) *strict.Object[Credential] {
	return strict.NewObject(
		strict.Bind("env", func(c *Credential) *string { return &c.Env }, strict.Text().Matching(envName, envRule).Secret()).
			Doc("Name of the environment variable that holds the URL.").
			Example(`env: `+env),
		strict.Bind("file", func(c *Credential) *string { return &c.File }, strict.Text().Matching(absolutePath, pathRule).Secret()).
			Doc("Absolute path of the file that holds the URL.").
			Example(`file: `+file),
	).OneKey().Secret().InsteadOfText(notASecret, nameThePlace).Check(func(r *strict.Reader, g *strict.Given, c *Credential) {
		r.Note(notedURL{section, PlacedCredential{Credential: *c, at: g.Place()}})
	})
}

// DatabaseURL returns where the URL of the store's database is found, and where the policy names
// that; nil: it names none. It reads the policy as Credentials does.
func DatabaseURL(files []File) (*PlacedCredential, error) {
	return urlOf("store", files)
}

func urlOf(section string, files []File) (*PlacedCredential, error) {
	c, faults := compile(files, reading{maxBytes: MaxDocument})
	if len(faults) > 0 {
		return nil, strict.NewFaults(files, faults)
	}
	for _, n := range strict.Notes[notedURL](c.Reader) {
		if n.section == section {
			return &n.at, nil
		}
	}
	return nil, nil
}

var journal = strict.NewObject(
	strict.Bind("retention", func(j *Journal) *time.Duration { return &j.Retention }, strict.Days(1, 3660)).Default(defaultJournal.Retention).
		Doc("How long rows are kept, in days. What they add up to by the hour is kept for three years, or as long as the rows if that is longer.").
		Example(`retention: 90d`),
	strict.Bind("durable", func(j *Journal) *Durable { return &j.Durable }, strict.Enum(DurableFast, DurableGroup, DurableStrict)).Default(defaultJournal.Durable).
		Doc("What a power cut at a pair may lose of its rows: fast, what the kernel had not written, some 30 seconds; group, the last 50 milliseconds; strict, nothing that has ended, for which the end of each exchange waits for the disk. No mode loses anything when a process dies.").
		Example(`durable: strict`),
	strict.Bind("when_full", func(j *Journal) *WhenFull { return &j.WhenFull }, strict.Enum(WhenFullDrop, WhenFullStop)).Default(defaultJournal.WhenFull).
		Doc("What a pair does that has no room for further rows, because the control plane takes none for long or its disk is full: drop serves on and counts the rows that are lost; stop refuses requests.").
		Example(`when_full: stop`),
	strict.Bind("spool", func(j *Journal) *int64 { return &j.Spool }, strict.Size(16<<20, 1<<40)).Default(defaultJournal.Spool).
		Doc("Disk that a pair's rows may take until the control plane has them.").
		Example(`spool: 1024MiB`),
)
