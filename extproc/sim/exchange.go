package sim

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
)

// exchange is one request on its way through the server.
type exchange struct {
	s       *Server
	w       http.ResponseWriter
	r       *http.Request
	rc      *http.ResponseController
	dialect dialect
	served  *Served
	turn
}

func (x *exchange) serve() {
	if err := x.readBody(); err != nil {
		x.fail(err)
		return
	}
	key, err := x.credential()
	x.served.Key = key
	if err != nil {
		x.fail(err)
		return
	}
	method, run := x.route(x.r.URL.Path)
	switch {
	case run == nil:
		x.fail(x.dialect.noPath(x.r.Method, x.r.URL.Path))
	case x.r.Method != method && !(method == http.MethodGet && x.r.Method == http.MethodHead):
		x.fail(x.dialect.noMethod(x.r.Method, x.r.URL.Path))
	default:
		if err := x.dialect.check(x.r.Header); err != nil {
			x.fail(err)
			return
		}
		run()
	}
}

// route returns what the provider has at a path, and its method; nil: nothing.
func (x *exchange) route(path string) (method string, run func()) {
	for _, d := range dialects {
		if op, ok := d.operations()[path]; ok {
			return http.MethodPost, func() { x.answerBy(op) }
		}
	}
	if path == modelsPath {
		return http.MethodGet, x.listModels
	}
	if id, ok := strings.CutPrefix(path, modelsPath+"/"); ok && id != "" {
		return http.MethodGet, x.oneModel
	}
	return "", nil
}

// credential returns the key of a request, and the error for one without.
func (x *exchange) credential() (string, *apiError) {
	key := x.dialect.key(x.r.Header)
	switch {
	case x.s.opt.Keyless:
		return key, nil
	case key == "":
		return "", x.dialect.keyless()
	case !x.s.accepts(key):
		return key, x.dialect.failure(http.StatusUnauthorized, "", key, false)
	}
	return key, nil
}

func (x *exchange) readBody() *apiError {
	limit := x.s.opt.MaxBody
	body, err := io.ReadAll(http.MaxBytesReader(x.w, x.r.Body, int64(limit)))
	x.served.Body = body
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return x.dialect.failure(http.StatusRequestEntityTooLarge, "", "", false)
	case err != nil:
		x.leave() // the client broke off its upload
	}
	return nil
}

// answerBy answers a request for one of the dialect's operations.
func (x *exchange) answerBy(op operation) {
	c, err := op.read(x.served.Body)
	if !x.begin(c, err) {
		return
	}
	if op.answer != nil {
		x.header = x.w.Header()
		body, u := op.answer(&x.turn)
		x.reply(http.StatusOK, jsonType, body, u)
		return
	}
	a, fault := x.respond()
	switch {
	case fault != nil:
		x.failWith(fault)
	case c.stream:
		x.play(x.dialect.events(&x.turn, a), a.usage)
	default:
		x.reply(http.StatusOK, jsonType, x.dialect.json(&x.turn, a), a.usage)
	}
}

// begin settles how the request is answered. It returns false where it has
// already answered it with an error: its own faults first, since a script must
// not hide a request that the real provider would refuse.
func (x *exchange) begin(c *call, err *apiError) bool {
	x.call = c
	x.served.Model, x.served.Stream = c.model, c.stream
	fault := x.script()
	switch {
	case fault != nil:
		err = x.dialect.refuse(fmt.Sprintf("x-sim: %v", fault))
	case err == nil && c.model != "" && !x.s.exists(c.model):
		err = x.dialect.failure(http.StatusNotFound, c.model, x.served.Key, false)
	}
	switch {
	case err != nil:
		x.do = Behaviour{}
		x.fail(err)
	case (x.do.Status != 0 || x.do.Quota) && x.do.Error == nil:
		x.fail(x.scripted(http.StatusTooManyRequests))
	default:
		return true
	}
	return false
}

// scripted returns the error of the scripted status, or of another.
func (x *exchange) scripted(otherwise int) *apiError {
	status := x.do.Status
	if status == 0 {
		status = otherwise
	}
	return x.dialect.failure(status, x.call.model, x.served.Key, x.do.Quota)
}

// script finds the behaviour for the request: the rule's, overwritten by the
// model name's, the message's and the header's directives in this order.
func (x *exchange) script() error {
	x.do = x.s.book.find(x.r, x.call.model, x.served.Key)
	if err := x.do.apply(x.call.suffix, '+'); err != nil {
		return err
	}
	tool, tools := x.do.Tool, x.do.Tools
	for _, d := range x.call.directives {
		if err := x.do.apply(d, ' '); err != nil {
			return err
		}
	}
	if x.call.afterTool { // the message's calls are made and answered
		x.do.Tool, x.do.Tools = tool, tools
	}
	for _, h := range x.r.Header["X-Sim"] {
		if err := x.do.apply(h, ';'); err != nil {
			return err
		}
	}
	return x.possible()
}

// possible refuses what this dialect or this transport cannot show.
func (x *exchange) possible() error {
	if _, hasConn := x.r.Context().Value(connKey{}).(net.Conn); x.do.Reset != nil && !hasConn {
		return errors.New("reset: the http.Server needs ConnContext")
	}
	if err := x.dialect.possible(&x.do); err != nil {
		return err
	}
	return x.do.validate()
}
