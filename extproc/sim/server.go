package sim

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/headgate/headgate/extproc/sim/wire"
)

// Options are the settings of a Server. The zero Options is a provider that
// knows every model and every key.
type Options struct {
	Script  Script   // rules for the whole run
	Keyless bool     // requests need no credential
	Keys    []string // the credentials that are accepted; none: any
	Models  []string // the models that exist; none: every model does, and the list shows the common ones

	Keep      int // exchanges kept by Served; 0: 4096
	KeepBytes int // of their bodies together; 0: 64 MiB
	MaxBody   int // bytes of a request; 0: 32 MiB
	CacheMin  int // tokens of the shortest prefix that the prompt cache keeps; 0: 1024

	Clock Clock  // nil: the machine's
	Seed  uint64 // of the ids; 0: random, so that the ids of two servers differ
}

func (o *Options) validate() error {
	if o.Keep < 0 || o.KeepBytes < 0 || o.MaxBody < 0 || o.CacheMin < 0 {
		return errors.New("sim: keep, keep bytes, max body and cache minimum must not be negative")
	}
	if o.Keyless && len(o.Keys) > 0 {
		return errors.New("sim: keyless, but with keys")
	}
	for i, rule := range o.Script {
		if err := rule.Do.Validate(); err != nil {
			return fmt.Errorf("sim: script[%d]: %w", i, err)
		}
	}
	return nil
}

// Server is the simulated provider. It is an http.Handler for HTTP/1.1 and
// HTTP/2 and safe for concurrent use.
type Server struct {
	opt      Options
	clock    Clock
	dialects []wire.Dialect
	ids      wire.IDs
	book     book
	log      *journal
	cache    promptCache
	seq      atomic.Int64

	closeOnce sync.Once
	closing   chan struct{} // closed by Close: ends what hangs
}

var _ http.Handler = (*Server)(nil)

// New returns a server that is ready to serve.
func New(opt Options) (*Server, error) {
	if err := opt.validate(); err != nil {
		return nil, err
	}
	setDefault(&opt.Keep, 4096)
	setDefault(&opt.KeepBytes, 64<<20)
	setDefault(&opt.MaxBody, 32<<20)
	setDefault(&opt.CacheMin, 1024)
	if opt.Clock == nil {
		opt.Clock = realClock{}
	}
	if opt.Seed == 0 {
		var b [8]byte
		if _, err := rand.Read(b[:]); err != nil {
			return nil, fmt.Errorf("sim: seed of the ids: %w", err)
		}
		opt.Seed = binary.LittleEndian.Uint64(b[:]) | 1
	}
	s := &Server{
		opt: opt, clock: opt.Clock, dialects: dialects(), ids: wire.IDs{Seed: opt.Seed},
		log: newJournal(opt.Keep, opt.KeepBytes), closing: make(chan struct{}),
	}
	s.cache.entries = map[uint64]cacheEntry{}
	s.book.replace(opt.Script)
	return s, nil
}

func setDefault(p *int, v int) {
	if *p == 0 {
		*p = v
	}
}

// Script replaces the rules of the run. It refuses a rule that makes no sense
// and then keeps the old ones.
func (s *Server) Script(rules ...Rule) error {
	for i, rule := range rules {
		if err := rule.Do.Validate(); err != nil {
			return fmt.Errorf("sim: script[%d]: %w", i, err)
		}
	}
	s.book.replace(rules)
	return nil
}

// Served returns the newest finished exchanges in the order of their arrival.
func (s *Server) Served() []Served { return s.log.all() }

// Reset forgets the exchanges, those under way included, and the prompt cache.
// The rules stay, and so do responses and conversations.
func (s *Server) Reset() {
	s.log.reset()
	s.cache.clear()
}

// Wait returns as soon as n exchanges have finished since the last Reset, and
// with ctx's error if ctx ends first.
func (s *Server) Wait(ctx context.Context, n int) error {
	return s.log.wait(ctx, func() bool { return s.log.finished >= n })
}

// WaitReceived is Wait for requests that have arrived, finished or not. It helps
// to catch a request that hangs.
func (s *Server) WaitReceived(ctx context.Context, n int) error {
	return s.log.wait(ctx, func() bool { return s.log.received >= n })
}

// WaitIdle returns as soon as no exchange is under way. A client may have read its
// answer a moment before the exchange counts as finished.
func (s *Server) WaitIdle(ctx context.Context) error {
	return s.log.wait(ctx, func() bool { return s.log.finished == s.log.received })
}

// Close ends the exchanges that hang, now and later, by breaking their
// connections. Others go on. It may be called more than once.
func (s *Server) Close() { s.closeOnce.Do(func() { close(s.closing) }) }

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.control(w, r) {
		return
	}
	x := &exchange{
		s: s, w: w, r: r, rc: http.NewResponseController(w), Turn: wire.Turn{Arrived: s.clock.Now()},
		served: &Served{
			Seq: s.seq.Add(1), Proto: r.Proto, Method: r.Method, Host: r.Host,
			Path: r.URL.Path, Query: r.URL.RawQuery, Header: r.Header, Ended: EndedComplete,
		},
	}
	x.served.Time = x.Arrived
	x.IDs, x.Seq = s.ids, x.served.Seq
	if x.target = s.find(r.Method, r.URL.Path); !x.known {
		x.dialect = s.speaker(r.Header)
	}
	x.RequestID = x.dialect.RequestID(s.ids, x.Seq)
	x.served.RequestID = x.RequestID
	epoch := s.log.arrive()
	defer func() {
		x.served.Took = s.clock.Now().Sub(x.Arrived)
		s.log.finish(x.served, epoch)
	}()
	x.serve()
}

// exists reports whether the provider has a model.
func (s *Server) exists(model string) bool {
	return len(s.opt.Models) == 0 || slices.Contains(s.opt.Models, model)
}

func (s *Server) now() time.Time { return s.clock.Now() }

func (s *Server) accepts(key string) bool {
	return len(s.opt.Keys) == 0 || slices.Contains(s.opt.Keys, key)
}
