package exchange_test

import (
	"strings"
	"testing"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/dialect"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/scan"
)

// request is a request of a dialect, read as the loop reads it.
func request(t *testing.T, name, body string) *exchange.Request {
	t.Helper()
	r := &exchange.Request{Operation: exchange.Chat, Body: []byte(body)}
	d := dialect.ByName(name)
	r.Bind(d, nil)
	if v := d.Read(r); v.Action != exchange.Pass {
		t.Fatal(v.Message)
	}
	return r
}

func meaning(t *testing.T, r *exchange.Request) *canon.Request {
	t.Helper()
	c, err := r.Canon()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

const spaced = ` { "messages":[ {"role":"user", "content" : "a \u0062 c"},{"role":"user","content":"a \u0062 c"} ],"model" : "m", "user":"u" } `

// TestRewriteChangesTheTextThatIsNamed holds that of two texts alike the named one
// changes, that all else stays byte for byte, and that the form is read again.
func TestRewriteChangesTheTextThatIsNamed(t *testing.T) {
	for _, name := range []string{"openai", "anthropic"} {
		r := request(t, name, spaced)
		if err := r.Rewrite(exchange.Edit{Text: meaning(t, r).Messages[1].Parts[0].Text, With: "x \"y\"\n"}); err != nil {
			t.Fatal(err)
		}
		at := strings.LastIndex(spaced, `"a \u0062 c"`)
		if want := spaced[:at] + `"x \"y\"\n"` + spaced[at+len(`"a \u0062 c"`):]; string(r.Body) != want {
			t.Errorf("%s: %s", name, r.Body)
		}
		if c := meaning(t, r); canon.Str(c.Messages[0].Parts[0].Text) != "a b c" || canon.Str(c.Messages[1].Parts[0].Text) != "x \"y\"\n" || !r.Rewritten() {
			t.Errorf("%s: the form was not read again: %+v", name, c.Messages)
		}
		if got := string(r.Body[r.Spans.Model.Start:r.Spans.Model.End]); got != `"m"` {
			t.Errorf("%s: the model stands at %s", name, got)
		}
	}
}

// TestRewriteRefusesWhatItCannotDo holds that an edit which cannot be made changes
// nothing and says why.
func TestRewriteRefusesWhatItCannotDo(t *testing.T) {
	text := func(c *canon.Request) scan.Value { return c.Messages[0].Parts[0].Text }
	for name, c := range map[string]struct {
		edits func(*canon.Request) []exchange.Edit
		why   string
	}{
		"a copy of a text": {func(c *canon.Request) []exchange.Edit {
			return []exchange.Edit{{Text: append(scan.Value(nil), text(c)...), With: "x"}}
		}, "names no text"},
		"no text":        {func(*canon.Request) []exchange.Edit { return []exchange.Edit{{With: "x"}} }, "names no text"},
		"a text in part": {func(c *canon.Request) []exchange.Edit { return []exchange.Edit{{Text: text(c)[1:4], With: "x"}} }, "names no text"},
		"one text twice": {func(c *canon.Request) []exchange.Edit {
			return []exchange.Edit{{Text: text(c), With: "x"}, {Text: text(c), With: "y"}}
		}, "two edits"},
		"a model without a name": {func(c *canon.Request) []exchange.Edit { return []exchange.Edit{{Text: c.Model}} }, "cannot be read"},
	} {
		r := request(t, "openai", spaced)
		err := r.Rewrite(c.edits(meaning(t, r))...)
		if err == nil || !strings.Contains(err.Error(), c.why) || string(r.Body) != spaced || r.Rewritten() || r.Model != "m" {
			t.Errorf("%s: %v, body %s", name, err, r.Body)
		}
	}
}

// TestASealedRequestIsWhatItWas holds that once attempts run a request is neither
// rewritten nor decoded, which they might do at the same time.
func TestASealedRequestIsWhatItWas(t *testing.T) {
	r := request(t, "openai", spaced)
	c := meaning(t, r)
	r.Seal()
	if again, err := r.Canon(); err != nil || again != c {
		t.Errorf("what was decoded is gone: %v", err)
	}
	if err := r.Rewrite(exchange.Edit{Text: c.Model, With: "n"}); err == nil {
		t.Error("it was rewritten")
	}
	other := request(t, "openai", spaced)
	other.Seal()
	if _, err := other.Canon(); err == nil {
		t.Error("it was decoded")
	}
}

// TestAttributionIsReadOnce holds that attempts do not read it again, and that a rewritten request
// is read anew.
func TestAttributionIsReadOnce(t *testing.T) {
	r := request(t, "openai", `{"messages":[{"role":"user","content":"a"}],"model":"m","metadata":{"team":"core"}}`)
	if team := r.Attribute().Team; team != "core" {
		t.Fatalf("the team is %q", team)
	}
	r.Metadata = scan.Value(`{"team":"other"}`)
	if team := r.Attribute().Team; team != "core" {
		t.Errorf("it is read again: %q", team)
	}
	fresh := request(t, "openai", string(r.Body))
	fresh.Metadata = r.Metadata
	if team := fresh.Attribute().Team; team != "other" {
		t.Fatalf("the team is %q", team)
	}
	if err := fresh.Rewrite(exchange.Edit{Text: meaning(t, fresh).Messages[0].Parts[0].Text, With: "b"}); err != nil {
		t.Fatal(err)
	}
	fresh.Seal()
	if team := fresh.Attribute().Team; team != "core" {
		t.Errorf("it is not of the rewritten request: %q", team)
	}
}
