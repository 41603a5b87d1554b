package client

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"html/template"
	"slices"
	"strings"

	"github.com/headgate/headgate/extproc/exchange"
)

// Local is an answer that the gateway has for anybody: it needs no key, is no exchange and
// leaves no row.
type Local struct {
	Name    string // of what was asked for, a closed set
	Status  int
	Headers exchange.Headers
	Body    []byte
}

// LocalAnswer returns the answer to a request that is for the gateway itself; nil: it is for
// none of its pages.
func LocalAnswer(req *exchange.Request) *Local {
	if upgrades(req.Headers) {
		return nil
	}
	if req.Method == "OPTIONS" {
		return options(req)
	}
	if req.Method != "GET" && req.Method != "HEAD" {
		return nil
	}
	switch req.Path {
	case "/":
		return welcome(req.Headers)
	case "/healthz":
		return &Local{Name: Health, Status: 200, Headers: typed("text/plain; charset=utf-8"), Body: []byte("ok\n")}
	case "/favicon.ico", "/robots.txt":
		return &Local{Name: "nothing", Status: 404, Headers: typed("text/plain; charset=utf-8"), Body: []byte("There is nothing here.\n")}
	}
	return nil
}

// Health is the name of the answer to health checks.
const Health = "healthz"

// Stopping is the answer to health checks of a gateway that begins nothing any more.
func Stopping() *Local {
	return &Local{Name: Health, Status: 503, Headers: typed("text/plain; charset=utf-8"), Body: []byte("stopping\n")}
}

func typed(contentType string) exchange.Headers {
	return exchange.Headers{{Name: "content-type", Value: []byte(contentType)}}
}

// options says which methods there are at a path. A browser's question whether a page of another
// origin may ask is answered by Envoy if the policy allows the origin. Otherwise it is answered
// here, without the headers that would allow it.
func options(req *exchange.Request) *Local {
	_, _, methods := locate(req.Path).find("OPTIONS")
	if methods == nil {
		methods = []string{"GET", "POST", "DELETE"}
	}
	if slices.Contains(methods, "GET") {
		methods = append(methods, "HEAD")
	}
	allow := strings.Join(append(methods, "OPTIONS"), ", ")
	return &Local{Name: "options", Status: 204, Headers: exchange.Headers{{Name: "allow", Value: []byte(allow)}}}
}

// pointers are the URLs that a client of the gateway needs.
type pointers struct {
	Name      string `json:"name"`
	OpenAI    string `json:"openai_base_url"`
	Anthropic string `json:"anthropic_base_url"`
	Models    string `json:"models"`
	Health    string `json:"health"`
}

//go:embed welcome.html
var welcomeText string

var welcomePage = template.Must(template.New("welcome").Parse(welcomeText))

// welcome says what the gateway is and how clients are pointed at it: to people with a browser as
// a page, and to programs as JSON. It has nothing of the policy.
func welcome(h exchange.Headers) *Local {
	at := root(h)
	p := pointers{Name: "Headgate", OpenAI: at + version, Anthropic: at, Models: at + version + "/models", Health: at + "/healthz"}
	l := &Local{Name: "welcome", Status: 200, Headers: typed("application/json")}
	var body bytes.Buffer
	if strings.Contains(string(h.Get("accept")), "text/html") {
		l.Headers = typed("text/html; charset=utf-8")
		_ = welcomePage.Execute(&body, p) // a buffer takes all, and the page has no more than the fields
	} else {
		_ = json.NewEncoder(&body).Encode(p)
	}
	l.Body = body.Bytes()
	for _, header := range [][2]string{
		{"cache-control", "no-store"}, {"vary", "accept, host"}, {"x-content-type-options", "nosniff"},
		{"content-security-policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"},
	} {
		l.Headers = append(l.Headers, exchange.Header{Name: header[0], Value: []byte(header[1])})
	}
	return l
}
