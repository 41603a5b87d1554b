package wire

import (
	"fmt"
	"net/http"
)

// Error is an error as a provider reports it. Empty param and code are null.
type Error struct {
	Status  int
	Type    string
	Code    string
	Param   string
	Message string
	HTML    bool // from the edge in front of the API, as real 502s are
}

// Error implements error.
func (e *Error) Error() string { return fmt.Sprintf("%d %s: %s", e.Status, e.Type, e.Message) }

// BadGateway is the page of an HTML error.
const BadGateway = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>cloudflare</center>\r\n</body>\r\n</html>\r\n"

// BadRequest is the error for a request that makes no sense, in both providers' words.
func BadRequest(format string, args ...any) *Error {
	return &Error{Status: http.StatusBadRequest, Type: "invalid_request_error", Message: fmt.Sprintf(format, args...)}
}
