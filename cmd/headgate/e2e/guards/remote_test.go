package guards

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

// detectors are services that cannot decide, by what is wrong with them.
func detectors(t *testing.T) map[string]string {
	t.Helper()
	over := make(chan struct{})
	serve := func(h http.HandlerFunc) string {
		s := httptest.NewServer(h)
		t.Cleanup(s.Close)
		return s.URL
	}
	all := map[string]string{
		"dead": fmt.Sprintf("http://127.0.0.1:%d", gatewaytest.FreePort(t)),
		"hanging": serve(func(_ http.ResponseWriter, r *http.Request) {
			select {
			case <-over:
			case <-r.Context().Done():
			}
		}),
		"failing": serve(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "not now", http.StatusInternalServerError) }),
		"raving":  serve(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"flagged":"perhaps"}`)) }),
	}
	t.Cleanup(func() { close(over) }) // before the servers close
	return all
}

// TestDetectorsThatCannotDecide holds that a request, an answer and a stream are refused, or
// pass, as the policy says, if a guard's service is dead, hangs, fails or says what is no answer.
func TestDetectorsThatCannotDecide(t *testing.T) {
	t.Parallel()
	guarded := map[string]string{}
	for fault, url := range detectors(t) {
		for _, kind := range []string{"webhook", "entities"} {
			for _, direction := range []string{"input", "output"} {
				for _, onError := range []string{"open", "closed"} {
					guarded[strings.Join([]string{fault, kind, direction, onError}, "-")] =
						fmt.Sprintf(`{%s: [{%s: {url: "%s", timeout: 300ms, on_error: %s}}]}`, direction, kind, url, onError)
				}
			}
		}
	}
	r := start(t, guarded, "", "")
	for name := range guarded {
		for _, w := range gatewaytest.Ways {
			t.Run(name+" "+w.String(), func(t *testing.T) { r.with(t).checkUndecided(t, w, name) })
		}
	}
}

func (r *rig) checkUndecided(t *testing.T, w gatewaytest.Way, name string) {
	s := r.speak(t, w, name+"-"+w.Dialect, "Who is it?", answering("It is me."))
	row := r.rowOf(&s)
	if len(row.Guards) != 1 || row.Guards[0].Result != "error" && row.Guards[0].Result != "late" {
		t.Errorf("row's guards %+v", row.Guards)
	}
	cut := w.Stream && strings.Contains(name, "-output-")
	switch {
	case strings.HasSuffix(name, "-open"):
		if s.err != nil || s.status != 0 || s.text != "It is me." || s.finish != "stop" || row.Outcome != "ok" {
			t.Errorf("%+v, row %+v", s, row)
		}
	case cut:
		if s.err != nil || !strings.Contains(s.text+s.refusal, "could not decide") || strings.Contains(s.text, "It is") || s.finish != "content_filter" {
			t.Errorf("%+v", s)
		}
	default:
		if s.status != 503 || s.header.Get("x-headgate-refused-by") != "gateway" || s.header.Get("retry-after") == "" && s.header.Get("x-should-retry") == "false" {
			t.Errorf("%+v", s)
		}
	}
	if strings.HasSuffix(name, "-closed") {
		outcome := "gateway_error"
		if cut {
			outcome = "cut"
		}
		if row.Outcome != outcome || row.By != "gateway" || row.Reason != "guard_unavailable" {
			t.Errorf("row %+v", blockedIn(&row))
		}
	}
}

// names is a service that finds one name, as a webhook and as an analyzer.
func names(t *testing.T) string {
	t.Helper()
	const name = "Ada Lovelace"
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var asked struct {
			Texts []struct{ Text string }
			Text  []string
		}
		if err := json.NewDecoder(r.Body).Decode(&asked); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		spans, results := []any{}, [][]any{}
		for i, t := range asked.Texts {
			if at := strings.Index(t.Text, name); at >= 0 {
				at = utf8.RuneCountInString(t.Text[:at])
				spans = append(spans, map[string]any{"text": i, "start": at, "end": at + len(name), "type": "NAME"})
			}
		}
		for _, t := range asked.Text {
			of := []any{}
			if at := strings.Index(t, name); at >= 0 {
				at = utf8.RuneCountInString(t[:at])
				of = append(of, map[string]any{"entity_type": "PERSON", "start": at, "end": at + len(name), "score": 0.85})
			}
			results = append(results, of)
		}
		var answer any = map[string]any{"flagged": false, "spans": spans}
		if strings.HasSuffix(r.URL.Path, "/analyze") {
			answer = results
		}
		_ = json.NewEncoder(w).Encode(answer)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// TestServicesFindNames holds that what a webhook or an analyzer finds is masked in requests and
// put back in answers, and masked and refused in answers, whole and streamed.
func TestServicesFindNames(t *testing.T) {
	t.Parallel()
	url := names(t)
	webhook, entities := `webhook: {url: "`+url+`", action: `, `entities: {url: "`+url+`", action: `
	r := start(t, map[string]string{
		"webhook":       "{input: [{" + webhook + "mask}}]}",
		"entities":      "{input: [{" + entities + "mask}}]}",
		"webhook-out":   "{output: [{" + webhook + "mask}}]}",
		"entities-out":  "{output: [{" + entities + "mask}}]}",
		"webhook-deny":  "{output: [{" + webhook + "deny}}]}",
		"entities-deny": "{output: [{" + entities + "deny}}]}",
	}, "", "")
	everyWay(t, func(t *testing.T, w gatewaytest.Way, backend string) {
		for kind, masked := range map[string]string{"webhook": "[NAME", "entities": "[PERSON"} {
			t.Run(kind, func(t *testing.T) {
				r := r.with(t)
				before := len(r.at.Settled())
				if s := r.speak(t, w, kind+"-"+backend, "é: I am Ada Lovelace.", "echo"); s.text != "é: I am Ada Lovelace." {
					t.Errorf("%+v", s)
				}
				if got := string(r.at.Last(before + 1).Body); !strings.Contains(got, "é: I am "+masked+"_1].") {
					t.Errorf("the provider got %s", got)
				}
				says := answering("é: It is Ada Lovelace.")
				if s := r.speak(t, w, kind+"-out-"+backend, "Who?", says); s.text != "é: It is "+masked+"]." {
					t.Errorf("%+v", s)
				}
				s := r.speak(t, w, kind+"-deny-"+backend, "Who?", says)
				if checkAbsent(t, "the answer", s.text+s.refusal, "Ada"); w.Stream && s.finish != "content_filter" || !w.Stream && s.status != 403 {
					t.Errorf("%+v", s)
				}
			})
		}
	})
}
