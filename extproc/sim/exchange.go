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
	s      *Server
	w      http.ResponseWriter
	r      *http.Request
	rc     *http.ResponseController
	served *Served
	target
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
	run, err := x.route()
	if err == nil {
		err = x.dialect.Check(x.r.Header)
	}
	if err != nil {
		x.fail(err)
		return
	}
	run()
}

// route returns how a request is answered by what the provider has at its path.
func (x *exchange) route() (run func(), err *wire.Error) {
	path := x.r.URL.Path
	id, one := strings.CutPrefix(path, modelsPath+"/")
	switch {
	case x.op != nil:
		return x.answer, nil
	case path == modelsPath:
		run = x.listModels
	case one && id != "":
		run = x.oneModel
	case x.known:
		return nil, x.dialect.NoMethod(x.r.Method, path)
	default:
		return nil, x.dialect.NoPath(x.r.Method, path)
	}
	if x.r.Method != http.MethodGet && x.r.Method != http.MethodHead {
		return nil, x.dialect.NoMethod(x.r.Method, path)
	}
	return run, nil
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

// answer answers a request for one of the dialect's operations.
func (x *exchange) answer() {
	c, err := x.op.Read(&wire.Request{
		Body: x.served.Body, IDs: x.ids, Query: x.r.URL.Query(), Account: x.r.Host + "\x00" + x.served.Key, Arrived: x.Arrived,
	})
	if !x.begin(c, err) {
		return
	}
	switch {
	case x.op.Again != nil && c.Stream:
		x.play(x.op.Again(&x.Turn), Usage{})
		return
	case x.op.Answer != nil:
		x.Header = x.w.Header()
		body, u := x.op.Answer(&x.Turn)
		x.reply(http.StatusOK, jsonType, body, u)
		return
	}
	a, fault := x.respond()
	switch {
	case fault != nil:
		x.failWith(fault)
	case x.streams():
		x.play(x.reshaped(x.dialect.Events(&x.Turn, a)), a.Usage)
	default:
		body := wire.Lacking(x.dialect.JSON(&x.Turn, a), x.Do.Without)
		if c.Later {
			x.Do.TTFT, x.Do.TPS = 0, 0
		}
		x.reply(http.StatusOK, jsonType, body, a.Usage)
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
	case x.Do.Reject != "" && rejects(x.Do.Reject, c):
		x.fail(x.dialect.Reject(x.Do.Reject, c))
	default:
		return true
	}
	return false
}

// rejects reports whether a call is one that a scripted cause is about.
func rejects(cause string, c *wire.Call) bool {
	switch cause {
	case wire.RejectPrefill:
		return c.Prefilled
	case wire.RejectContext:
		return !c.Truncates
	default:
		return true
	}
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
