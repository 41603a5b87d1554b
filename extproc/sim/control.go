package sim

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/headgate/headgate/extproc/sim/openai"
)

const (
	controlPrefix = "/sim/"
	maxScript     = 1 << 20
)

// control answers the paths below /sim/, which steer the server and are not part
// of any provider. It returns false for others.
func (s *Server) control(w http.ResponseWriter, r *http.Request) bool {
	if !strings.HasPrefix(r.URL.Path, controlPrefix) {
		return false
	}
	switch r.Method + " " + r.URL.Path {
	case "GET /sim/healthz":
		io.WriteString(w, "ok\n")
	case "GET /sim/log":
		s.writeLog(w, r.URL.Query().Get("full") == "1")
	case "DELETE /sim/log":
		s.Reset()
		w.WriteHeader(http.StatusNoContent)
	case "PUT /sim/script":
		s.putScript(w, r)
	default:
		http.Error(w, "the simulated provider has GET /sim/healthz, GET /sim/log, DELETE /sim/log and PUT /sim/script", http.StatusNotFound)
	}
	return true
}

func (s *Server) putScript(w http.ResponseWriter, r *http.Request) {
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxScript))
	if err != nil {
		status := http.StatusBadRequest
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			status = http.StatusRequestEntityTooLarge
		}
		http.Error(w, "script: "+err.Error(), status)
		return
	}
	script, err := ParseScript("script", data)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s.book.replace(script)
	w.WriteHeader(http.StatusNoContent)
}

// logLine is an exchange as GET /sim/log shows it.
type logLine struct {
	Seq       int64       `json:"seq"`
	Time      time.Time   `json:"time"`
	TookMS    float64     `json:"took_ms"`
	Proto     string      `json:"proto"`
	Method    string      `json:"method"`
	Host      string      `json:"host"`
	Path      string      `json:"path"`
	Model     string      `json:"model,omitempty"`
	Stream    bool        `json:"stream"`
	Status    int         `json:"status"`
	Usage     Usage       `json:"usage"`
	BodyBytes int         `json:"body_bytes"`
	BytesSent int64       `json:"bytes_sent"`
	Events    int         `json:"events"`
	Ended     Ended       `json:"ended"`
	ID        string      `json:"id,omitempty"`
	RequestID string      `json:"request_id"`
	Key       string      `json:"key"` // masked unless full
	Query     string      `json:"query,omitempty"`
	Header    http.Header `json:"header,omitempty"`      // full only
	Body      *string     `json:"body,omitempty"`        // full only, if it is UTF-8
	Base64    []byte      `json:"body_base64,omitempty"` // full only, if it is not
}

// writeLog writes the exchanges as JSON lines. Credentials, headers and bodies
// are in it only if the reader asks for them.
func (s *Server) writeLog(w http.ResponseWriter, full bool) {
	w.Header().Set("Content-Type", "application/x-ndjson")
	enc := json.NewEncoder(w)
	for _, e := range s.Served() {
		line := logLine{
			Seq: e.Seq, Time: e.Time, TookMS: float64(e.Took) / float64(time.Millisecond), Proto: e.Proto, Method: e.Method,
			Host: e.Host, Path: e.Path, Model: e.Model, Stream: e.Stream, Status: e.Status, Usage: e.Usage,
			BodyBytes: len(e.Body), BytesSent: e.BytesSent, Events: e.Events, Ended: e.Ended, ID: e.ID,
			RequestID: e.RequestID, Key: openai.MaskKey(e.Key),
		}
		if full {
			line.Key, line.Header, line.Query = e.Key, e.Header, e.Query
			if body := string(e.Body); utf8.ValidString(body) {
				line.Body = &body
			} else {
				line.Base64 = e.Body
			}
		}
		if enc.Encode(line) != nil {
			return // the reader left
		}
	}
}
