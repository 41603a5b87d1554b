package console

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/policy/source"
)

// Code says what kind of failure an answer is. The set is closed.
type Code string

// The values of Code, each with its HTTP status.
const (
	BadRequest      Code = "bad_request"         // 400: the request itself is faulty
	Forbidden       Code = "forbidden"           // 403: it may come from another site
	NotFound        Code = "not_found"           // 404: there is no such path
	UnknownRevision Code = "unknown_revision"    // 404: the history does not hold it
	NotAllowed      Code = "method_not_allowed"  // 405
	Conflict        Code = "conflict"            // 409: another revision is in effect than expected
	TooLarge        Code = "too_large"           // 413
	NotJSON         Code = "unsupported_content" // 415: a body must be application/json
	InvalidPolicy   Code = "invalid_policy"      // 422: the policy has faults
	UnfitPolicy     Code = "unfit_policy"        // 422: it has none, but cannot be in effect here
	Internal        Code = "internal"            // 500
)

var statuses = map[Code]int{
	BadRequest: http.StatusBadRequest, Forbidden: http.StatusForbidden,
	NotFound: http.StatusNotFound, UnknownRevision: http.StatusNotFound,
	NotAllowed: http.StatusMethodNotAllowed, Conflict: http.StatusConflict,
	TooLarge: http.StatusRequestEntityTooLarge, NotJSON: http.StatusUnsupportedMediaType,
	InvalidPolicy: http.StatusUnprocessableEntity, UnfitPolicy: http.StatusUnprocessableEntity, Internal: http.StatusInternalServerError,
}

// Failure is the body of every answer that is not a success.
type Failure struct {
	Cause    Cause   `json:"error"`
	Faults   []Fault `json:"faults,omitempty"`   // all of them, with InvalidPolicy
	Expected string  `json:"expected,omitempty"` // revision, with Conflict
	InEffect string  `json:"in_effect,omitempty"`
}

// Cause says what went wrong.
type Cause struct {
	Code    Code   `json:"code"`
	Message string `json:"message"`
}

// Fault is one fault of a policy, as policy.Fault.
type Fault struct {
	File    string `json:"file"`
	Line    int    `json:"line"`
	Col     int    `json:"col"`
	Path    string `json:"path,omitempty"`
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"`
}

// Error returns the message.
func (f *Failure) Error() string { return f.Cause.Message }

func fail(code Code, format string, args ...any) *Failure {
	return &Failure{Cause: Cause{code, fmt.Sprintf(format, args...)}}
}

// classify makes a failure of an error. Those who read it run the gateway, and
// policies hold no secrets, so the text of an unknown error is theirs.
func classify(err error) *Failure {
	var failure *Failure
	var faults *policy.Faults
	var unfit *source.ApplyError
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &failure):
		return failure
	case errors.As(err, &faults):
		return invalid(faults)
	case errors.As(err, &unfit):
		return fail(UnfitPolicy, "%v", err)
	case errors.Is(err, source.ErrIncomplete):
		return fail(BadRequest, "%v", err)
	case errors.Is(err, source.ErrConflict):
		return fail(Conflict, "%v", err)
	case errors.Is(err, source.ErrUnknownRevision):
		return fail(UnknownRevision, "%v", err)
	case errors.As(err, &large):
		return fail(TooLarge, "the body is larger than %d bytes", large.Limit)
	}
	return fail(Internal, "%v", err)
}

func invalid(faults *policy.Faults) *Failure {
	f := fail(InvalidPolicy, "the policy has faults")
	for _, fault := range faults.Faults {
		f.Faults = append(f.Faults, Fault(fault))
	}
	return f
}

// answered makes a handler of a route.
func answered(r route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, err := r(w, req)
		if err != nil {
			refuse(w, classify(err))
			return
		}
		write(w, http.StatusOK, body)
	})
}

func refuse(w http.ResponseWriter, f *Failure) {
	w.Header().Del("ETag")
	write(w, statuses[f.Cause.Code], f)
}

func write(w http.ResponseWriter, status int, body any) {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false) // a canonical form stays what its revision is the hash of
	_ = e.Encode(body)     // fails only where nobody is left to read it
}

func notFound(_ http.ResponseWriter, r *http.Request) (any, error) {
	return nil, fail(NotFound, "there is nothing at %s", r.URL.Path)
}

func notAllowed(methods map[string]route) route {
	allowed := strings.Join(slices.Sorted(maps.Keys(methods)), ", ")
	return func(w http.ResponseWriter, r *http.Request) (any, error) {
		w.Header().Set("Allow", allowed)
		return nil, fail(NotAllowed, "%s takes %s only", r.URL.Path, allowed)
	}
}
