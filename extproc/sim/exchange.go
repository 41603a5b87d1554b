package sim

import (
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// exchange is one request on its way through the server.
type exchange struct {
	s       *Server
	w       http.ResponseWriter
	r       *http.Request
	rc      *http.ResponseController
	dialect dialect
	arrived time.Time
	served  *Served

	call *call
	do   Behaviour
}

// route is what the provider has at a path.
type route struct {
	method string
	serve  func(*exchange)
}

var routes = map[string]route{
	"/v1/chat/completions":      {http.MethodPost, (*exchange).chat},
	"/v1/embeddings":            {http.MethodPost, (*exchange).embeddings},
	"/v1/messages":              {http.MethodPost, (*exchange).messages},
	"/v1/messages/count_tokens": {http.MethodPost, (*exchange).countTokens},
	"/v1/models":                {http.MethodGet, (*exchange).listModels},
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
	path := x.r.URL.Path
	at, ok := routes[path]
	if id, isModel := strings.CutPrefix(path, "/v1/models/"); isModel && id != "" {
		at, ok = route{http.MethodGet, (*exchange).oneModel}, true
	}
	switch {
	case !ok:
		x.fail(x.noPath())
	case x.r.Method != at.method && !(at.method == http.MethodGet && x.r.Method == http.MethodHead):
		x.fail(x.noMethod())
	case x.dialect == anthropic && x.r.Header.Get("Anthropic-Version") == "":
		x.fail(unfit("anthropic-version: header is required"))
	default:
		at.serve(x)
	}
}

func (x *exchange) noPath() *apiError {
	if x.dialect == anthropic {
		return &apiError{status: http.StatusNotFound, typ: "not_found_error", message: "Not Found"}
	}
	e := invalid("", "", "Invalid URL (%s %s)", x.r.Method, x.r.URL.Path)
	e.status = http.StatusNotFound
	return e
}

func (x *exchange) noMethod() *apiError {
	if x.dialect == anthropic {
		return &apiError{status: http.StatusMethodNotAllowed, typ: "invalid_request_error", message: "Method Not Allowed"}
	}
	e := invalid("", "method_not_supported", "Not allowed to %s on %s. (HINT: Perhaps you meant to use a different HTTP method?)", x.r.Method, x.r.URL.Path)
	e.status = http.StatusMethodNotAllowed
	return e
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

// chat answers POST /v1/chat/completions.
func (x *exchange) chat() {
	c, err := readChat(x.served.Body)
	if !x.begin(c, err) {
		return
	}
	a, fault := x.respond()
	switch {
	case fault != nil:
		x.failWith(fault)
	case c.stream:
		x.play(x.chatEvents(a), a.usage)
	default:
		x.reply(http.StatusOK, jsonType, x.chatJSON(a), a.usage)
	}
}

// messages answers POST /v1/messages.
func (x *exchange) messages() {
	c, err := readMessagesCall(x.served.Body, false)
	if !x.begin(c, err) {
		return
	}
	a, fault := x.respond()
	switch {
	case fault != nil:
		x.failWith(fault)
	case c.stream:
		x.play(x.messageEvents(a), a.usage)
	default:
		x.reply(http.StatusOK, jsonType, x.messageJSON(a), a.usage)
	}
}

// countTokens answers POST /v1/messages/count_tokens, which is free.
func (x *exchange) countTokens() {
	c, err := readMessagesCall(x.served.Body, true)
	if !x.begin(c, err) {
		return
	}
	x.reply(http.StatusOK, jsonType, append(appendCount(nil, `{"input_tokens":`, c.prompt.tokens), '}'), Usage{})
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
		err = x.refuse("x-sim: %v", fault)
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

func (x *exchange) refuse(format string, args ...any) *apiError {
	if x.dialect == anthropic {
		return unfit(format, args...)
	}
	return invalid("", "", format, args...)
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
	do := &x.do
	_, hasConn := x.r.Context().Value(connKey{}).(net.Conn)
	switch {
	case do.Reset != nil && !hasConn:
		return errors.New("reset: the http.Server needs ConnContext")
	case x.dialect == openAI && (do.CacheWrite != nil || do.CacheWrite1h != nil):
		return errors.New("cache-write: this dialect does not report it")
	case x.dialect == anthropic && (do.Audio != nil || do.AudioOut != nil):
		return errors.New("audio: this dialect has none")
	case x.dialect == anthropic && do.ReasoningContent:
		return errors.New("reasoning-content: this dialect shows thinking where the request enables it")
	}
	return do.validate()
}
