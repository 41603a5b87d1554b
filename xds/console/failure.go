package console

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
)

// Kind is one kind of failure. Failures of it match it with errors.Is, also those that a
// client was answered. A capability brings the kinds of its own.
type Kind struct {
	Code   string // in the answer
	Status int
	When   string // for README.md
}

// The kinds of every route.
var (
	BadRequest      = &Kind{"bad_request", http.StatusBadRequest, "the request itself is faulty"}
	Unauthenticated = &Kind{"unauthenticated", http.StatusUnauthorized, "an admin key is missing (`Authorization: Bearer KEY`), is unknown, was revoked or has expired"}
	Forbidden       = &Kind{"forbidden", http.StatusForbidden, "the host is no loopback name, another site asks for a change, or the right is missing"}
	NotFound        = &Kind{"not_found", http.StatusNotFound, "there is no such path"}
	NotAllowed      = &Kind{"method_not_allowed", http.StatusMethodNotAllowed, "the path takes other methods, which `Allow` lists"}
	TooLarge        = &Kind{"too_large", http.StatusRequestEntityTooLarge, "a body beyond 8 MiB"}
	NotJSON         = &Kind{"unsupported_content", http.StatusUnsupportedMediaType, "a body must be `application/json`"}
	Internal        = &Kind{"internal", http.StatusInternalServerError, "the control plane is at fault"}
	TimedOut        = &Kind{"timed_out", http.StatusServiceUnavailable, "it took too long; a change may still take effect"}
	Unavailable     = &Kind{"unavailable", http.StatusServiceUnavailable, "the control plane's database cannot be used now"}
)

var common = []*Kind{BadRequest, Unauthenticated, Forbidden, NotFound, NotAllowed, TooLarge, NotJSON, Internal, TimedOut, Unavailable}

// Common returns the kinds of failures that every route may have.
func Common() []*Kind { return append([]*Kind(nil), common...) }

// New returns a failure of this kind.
func (k *Kind) New(format string, args ...any) *Failure {
	return &Failure{kind: k, Cause: Cause{k.Code, fmt.Sprintf(format, args...)}}
}

// Error says when failures of this kind come.
func (k *Kind) Error() string { return k.When }

// Failure is the body of every answer that is not a success.
type Failure struct {
	Cause    Cause    `json:"error"`
	Faults   []Fault  `json:"faults,omitempty"`   // of a document, all of them
	Expected string   `json:"expected,omitempty"` // revision, if another is in effect
	InEffect string   `json:"in_effect,omitempty"`
	AdminKey *KeyFile `json:"admin_key,omitempty"` // which file has one, if the request asks for that

	kind *Kind // nil: it was read from an answer
}

// Cause says what went wrong.
type Cause struct {
	Code    string `json:"code"` // of its Kind
	Message string `json:"message"`
}

// Fault is one fault of a document, as policy.Fault.
type Fault struct {
	File    string `json:"file"`
	Line    int    `json:"line"`
	Col     int    `json:"col"`
	Path    string `json:"path,omitempty"`
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"`
}

// KeyFile says where an admin key is, as adminkey.Hint.
type KeyFile struct {
	File  string `json:"file"`
	Proof string `json:"proof"`
}

// Error returns the message.
func (f *Failure) Error() string { return f.Cause.Message }

// Is reports whether the failure is of a kind.
func (f *Failure) Is(target error) bool {
	k, ok := target.(*Kind)
	return ok && k.Code == f.Cause.Code
}

func refuse(w http.ResponseWriter, f *Failure) {
	text, _ := encode(f) // texts and numbers always are JSON
	if f.kind == Unauthenticated {
		w.Header().Set("WWW-Authenticate", "Bearer")
	}
	write(w, f.kind.Status, "application/json", text)
}

// encode returns a value as JSON. A canonical form in it stays what its revision is the
// hash of.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return b.Bytes(), err
}

func write(w http.ResponseWriter, status int, typ string, text []byte) {
	h := w.Header()
	h.Set("Content-Type", typ)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(text) // fails only if nobody is left to read it
}

func notFound(w http.ResponseWriter, r *http.Request) {
	refuse(w, NotFound.New("there is nothing at %s", r.URL.Path))
}
