package console

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net"
	"net/http"

	"github.com/headgate/headgate/policy/loopback"
)

// maxBody is the greatest size of a request's body in bytes.
const maxBody = 8 << 20

// guarded refuses what a web page could make the browser of an operator send. It
// protects reading by the name of the host, because a page may point a name of its
// own at loopback; and writing in addition by where the request came from. A change
// must be asJSON as well.
func guarded(next http.Handler) http.Handler {
	crossOrigin := http.NewCrossOriginProtection()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !atLoopback(r.Host) {
			refuse(w, fail(Forbidden, "the host %q is not loopback: ask by 127.0.0.1, [::1] or localhost", r.Host))
			return
		}
		if err := crossOrigin.Check(r); err != nil {
			refuse(w, fail(Forbidden, "another site asks for a change"))
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		next.ServeHTTP(w, r)
	})
}

// asJSON is a route that takes a body of a content type that no form can send.
func asJSON(next route) route {
	return func(w http.ResponseWriter, r *http.Request) (any, error) {
		if !isJSON(r) {
			return nil, fail(NotJSON, "a change must be sent as application/json")
		}
		return next(w, r)
	}
}

// atLoopback reports whether a Host header, with a port or without, names this machine
// by itself.
func atLoopback(hostport string) bool {
	host := hostport
	if h, _, err := net.SplitHostPort(hostport); err == nil {
		host = h
	}
	return loopback.Host(host)
}

func isJSON(r *http.Request) bool {
	typ, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return err == nil && typ == "application/json"
}

// decode reads a body that is one JSON value without unknown keys.
func decode(r *http.Request, into any) error {
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	err := d.Decode(into)
	if err == nil {
		if _, err = d.Token(); errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = errors.New("something follows the JSON value")
		}
	}
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return err
	}
	return fail(BadRequest, "reading the body: %v", err)
}
