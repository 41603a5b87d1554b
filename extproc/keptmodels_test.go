package extproc

import (
	"strings"
	"testing"

	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/provider/stateid"
	"github.com/headgate/headgate/policy"
)

// TestTheModelOfWhatIsKept holds by which model a path is answered that names none: the one by
// which its id was given, if the caller may ask for it, or where ids pass as they came the first
// one whose pool has the backend, unless answers of another one are guarded.
func TestTheModelOfWhatIsKept(t *testing.T) {
	const backends = "version: 1\nunpriced: flag\nbackends: {a: {provider: openai, credential: {env: A}}, c: {provider: openai-compatible, url: \"http://127.0.0.1:1/v1\"}, MORE}\nmodels: {chats: c/x, asked: {api: chat, chain: [a/x]}, m: {chain: [c/x, a/x]}, n: a/x, o: {chain: [a/x]GUARDS}}\n"
	of := func(more, guards string) keptModels {
		set, err := policy.Parse("policy.yaml", []byte(strings.NewReplacer("MORE", more, "GUARDS", guards).Replace(backends)))
		if err != nil {
			t.Fatal(err)
		}
		return newKeptModels(set)
	}
	one, two := of("", ""), of("b: {provider: openai, credential: {env: B}}", "")
	guarded := of("", ", guards: {output: [{words: {words: [swordfish]}}]}")
	id := string(stateid.KeyOf("k").Append(nil, []byte("resp_1"), stateid.Bound{Backend: "a", Model: "n"}))
	byOther := func(model string) string {
		return string(stateid.KeyOf("other").Append(nil, []byte("resp_1"), stateid.Bound{Backend: "z", Model: model}))
	}
	for name, c := range map[string]struct {
		k    keptModels
		id   string
		may  []string
		want string
	}{
		"the provider's id":                    {one, "resp_1", nil, "m"},
		"where answers of one are guarded":     {guarded, "resp_1", nil, "o"},
		"and one that was bound before":        {guarded, id, nil, "o"},
		"an id that was bound before":          {one, id, nil, "n"},
		"an id of another gateway":             {one, byOther("z"), nil, "m"},
		"and of a model that is asked in chat": {one, byOther("asked"), nil, "m"},
		"an id that is bound":                  {two, id, nil, "n"},
		"one of a model that is not for them":  {two, id, []string{"m"}, ""},
		"one that is not bound":                {two, "resp_1", nil, ""},
		"one that is damaged":                  {two, id[:len(id)-1], nil, ""},
	} {
		model, v := c.k.resolve(&exchange.Request{Operation: exchange.GetResponse, Kept: c.id}, &exchange.Caller{Models: c.may})
		if model != c.want || (v.Status == 404) != (c.want == "") {
			t.Errorf("%s: model %q, %+v", name, model, v)
		}
	}
}
