package sim

import (
	"net/http"
	"strings"
)

// dialect is the wire format of one provider.
type dialect int

const (
	openAI dialect = iota
	anthropic
)

// dialectOf tells whose client sent a request: Anthropic's paths and every
// request with its version header are Anthropic's.
func dialectOf(r *http.Request) dialect {
	switch path := r.URL.Path; {
	case path == "/v1/messages" || strings.HasPrefix(path, "/v1/messages/"):
		return anthropic
	case path == "/v1/chat/completions" || path == "/v1/embeddings":
		return openAI
	}
	if r.Header.Get("Anthropic-Version") != "" {
		return anthropic
	}
	return openAI
}

func (d dialect) requestID(s *Server, seq int64) string {
	if d == anthropic {
		return string(s.ids.text([]byte("req_011C"), 21, seq, 0))
	}
	return "req_" + s.ids.hex(seq)
}

// failure returns the error that the provider gives with a status.
func (d dialect) failure(status int, model, key string, quota bool) *apiError {
	if d == anthropic {
		return anthropicFailure(status, model, quota)
	}
	return openAIFailure(status, model, key, quota)
}

// credential returns the key of a request, and the error for one without.
func (x *exchange) credential() (string, *apiError) {
	h := x.r.Header
	key := h.Get("X-Api-Key")
	if bearer, ok := strings.CutPrefix(h.Get("Authorization"), "Bearer "); ok && (x.dialect == openAI || key == "") {
		key = bearer
	} else if x.dialect == openAI {
		key = ""
	}
	switch {
	case x.s.opt.Keyless:
		return key, nil
	case key == "" && x.dialect == anthropic:
		return "", &apiError{status: 401, typ: "authentication_error", message: "x-api-key header is required"}
	case key == "":
		return "", &apiError{status: 401, typ: "invalid_request_error", message: "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY)."}
	case !x.s.accepts(key):
		return key, x.dialect.failure(401, "", key, false)
	}
	return key, nil
}

func (s *Server) accepts(key string) bool {
	if len(s.opt.Keys) == 0 {
		return true
	}
	for _, k := range s.opt.Keys {
		if k == key {
			return true
		}
	}
	return false
}
