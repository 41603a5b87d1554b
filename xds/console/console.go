// Package console is the admin API of the control plane: it serves the routes that
// capabilities mount, and guards them.
//
// Who may call it: whoever shows an admin key, at a port that must be loopback. What a web
// page could make the browser of an operator send is refused. README.md lists every route
// with the right that it takes.
//
// The promise: whatever a capability mounts is guarded in the same way, bounded in size
// and time, and fails in the same form; no capability can forget that. The trap: the
// guard knows the host that a request names, not the port that it came through. Whoever
// serves a Console listens on loopback only.
package console

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"time"
)

// Root is the path that every route is below.
const Root = "/api/v1/"

// Timeout bounds one request unless Options say otherwise.
const Timeout = 50 * time.Second

// Options are what a Console is made of.
type Options struct {
	// Who says who sends a request, after the guard let it pass. Its error refuses the
	// request, as Unauthenticated or because it cannot be known. It is required.
	Who func(*http.Request) (Principal, error)
	// Audit is called once for each change that somebody with the right asked for, before it
	// is answered. Without it changes leave no record.
	Audit func(Record)
	// Timeout bounds one request. Without it that is the constant.
	Timeout time.Duration
}

// Console is a handler of everything below Root. Capabilities mount their routes before
// it serves; from then on it is safe for concurrent use.
type Console struct {
	options Options
	mux     *http.ServeMux
	handler http.Handler // mux, guarded
	routes  []Route

	stopping context.Context // ends as the server begins to stop
	stop     context.CancelFunc
}

// New returns a Console without routes.
func New(o Options) *Console {
	o.Timeout = cmp.Or(o.Timeout, Timeout)
	c := &Console{options: o, mux: http.NewServeMux()}
	c.stopping, c.stop = context.WithCancel(context.Background())
	c.handler = guarded(c.mux)
	c.mux.HandleFunc("/", notFound)
	c.mux.Handle(Root+"openapi.yaml", methods{http.MethodGet: http.HandlerFunc(c.describe)})
	return c
}

// Mount serves the routes of a capability below Root and a prefix, such as policy. It
// panics if a route is incomplete, could be called by a link, or is mounted already.
func (c *Console) Mount(prefix string, routes []Route) {
	paths := make(map[string]methods)
	for _, r := range routes {
		r.Path = Root + prefix + r.Path
		r.check()
		c.routes = append(c.routes, r)
		if paths[r.Path] == nil {
			paths[r.Path] = make(methods)
			c.mux.Handle(r.Path, paths[r.Path])
		}
		paths[r.Path].add(r.Method, c.serve(r))
	}
}

// Routes returns what is mounted, with whole paths, in the order of mounting.
func (c *Console) Routes() []Route { return slices.Clone(c.routes) }

// ServeHTTP implements http.Handler.
func (c *Console) ServeHTTP(w http.ResponseWriter, r *http.Request) { c.handler.ServeHTTP(w, r) }

// Server returns a server of the Console whose connections are bounded in time, too: an
// answer to a request that took all of its own time still gets out.
func (c *Console) Server() *http.Server {
	bound := c.options.Timeout + 10*time.Second
	s := &http.Server{Handler: c, ReadTimeout: bound, WriteTimeout: bound, IdleTimeout: bound}
	s.RegisterOnShutdown(c.stop)
	return s
}
