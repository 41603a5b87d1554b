package console_test

import (
	"errors"
	"fmt"
	"log"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/headgate/headgate/xds/console"
	"github.com/headgate/headgate/xds/console/consoletest"
)

var tooHot = &console.Kind{Code: "too_hot", Status: http.StatusTeapot, When: "it is too hot"}

// foreign is a capability that the Console knows nothing about. It answers with who asks
// and what was sent.
type foreign struct{ calls atomic.Int32 }

type sent struct {
	Name string `json:"name"`
}

func (f *foreign) routes() []console.Route {
	echo := func(call *console.Call) (any, error) {
		f.calls.Add(1)
		var body sent
		if err := call.Decode(&body); err != nil {
			return nil, err
		}
		return call.By.Author(body.Name), nil
	}
	seen := func(call *console.Call) (any, error) { f.calls.Add(1); return call.PathValue("name"), nil }
	return []console.Route{
		{Method: "GET", Path: "/{name}", Right: console.Read, Answer: "it", Handle: seen},
		{Method: "DELETE", Path: "/{name}", Right: console.Change, Action: "tea.pour", Answer: "it", Handle: seen},
		{Method: "PUT", Right: console.Change, Action: "tea.pour", Body: "it", Answer: "it", Handle: echo},
		{Method: "POST", Path: "/weigh", Right: console.Read, Body: "it", Answer: "it", Handle: echo},
	}
}

// calls are one good call of each route.
var calls = []struct {
	method, path string
	body         any
}{
	{"GET", "/api/v1/tea/green", nil}, {"DELETE", "/api/v1/tea/green", nil},
	{"PUT", "/api/v1/tea", sent{"green"}}, {"POST", "/api/v1/tea/weigh", sent{"green"}},
}

func mounted(t *testing.T, who func(*http.Request) (console.Principal, error)) (*foreign, consoletest.API) {
	t.Helper()
	f, c := &foreign{}, console.New(console.Options{Who: who})
	c.Mount("tea", f.routes())
	return f, consoletest.Serve(t, c)
}

func TestEveryRouteIsServed(t *testing.T) {
	f, api := mounted(t, consoletest.Anyone)
	for _, c := range calls {
		if got := consoletest.Want[string](t, api.Ask(c.method, c.path, c.body, "Origin", api.URL), 200); got != "green" {
			t.Errorf("%s %s answered %q", c.method, c.path, got)
		}
	}
	if n := f.calls.Load(); int(n) != len(calls) {
		t.Errorf("%d calls came through", n)
	}
}

// TestEveryRouteIsGuarded holds that no capability has to think of the guard: whatever
// it mounts is not even called.
func TestEveryRouteIsGuarded(t *testing.T) {
	rights := func(all ...console.Right) func(*http.Request) (console.Principal, error) {
		return func(*http.Request) (console.Principal, error) {
			return console.Principal{Name: "eve", Rights: all}, nil
		}
	}
	const link, always, change = 1, 2, 3 // which calls are refused: all but GET, all, those of the right to change
	for _, row := range []struct {
		name    string
		who     func(*http.Request) (console.Principal, error)
		headers []string
		of      int
		kind    *console.Kind
	}{
		{"a name that somebody points here", consoletest.Anyone, []string{"Host", "rebound.example"}, always, console.Forbidden},
		{"another site", consoletest.Anyone, []string{"Sec-Fetch-Site", "cross-site"}, link, console.Forbidden},
		{"another port of the site", consoletest.Anyone, []string{"Sec-Fetch-Site", "same-site"}, link, console.Forbidden},
		{"another origin", consoletest.Anyone, []string{"Origin", "http://evil.example"}, link, console.Forbidden},
		{"another port as the origin", consoletest.Anyone, []string{"Origin", "http://127.0.0.1:1"}, link, console.Forbidden},
		{"a hidden origin", consoletest.Anyone, []string{"Origin", "null"}, link, console.Forbidden},
		{"a form", consoletest.Anyone, []string{"Content-Type", "application/x-www-form-urlencoded"}, link, console.NotJSON},
		{"plain text", consoletest.Anyone, []string{"Content-Type", "text/plain"}, link, console.NotJSON},
		{"no content type", consoletest.Anyone, []string{"Content-Type", ""}, link, console.NotJSON},
		{"somebody without rights", rights(), nil, always, console.Forbidden},
		{"somebody who may change and not read", rights(console.Change), nil, -change, console.Forbidden},
		{"somebody who may read only", rights(console.Read), nil, change, console.Forbidden},
	} {
		t.Run(row.name, func(t *testing.T) {
			f, api := mounted(t, row.who)
			for _, c := range calls {
				isChange := c.method == "PUT" || c.method == "DELETE"
				refused := row.of == always || row.of == link && c.method != "GET" || row.of == change && isChange || row.of == -change && !isChange
				before, got := f.calls.Load(), api.Ask(c.method, c.path, c.body, row.headers...)
				if !refused {
					consoletest.Want[string](t, got, 200)
					continue
				}
				consoletest.Fails(t, got, row.kind)
				if f.calls.Load() != before {
					t.Errorf("%s %s was called", c.method, c.path)
				}
			}
		})
	}
}

func TestEveryBodyIsBounded(t *testing.T) {
	f, api := mounted(t, consoletest.Anyone)
	for _, c := range calls[1:] {
		consoletest.Fails(t, api.Ask(c.method, c.path, sent{strings.Repeat("x", 8<<20)}), console.TooLarge)
	}
	if n := f.calls.Load(); n != 0 {
		t.Errorf("%d calls came through", n)
	}
}

func TestEveryBodyIsStrict(t *testing.T) {
	_, api := mounted(t, consoletest.Anyone)
	for body, want := range map[string]string{
		"name: x":        "invalid character 'a' in literal null (expecting 'u')",
		"":               "EOF",
		`{"name": "x"`:   "unexpected EOF",
		`{} {}`:          "something follows the JSON value",
		`{"nmae": ""}`:   `json: unknown field "nmae"`,
		`{"name": true}`: "name cannot be a JSON bool",
		`[]`:             "the value cannot be a JSON array",
	} {
		got := consoletest.Fails(t, api.Ask("PUT", "/api/v1/tea", body), console.BadRequest)
		if got.Cause.Message != "reading the body: "+want {
			t.Errorf("%s: %s, want %s", body, got.Cause.Message, want)
		}
	}
}

func TestWhatIsNotMounted(t *testing.T) {
	_, api := mounted(t, consoletest.Anyone)
	for _, path := range []string{"/", "/api/v1/", "/api/v1/te", "/api/v1/tea/green/leaf", "/tea"} {
		consoletest.Fails(t, api.Ask("GET", path, nil), console.NotFound)
	}
	for _, path := range []string{"//api/v1/tea/green", "/api/v1/tea//green", "/api/v1/cups/../tea/green", "/api/v1/./tea/green"} {
		consoletest.Fails(t, api.Ask("GET", path, nil), console.NotFound)
		consoletest.Fails(t, api.Ask("PUT", path, sent{"green"}), console.NotFound)
	}
	for path, allowed := range map[string]string{"/api/v1/tea": "PUT", "/api/v1/tea/green": "DELETE, GET", "/api/v1/tea/weigh": "POST"} {
		got := api.Ask("PATCH", path, nil, "Content-Type", "")
		consoletest.Fails(t, got, console.NotAllowed)
		if got.Header.Get("Allow") != allowed {
			t.Errorf("%s allows %q, want %q", path, got.Header.Get("Allow"), allowed)
		}
	}
	if got := api.Ask("HEAD", "/api/v1/tea/green", nil); got.Status != 200 || len(got.Body) != 0 {
		t.Errorf("the head of it: %d, %q", got.Status, got.Body)
	}
	got := string(api.Ask("GET", "/<here>", nil).Body)
	if want := `{"error":{"code":"not_found","message":"there is nothing at /<here>"}}` + "\n"; got != want {
		t.Errorf("a failure is %s, want %s", got, want)
	}
}

// TestEveryRouteIsBoundedInTime holds that whoever asks gets an answer, even from a
// capability that looks at no context.
func TestEveryRouteIsBoundedInTime(t *testing.T) {
	forever := make(chan struct{})
	defer close(forever)
	c := console.New(console.Options{Who: consoletest.Anyone, Timeout: 30 * time.Millisecond})
	c.Mount("slow", []console.Route{
		{Method: "GET", Path: "/polite", Right: console.Read, Answer: "it", Handle: func(call *console.Call) (any, error) {
			<-call.Context().Done()
			return nil, fmt.Errorf("waiting for tea: %w", call.Context().Err())
		}},
		{Method: "GET", Path: "/stubborn", Right: console.Read, Answer: "it", Handle: func(*console.Call) (any, error) {
			<-forever
			return nil, nil
		}},
	})
	api := consoletest.Serve(t, c)
	for _, path := range []string{"/api/v1/slow/polite", "/api/v1/slow/stubborn"} {
		consoletest.Fails(t, api.Ask("GET", path, nil), console.TimedOut)
	}
	s := console.New(console.Options{Who: consoletest.Anyone}).Server()
	for name, bound := range map[string]time.Duration{"reading": s.ReadTimeout, "writing": s.WriteTimeout} {
		if bound <= console.Timeout || bound > 2*console.Timeout {
			t.Errorf("%s is bounded by %s, a request by %s", name, bound, console.Timeout)
		}
	}
}

// TestARouteFailsAsItSays holds that the failures in README.md are all that there are.
func TestARouteFailsAsItSays(t *testing.T) {
	var err error
	serve := func(fails ...*console.Kind) consoletest.API {
		return consoletest.Mounted(t, "tea", []console.Route{{Method: "GET", Right: console.Read, Answer: "it", Fails: fails,
			Handle: func(call *console.Call) (any, error) { call.Tag("1"); return nil, err }}})
	}
	says, silent := serve(tooHot), serve()
	err = fmt.Errorf("pouring: %w", tooHot.New("95 degrees"))
	got := says.Ask("GET", "/api/v1/tea", nil)
	if f := consoletest.Fails(t, got, tooHot); !errors.Is(&f, tooHot) || errors.Is(&f, console.NotFound) || got.Header.Get("ETag") != "" {
		t.Errorf("answered %+v with %v", f, got.Header)
	}
	if f := consoletest.Fails(t, silent.Ask("GET", "/api/v1/tea", nil), console.Internal); !strings.Contains(f.Cause.Message, "95 degrees") {
		t.Errorf("answered %+v", f)
	}
	err = errors.New("the pot is gone")
	if f := consoletest.Fails(t, says.Ask("GET", "/api/v1/tea", nil), console.Internal); f.Cause.Message != "the pot is gone" {
		t.Errorf("answered %+v", f)
	}
	err = console.NotFound.New("no tea")
	consoletest.Fails(t, silent.Ask("GET", "/api/v1/tea", nil), console.NotFound)
}

// TestAnAnswerThatIsNoJSONFails holds that it is no success without a body.
func TestAnAnswerThatIsNoJSONFails(t *testing.T) {
	api := consoletest.Mounted(t, "tea", []console.Route{{Method: "GET", Right: console.Read, Answer: "it",
		Handle: func(call *console.Call) (any, error) { call.Tag("1"); return math.NaN(), nil }}})
	if got := api.Ask("GET", "/api/v1/tea", nil); got.Header.Get("ETag") != "" {
		t.Errorf("a failure is tagged %s", got.Header.Get("ETag"))
	}
	consoletest.Fails(t, api.Ask("GET", "/api/v1/tea", nil), console.Internal)
}

// TestAPanicEndsItsRequestOnly holds that a capability which panics takes nobody along.
func TestAPanicEndsItsRequestOnly(t *testing.T) {
	c := console.New(console.Options{Who: consoletest.Anyone})
	c.Mount("tea", []console.Route{{Method: "GET", Right: console.Read, Answer: "it", Handle: func(*console.Call) (any, error) { panic(http.ErrAbortHandler) }}})
	api := consoletest.Serve(t, c)
	if resp, err := http.Get(api.URL + "/api/v1/tea"); err == nil {
		_ = resp.Body.Close()
		t.Errorf("answered %d", resp.StatusCode)
	}
	consoletest.Fails(t, api.Ask("GET", "/", nil), console.NotFound)
}

// TestAPanicIsLoggedWithItsPlace holds that the log says where a capability panicked.
func TestAPanicIsLoggedWithItsPlace(t *testing.T) {
	c := console.New(console.Options{Who: consoletest.Anyone})
	c.Mount("tea", []console.Route{{Method: "GET", Right: console.Read, Answer: "it", Handle: spill}})
	var text strings.Builder
	s := httptest.NewUnstartedServer(c)
	s.Config.ErrorLog = log.New(&text, "", 0)
	s.Start()
	if resp, err := http.Get(s.URL + "/api/v1/tea"); err == nil {
		_ = resp.Body.Close()
	}
	s.Close() // waits for what writes the log
	if !strings.Contains(text.String(), "the cup is full") || !strings.Contains(text.String(), "console_test.spill") {
		t.Errorf("the log says %s", text.String())
	}
}

func spill(*console.Call) (any, error) { panic("the cup is full") }

func TestOnlyLoopbackNamesAreServed(t *testing.T) {
	_, api := mounted(t, consoletest.Anyone)
	for host, status := range map[string]int{
		"localhost": 200, "localhost:8081": 200, "LOCALHOST:1": 200, "127.0.0.1": 200, "127.9.9.9:8081": 200, "[::1]": 200, "[::1]:8081": 200,
		"[::ffff:127.0.0.1]:80": 200,
		"evil.example":          403, "evil.example:8081": 403, "localhost.evil.example": 403, "127.0.0.1.evil.example": 403,
		"10.0.0.1:8081": 403, "0.0.0.0:8081": 403, "[::]:8081": 403, "[fe80::1]": 403,
	} {
		if got := api.Ask("GET", "/api/v1/tea/green", nil, "Host", host); got.Status != status {
			t.Errorf("host %s: answered %d, want %d: %s", host, got.Status, status, got.Body)
		}
	}
}

func TestWhatCannotBeMounted(t *testing.T) {
	handle := func(*console.Call) (any, error) { return nil, nil }
	good := console.Route{Method: "POST", Right: console.Change, Action: "tea.pour", Answer: "it", Handle: handle}
	for name, spoil := range map[string]func(*console.Route){
		"no method":           func(r *console.Route) { r.Method = "" },
		"no handler":          func(r *console.Route) { r.Handle = nil },
		"nothing to answer":   func(r *console.Route) { r.Answer = "" },
		"no right":            func(r *console.Route) { r.Right = "" },
		"an unknown right":    func(r *console.Route) { r.Right = "own" },
		"a change of no name": func(r *console.Route) { r.Action = "" },
		"an action to read":   func(r *console.Route) { r.Right = console.Read },
		"a change by a link":  func(r *console.Route) { r.Method = "GET" },
		"a body with a link":  func(r *console.Route) { r.Method, r.Right, r.Body = "GET", console.Read, "it" },
		"a path that is used": func(*console.Route) {},
		"a method twice":      func(*console.Route) {},
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("it is mounted")
				}
			}()
			c := console.New(console.Options{Who: consoletest.Anyone})
			c.Mount("tea", []console.Route{good})
			r := good
			spoil(&r)
			switch name {
			case "a path that is used":
				c.Mount("tea", []console.Route{r})
			case "a method twice":
				c.Mount("cups", []console.Route{r, r})
			default:
				c.Mount("cups", []console.Route{r})
			}
		})
	}
}

// TestCodesOfFailures holds what clients compare.
func TestCodesOfFailures(t *testing.T) {
	var got []string
	for _, k := range console.Common() {
		got = append(got, fmt.Sprint(k.Status, " ", k.Code))
	}
	want := "400 bad_request, 401 unauthenticated, 403 forbidden, 404 not_found, 405 method_not_allowed, 413 too_large, 415 unsupported_content, 500 internal, 503 timed_out, 503 unavailable"
	if strings.Join(got, ", ") != want {
		t.Errorf("the codes are %s, want %s", strings.Join(got, ", "), want)
	}
}

// TestStoppingEndsCallsThatWait holds that a call which waits for something need not be waited for.
func TestStoppingEndsCallsThatWait(t *testing.T) {
	c, entered := console.New(console.Options{Who: consoletest.Anyone}), make(chan struct{})
	c.Mount("tea", []console.Route{{Method: "GET", Right: console.Read, Answer: "it", Handle: func(call *console.Call) (any, error) {
		close(entered)
		select {
		case <-call.Stopping():
			return "stopping", nil
		case <-call.Context().Done():
			return nil, call.Context().Err()
		}
	}}})
	s := httptest.NewUnstartedServer(nil)
	s.Config = c.Server()
	s.Start()
	answered := make(chan int)
	go func() {
		resp, err := http.Get(s.URL + "/api/v1/tea")
		if err != nil {
			answered <- 0
			return
		}
		_ = resp.Body.Close()
		answered <- resp.StatusCode
	}()
	<-entered
	if err := s.Config.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if status := <-answered; status != http.StatusOK {
		t.Errorf("status %d", status)
	}
}
