package console

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// Route is one call of the API. What it says of itself is in README.md, word by word.
type Route struct {
	Method string
	Path   string // below the prefix, as a pattern of http.ServeMux, such as /history/{revision}; empty: the prefix
	Right  Right
	Action string  // what a change is called in its record, such as policy.push
	Body   string  // what it takes; empty: no body
	Answer string  // what it answers with
	Fails  []*Kind // the failures of its own, beside those of every route; it has no others
	// Handle returns a value that becomes JSON, or an error, of which whatever is no
	// *Failure is Internal. It may run on after the time of the Call's context is over,
	// but nobody waits for it any more.
	Handle func(*Call) (any, error)
}

// safe are the methods that a link or an image of a web page can send.
var safe = []string{http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace}

func (r Route) check() {
	name := "console: " + r.Method + " " + r.Path
	switch {
	case r.Method == "" || r.Handle == nil || r.Answer == "":
		panic(name + ": the method, the answer or the handler is missing")
	case r.Right != Read && r.Right != Change:
		panic(name + ": no right is named")
	case (r.Action == "") == (r.Right == Change):
		panic(name + ": what changes something has an action, and nothing else has one")
	case slices.Contains(safe, r.Method) && (r.Right == Change || r.Body != ""):
		panic(name + ": what changes something or takes a body needs a method that no link can send")
	}
}

// methods are the routes of one path, by method.
type methods map[string]http.Handler

func (m methods) add(method string, h http.Handler) {
	if m[method] != nil {
		panic("console: " + method + " is mounted twice at one path")
	}
	m[method] = h
}

// ServeHTTP serves HEAD as GET, and lists the methods that it knows for any other.
func (m methods) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	method := r.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	if h := m[method]; h != nil {
		h.ServeHTTP(w, r)
		return
	}
	allowed := strings.Join(slices.Sorted(maps.Keys(m)), ", ")
	w.Header().Set("Allow", allowed)
	refuse(w, NotAllowed.New("%s takes %s only", r.URL.Path, allowed))
}

// serve makes a handler of a route.
func (c *Console) serve(r Route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		by, err := c.allowed(req, r.Right)
		if err != nil {
			refuse(w, failureOf(err))
			return
		}
		if !slices.Contains(safe, r.Method) && !isJSON(req) {
			refuse(w, NotJSON.New("a change must be sent as application/json"))
			return
		}
		ctx, cancel := context.WithTimeout(req.Context(), c.options.Timeout)
		defer cancel()
		call, err := newCall(req.WithContext(ctx), by, c.stopping.Done())
		var answer any
		if err == nil {
			answer, err = c.handle(r, call)
		}
		var text []byte
		if err == nil {
			text, err = encode(answer)
		}
		if err != nil {
			refuse(w, r.failure(err))
			return
		}
		if call.revision != "" {
			w.Header().Set("ETag", `"`+call.revision+`"`)
		}
		write(w, http.StatusOK, "application/json", text)
	})
}

// allowed returns who sends a request, who must have a right.
func (c *Console) allowed(req *http.Request, right Right) (Principal, error) {
	by, err := c.options.Who(req)
	if err == nil && !by.May(right) {
		err = Forbidden.New("this takes the right to %s", right)
	}
	return by, err
}

// failure makes a failure of an error. Those who read it run the gateway, and policies
// hold no secrets, so the text of an unknown error is theirs.
func (r Route) failure(err error) *Failure {
	f := failureOf(err)
	if !slices.Contains(common, f.kind) && !slices.Contains(r.Fails, f.kind) {
		return Internal.New("%s, which is no failure of %s %s: %v", f.Cause.Code, r.Method, r.Path, err)
	}
	return f
}

// failureOf is what an error says by itself.
func failureOf(err error) *Failure {
	var failure *Failure
	var away interface{ Unavailable() string }
	switch {
	case errors.As(err, &failure):
		return failure
	case errors.Is(err, context.DeadlineExceeded):
		return TimedOut.New("%v", err)
	case errors.As(err, &away):
		return Unavailable.New("%s", away.Unavailable())
	}
	return Internal.New("%v", err)
}
