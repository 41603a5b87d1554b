package field

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// kinds are the checks of what the study says in words, by the number of the kind. A nil is a
// kind that its numbers say wholly.
var kinds = map[int]func(*testing.T, *wireCase, *got){
	1:  keepsTheTextAlone,
	2:  sendsNoThoughts,
	3:  sendsNoUnsignedThought,
	4:  asksTheLinkThatCan,
	5:  sendsNoBounds,
	6:  isNotStrictOfOptionalProperties,
	7:  answersEachCallAtOnce,
	8:  sendsTheMembers,
	9:  sendsNoEffort,
	10: givesSchemasProperties,
	11: shortensNames,
	13: nil,
	14: nil,
	15: nil,
	16: nil,
	17: nil,
	19: nil,
	20: nil,
	21: keepsCacheControl,
	23: sendsToolMessagesAsTheyCame,
	24: streams,
	26: passesTheMessageOn,
	27: namesAModel,
	29: namesWhatItDrops,
	30: sendsTheMembers,
}

// object and list read JSON without complaint: what is of another type is empty.
func object(v any) map[string]any { m, _ := v.(map[string]any); return m }
func list(v any) []any            { l, _ := v.([]any); return l }

// sent is the body that reached the provider, which must have been one.
func sent(t *testing.T, out *got) map[string]any {
	t.Helper()
	if out.Status != 200 || len(out.Up) != 1 {
		t.Fatalf("status %d, %d requests at the provider", out.Status, len(out.Up))
	}
	return object(out.Up[0])
}

func messages(t *testing.T, out *got) (all []map[string]any) {
	t.Helper()
	for _, m := range list(sent(t, out)["messages"]) {
		all = append(all, object(m))
	}
	return all
}

// client is the body that the client sent.
func (c *wireCase) client() map[string]any { return object(value(string(c.Request.Body))) }

func dropped(out *got, field string) bool {
	return slices.Contains(strings.Split(out.Headers["x-headgate-dropped"], ","), field)
}

// walk visits every object of a value.
func walk(v any, visit func(map[string]any)) {
	for _, inner := range list(v) {
		walk(inner, visit)
	}
	if m, is := v.(map[string]any); is {
		visit(m)
		for _, inner := range m {
			walk(inner, visit)
		}
	}
}

func keepsTheTextAlone(t *testing.T, c *wireCase, out *got) {
	for i, m := range messages(t, out) {
		if want := object(list(c.client()["messages"])[i]); m["content"] != want["content"] || m["role"] != want["role"] || len(m) != 2 {
			t.Errorf("message %d is %v, want the text of %v alone", i, m, want)
		}
	}
}

func sendsNoThoughts(t *testing.T, c *wireCase, out *got) {
	for i, m := range messages(t, out) {
		if m["reasoning_content"] != nil || m["reasoning_details"] != nil {
			t.Errorf("message %d has thoughts: %v", i, m)
		}
		if want := object(list(c.client()["messages"])[i]); m["content"] != want["content"] {
			t.Errorf("message %d is %v, want the text of %v", i, m, want)
		}
	}
}

func sendsNoUnsignedThought(t *testing.T, _ *wireCase, out *got) {
	texts := 0
	walk(sent(t, out)["messages"], func(m map[string]any) {
		if m["type"] == "thinking" && m["signature"] == "" {
			t.Error("a thought without a signature is sent")
		}
		if m["role"] == "assistant" && m["content"] != nil {
			texts++
		}
	})
	if texts == 0 {
		t.Error("nothing is left of the assistant's turn")
	}
}

// asksTheLinkThatCan holds that only the last link of a chain is asked, because the others
// cannot take the request.
func asksTheLinkThatCan(t *testing.T, c *wireCase, out *got) {
	if out.Status == 400 {
		return // checkNumbers holds that nobody was asked
	}
	links := strings.Fields(c.Request.RoutedTo)
	_, model, _ := strings.Cut(links[len(links)-1], "/")
	if got := sent(t, out)["model"]; got != model {
		t.Errorf("%v was asked, want %s", got, model)
	}
}

func sendsNoBounds(t *testing.T, c *wireCase, out *got) {
	if out.Status == 400 {
		return
	}
	bounds := []string{"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength", "maxItems"}
	count := func(body any) (found int, described int) {
		walk(body, func(m map[string]any) {
			for _, bound := range bounds {
				if _, has := m[bound]; has {
					found++
				}
			}
			if s, _ := m["description"].(string); s != "" {
				described++
			}
		})
		return found, described
	}
	_, before := count(c.client())
	if found, after := count(sent(t, out)); found != 0 || after <= before {
		t.Errorf("%d bounds are sent; %d descriptions became %d", found, before, after)
	}
}

func isNotStrictOfOptionalProperties(t *testing.T, _ *wireCase, out *got) {
	format := object(object(sent(t, out)["response_format"])["json_schema"])
	if format["schema"] == nil || format["strict"] == true {
		t.Errorf("response_format is %v", format)
	}
}

// answersEachCallAtOnce holds that the results of each message with calls follow it directly,
// and that none is lost.
func answersEachCallAtOnce(t *testing.T, c *wireCase, out *got) {
	var open []any
	calls := 0
	for i, m := range messages(t, out) {
		if m["role"] == "tool" {
			at := slices.Index(open, m["tool_call_id"])
			if at < 0 {
				t.Errorf("message %d is the result of no call before it", i)
				continue
			}
			open = slices.Delete(open, at, at+1)
			continue
		}
		if len(open) > 0 {
			t.Errorf("message %d comes before the results of %v", i, open)
		}
		for _, call := range list(m["tool_calls"]) {
			open = append(open, object(call)["id"])
			calls++
		}
	}
	want := 0
	walk(c.client()["messages"], func(m map[string]any) {
		if m["type"] == "tool_use" {
			want++
		}
	})
	if len(open) > 0 || calls != want {
		t.Errorf("%d of %d calls are sent; without results are %v", calls, want, open)
	}
}

// sendsTheMembers holds that the body has the members that the case names, with their values.
func sendsTheMembers(t *testing.T, c *wireCase, out *got) {
	body := sent(t, out)
	for name, want := range object(c.Expected.Upstream) {
		if !same(body[name], want) {
			t.Errorf("%s is %v, want %v", name, body[name], want)
		}
	}
}

func same(a, b any) bool {
	x, _ := json.Marshal(a)
	y, _ := json.Marshal(b)
	return string(x) == string(y)
}

func sendsNoEffort(t *testing.T, _ *wireCase, out *got) {
	if _, has := sent(t, out)["reasoning_effort"]; has || !dropped(out, "thinking") {
		t.Errorf("an effort is sent: %t; dropped %q", has, out.Headers["x-headgate-dropped"])
	}
}

func givesSchemasProperties(t *testing.T, _ *wireCase, out *got) {
	tools := list(sent(t, out)["tools"])
	if len(tools) == 0 {
		t.Error("no tools are sent")
	}
	walk(tools, func(m map[string]any) {
		if _, has := m["properties"]; m["type"] == "object" && !has {
			t.Errorf("a schema has no properties: %v", m)
		}
	})
}

var openAIName = regexp.MustCompile(`^[a-zA-Z0-9_-]{1,64}$`)

func shortensNames(t *testing.T, _ *wireCase, out *got) {
	if out.Status == 400 {
		if object(object(out.JSON)["error"])["param"] != "tools[0].name" {
			t.Errorf("the tool is not named: %s", out.Text)
		}
		return
	}
	for _, tool := range list(sent(t, out)["tools"]) {
		if name, _ := object(object(tool)["function"])["name"].(string); !openAIName.MatchString(name) {
			t.Errorf("the name %q is sent", name)
		}
	}
}

func keepsCacheControl(t *testing.T, _ *wireCase, out *got) {
	kept := strings.Contains(out.Headers["x-headgate-dropped"], "cache_control")
	walk(sent(t, out)["messages"], func(m map[string]any) {
		kept = kept || m["type"] == "tool_result" && m["cache_control"] != nil
	})
	if !kept {
		t.Errorf("cache_control is lost without a word: dropped %q", out.Headers["x-headgate-dropped"])
	}
}

func sendsToolMessagesAsTheyCame(t *testing.T, c *wireCase, out *got) {
	for i, m := range messages(t, out) {
		if want := list(c.client()["messages"])[i]; m["role"] == "tool" && !same(m, want) {
			t.Errorf("message %d is %v, want %v", i, m, want)
		}
	}
}

// streams holds that a client which asked for a stream gets one that ends.
func streams(t *testing.T, _ *wireCase, out *got) {
	ended := strings.Contains(out.Text, "data: [DONE]") || strings.Contains(out.Text, "event: message_stop") || strings.Contains(out.Text, "event: error")
	if !strings.HasPrefix(out.Headers["content-type"], "text/event-stream") || !ended {
		t.Errorf("the client asked for a stream and got %s", out.Headers["content-type"])
	}
}

func passesTheMessageOn(t *testing.T, c *wireCase, out *got) {
	said := 0
	walk(value(string(c.Provider.Body)), func(m map[string]any) {
		if message, _ := m["message"].(string); message != "" {
			said++
			if got, _ := object(object(out.JSON)["error"])["message"].(string); !strings.Contains(got, message) {
				t.Errorf("the client reads %q, the provider said %q", got, message)
			}
		}
	})
	if said == 0 {
		t.Error("the provider says nothing")
	}
}

// namesAModel holds that an answer whose provider names no model has the name that was asked
// for: the client's, or the backend's.
func namesAModel(t *testing.T, c *wireCase, out *got) {
	_, model, _ := strings.Cut(c.Request.RoutedTo, "/")
	named := object(out.JSON)["model"]
	if len(out.Events) > 0 {
		first := object(out.Events[0])
		if named = first["model"]; first["message"] != nil {
			named = object(first["message"])["model"]
		}
	}
	if named != model && named != c.asked(t) {
		t.Errorf("the answer is of the model %v, want %s", named, model)
	}
}

// namesWhatItDrops holds that each member which does not reach the provider is named.
func namesWhatItDrops(t *testing.T, c *wireCase, out *got) {
	body, lost := sent(t, out), 0
	for name := range c.client() {
		if _, has := body[name]; has {
			continue
		}
		lost++
		if !dropped(out, name) {
			t.Errorf("%s is lost without a word: dropped %q", name, out.Headers["x-headgate-dropped"])
		}
	}
	if lost == 0 {
		t.Error("nothing was dropped")
	}
}
