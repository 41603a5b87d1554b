package drill

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// question is what every client asks; %s is the model.
var question = map[Way]string{
	{"openai", false}:    `{"model":%q,"messages":[{"role":"user","content":"Count."}]}`,
	{"openai", true}:     `{"model":%q,"stream":true,"stream_options":{"include_usage":true},"messages":[{"role":"user","content":"Count."}]}`,
	{"anthropic", false}: `{"model":%q,"max_tokens":2000,"messages":[{"role":"user","content":"Count."}]}`,
	{"anthropic", true}:  `{"model":%q,"max_tokens":2000,"stream":true,"messages":[{"role":"user","content":"Count."}]}`,
}

// client is one that follows nothing, decodes nothing and asks nobody's proxy. Each request
// has a connection of its own, because what is sent again by itself would hide a fault.
var client = &http.Client{
	Transport:     &http.Transport{DisableCompression: true, DisableKeepAlives: true},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// ask asks a model once and keeps every byte that comes.
func ask(ctx context.Context, gateway, model string, way Way, patience time.Duration) (seen Seen) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	began := time.Now()
	seen = Seen{Way: way, End: EndCut}
	defer func() { seen.Took = time.Since(began) }()
	path := "/v1/chat/completions"
	if way.Dialect == "anthropic" {
		path = "/v1/messages"
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, gateway+path, strings.NewReader(fmt.Sprintf(question[way], model)))
	if err != nil {
		return seen
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Anthropic-Version", "2023-06-01")
	resp, err := client.Do(req)
	if err == nil {
		defer resp.Body.Close()
		seen.Status, seen.Header = resp.StatusCode, resp.Header
		err = seen.read(resp.Body, began)
	}
	switch {
	case err == nil:
		seen.End = EndClean
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		seen.End = EndGaveUp
	}
	return seen
}

// read reads a body to its end.
func (s *Seen) read(body io.Reader, began time.Time) error {
	buf := make([]byte, 32<<10)
	for {
		n, err := body.Read(buf)
		if n > 0 && s.First == 0 {
			s.First = time.Since(began)
		}
		s.Body = append(s.Body, buf[:n]...)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
