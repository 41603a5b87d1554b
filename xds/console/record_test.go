package console_test

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/xds/console"
	"github.com/headgate/headgate/xds/console/consoletest"
)

// TestEveryChangeLeavesARecord holds that whatever comes of a change, one record of it is there
// before the answer, and that reading and what was not let in leave none.
func TestEveryChangeLeavesARecord(t *testing.T) {
	records := make(chan console.Record, 10)
	who := func(r *http.Request) (console.Principal, error) {
		if r.Header.Get("Authorization") == "" {
			return console.Principal{}, console.Unauthenticated.New("who?")
		}
		return console.Principal{Key: "1", Name: "ann", Rights: []console.Right{console.Read, console.Change}}, nil
	}
	c := console.New(console.Options{Who: who, Timeout: 50 * time.Millisecond, Audit: func(r console.Record) { records <- r }})
	forever := make(chan struct{})
	defer close(forever)
	change := func(path string, end func(*console.Call) (any, error)) console.Route {
		return console.Route{Method: "POST", Path: path, Right: console.Change, Action: "tea.pour", Body: "it", Answer: "it", Fails: []*console.Kind{tooHot},
			Handle: func(call *console.Call) (any, error) {
				call.Propose("cup", "bob", "thirst")
				return end(call)
			}}
	}
	c.Mount("tea", []console.Route{
		change("/done", func(call *console.Call) (any, error) { call.Changed("empty", "full"); return "", nil }),
		change("/refused", func(*console.Call) (any, error) { return nil, tooHot.New("95 degrees") }),
		change("/broken", func(*console.Call) (any, error) { return nil, errors.New("the pot is gone") }),
		change("/stubborn", func(call *console.Call) (any, error) { <-forever; call.Changed("x", "y"); return "", nil }),
		change("/panics", func(*console.Call) (any, error) { panic(http.ErrAbortHandler) }),
		{Method: "POST", Path: "/mute", Right: console.Change, Action: "tea.spill", Body: "it", Answer: "it", Handle: func(*console.Call) (any, error) { return "", nil }},
		{Method: "POST", Path: "/weigh", Right: console.Read, Body: "it", Answer: "it", Handle: func(*console.Call) (any, error) { return "", nil }},
	})
	api := consoletest.Serve(t, c)
	record := console.Record{Key: "1", Author: "bob", Action: "tea.pour", Subject: "cup", Reason: "thirst"}
	with := func(outcome string) console.Record { r := record; r.Outcome = outcome; return r }
	done := with(console.Done)
	done.From, done.To = "empty", "full"
	for path, want := range map[string]console.Record{
		"done": done, "refused": with("too_hot"), "broken": with("internal"), "stubborn": with("timed_out"),
		"mute": {Key: "1", Author: "ann", Action: "tea.spill", Outcome: console.Done},
	} {
		api.Ask("POST", "/api/v1/tea/"+path, "{}", "Authorization", "x")
		select {
		case got := <-records:
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", path, diff)
			}
		default:
			t.Errorf("%s left no record", path)
		}
	}
	for _, header := range []string{"", "x"} { // not let in, and reading
		api.Ask("POST", "/api/v1/tea/weigh", "{}", "Authorization", header)
	}
	api.Ask("POST", "/api/v1/tea/done", "{}")
	if len(records) != 0 {
		t.Errorf("there are further records: %+v", <-records)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, api.URL+"/api/v1/tea/panics", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header = http.Header{"Authorization": {"x"}, "Content-Type": {"application/json"}}
	if resp, err := http.DefaultClient.Do(req); err == nil {
		_ = resp.Body.Close()
	}
	if diff := cmp.Diff(with("internal"), <-records); diff != "" {
		t.Errorf("one that panics (-want +got):\n%s", diff)
	}
}
