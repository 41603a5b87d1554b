package sim

import (
	"fmt"
	"net/http"
)

// apiError is an error as a provider reports it. Empty param and code are null.
type apiError struct {
	status  int
	typ     string
	code    string
	param   string
	message string
	html    bool // from the edge in front of the API, as real 502s are
}

// Error implements error.
func (e *apiError) Error() string { return fmt.Sprintf("%d %s: %s", e.status, e.typ, e.message) }

const badGateway = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>cloudflare</center>\r\n</body>\r\n</html>\r\n"

// badRequest is the error for a request that makes no sense, in both providers' words.
func badRequest(format string, args ...any) *apiError {
	return &apiError{status: http.StatusBadRequest, typ: "invalid_request_error", message: fmt.Sprintf(format, args...)}
}
