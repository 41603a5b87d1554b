package sim

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"

	"github.com/headgate/headgate/extproc/sim/wire"
)

// exchange is one request on its way through the server.
type exchange struct {
	s       *Server
	w       http.ResponseWriter
	r       *http.Request
	rc      *http.ResponseController
	dialect wire.Dialect
	served  *Served
	wire.Turn
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
		x.fail(x.dialect.NoPath(x.r.Method, x.r.URL.Path))
	case x.r.Method != method && !(method == http.MethodGet && x.r.Method == http.MethodHead):
		x.fail(x.dialect.NoMethod(x.r.Method, x.r.URL.Path))
	default:
		if err := x.dialect.Check(x.r.Header); err != nil {
			x.fail(err)
			return
		}
		run()
	}
}

// route returns what the provider has at a path, and its method; nil: nothing.
func (x *exchange) route(path string) (method string, run func()) {
	for _, d := range dialects {
		if op, ok := d.Operations()[path]; ok {
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
func (x *exchange) credential() (string, *wire.Error) {
	key := x.dialect.Key(x.r.Header)
	switch {
	case x.s.opt.Keyless:
		return key, nil
	case key == "":
		return "", x.dialect.Keyless()
	case !x.s.accepts(key):
		return key, x.dialect.Failure(http.StatusUnauthorized, "", key, false)
	}
	return key, nil
}

func (x *exchange) readBody() *wire.Error {
	limit := x.s.opt.MaxBody
	body, err := io.ReadAll(http.MaxBytesReader(x.w, x.r.Body, int64(limit)))
	x.served.Body = body
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return x.dialect.Failure(http.StatusRequestEntityTooLarge, "", "", false)
	case err != nil:
		x.leave() // the client broke off its upload
	}
	return nil
}

// answerBy answers a request for one of the dialect's operations.
func (x *exchange) answerBy(op wire.Operation) {
	c, err := op.Read(x.served.Body)
	if !x.begin(c, err) {
		return
	}
	if op.Answer != nil {
		x.Header = x.w.Header()
		body, u := op.Answer(&x.Turn)
		x.reply(http.StatusOK, jsonType, body, u)
		return
	}
	a, fault := x.respond()
	switch {
	case fault != nil:
		x.failWith(fault)
	case c.Stream:
		x.play(x.dialect.Events(&x.Turn, a), a.Usage)
	default:
		x.reply(http.StatusOK, jsonType, x.dialect.JSON(&x.Turn, a), a.Usage)
	}
}

// begin chooses how the request is answered. It returns false if it has
// already answered it with an error: its own faults first, since a script must
// not hide a request that the real provider would refuse.
func (x *exchange) begin(c *wire.Call, err *wire.Error) bool {
	x.Call = c
	x.served.Model, x.served.Stream = c.Model, c.Stream
	fault := x.script()
	switch {
	case fault != nil:
		err = x.dialect.Refuse(fmt.Sprintf("x-sim: %v", fault))
	case err == nil && c.Model != "" && !x.s.exists(c.Model):
		err = x.dialect.Failure(http.StatusNotFound, c.Model, x.served.Key, false)
	}
	switch {
	case err != nil:
		x.Do = Behaviour{}
		x.fail(err)
	case (x.Do.Status != 0 || x.Do.Quota) && x.Do.Error == nil:
		x.fail(x.scripted(http.StatusTooManyRequests))
	case x.Do.Reject != "" && (x.Do.Reject != wire.RejectPrefill || c.Prefilled):
		x.fail(x.dialect.Reject(x.Do.Reject, c))
	default:
		return true
	}
	return false
}

// scripted returns the error of the scripted status, or of another.
func (x *exchange) scripted(otherwise int) *wire.Error {
	status := x.Do.Status
	if status == 0 {
		status = otherwise
	}
	return x.dialect.Failure(status, x.Call.Model, x.served.Key, x.Do.Quota)
}

// script finds the behaviour for the request: the rule's, overwritten by the
// model name's, the message's and the header's directives in this order.
func (x *exchange) script() error {
	x.Do = x.s.book.find(x.r, x.Call.Model, x.served.Key)
	if err := x.Do.Apply(x.Call.Suffix, '+'); err != nil {
		return err
	}
	tool, tools := x.Do.Tool, x.Do.Tools
	for _, d := range x.Call.Directives {
		if err := x.Do.Apply(d, ' '); err != nil {
			return err
		}
	}
	if x.Call.AfterTool { // the message's calls are made and answered
		x.Do.Tool, x.Do.Tools = tool, tools
	}
	for _, h := range x.r.Header["X-Sim"] {
		if err := x.Do.Apply(h, ';'); err != nil {
			return err
		}
	}
	return x.possible()
}

// possible refuses what this dialect or this transport cannot show.
func (x *exchange) possible() error {
	if _, hasConn := x.r.Context().Value(connKey{}).(net.Conn); x.Do.Reset != nil && !hasConn {
		return errors.New("reset: the http.Server needs ConnContext")
	}
	if err := x.dialect.Possible(&x.Do); err != nil {
		return err
	}
	return x.Do.Validate()
}
