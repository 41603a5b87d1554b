package sim

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	sdk "github.com/openai/openai-go/v3"
)

// judgement is a result as the tests compare it.
type judgement struct {
	Flagged    bool                `json:"flagged"`
	Categories map[string]bool     `json:"categories"`
	Scores     map[string]float64  `json:"category_scores"`
	Types      map[string][]string `json:"category_applied_input_types"`
}

// flags are the categories that a result flags, in the alphabet's order.
func (j *judgement) flags() string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(j.Categories)) {
		if j.Categories[name] {
			all = append(all, name)
		}
	}
	return strings.Join(all, " ")
}

// moderate asks by the official SDK.
func moderate(t *testing.T, client sdk.Client, params sdk.ModerationNewParams) (*sdk.ModerationNewResponse, []judgement) {
	t.Helper()
	got, err := client.Moderations.New(timeout(t), params)
	if err != nil {
		t.Fatal(err)
	}
	var raw struct{ Results []judgement }
	if err := json.Unmarshal([]byte(got.RawJSON()), &raw); err != nil {
		t.Fatal(err)
	}
	return got, raw.Results
}

// TestOpenAIModerations holds what is flagged of a text, of texts and of parts, and that each
// result has every category.
func TestOpenAIModerations(t *testing.T) {
	s, r := start(t, Options{})
	client := openAIClient(r)
	text := func(text string) sdk.ModerationMultiModalInputUnionParam {
		return sdk.ModerationMultiModalInputParamOfText(text)
	}
	image := func(url string) sdk.ModerationMultiModalInputUnionParam {
		return sdk.ModerationMultiModalInputParamOfImageURL(sdk.ModerationImageURLInputImageURLParam{URL: url})
	}
	for name, c := range map[string]struct {
		input sdk.ModerationNewParamsInputUnion
		want  []string // the flags of each result
	}{
		"harmless":       {sdk.ModerationNewParamsInputUnion{OfString: sdk.String("Where is my parcel?")}, []string{""}},
		"words":          {sdk.ModerationNewParamsInputUnion{OfString: sdk.String("You IDIOT, I will kill it.")}, []string{"harassment violence"}},
		"part of a word": {sdk.ModerationNewParamsInputUnion{OfString: sdk.String("a skill")}, []string{""}},
		"texts":          {sdk.ModerationNewParamsInputUnion{OfStringArray: []string{"hi", "a bomb", "hi"}}, []string{"", "illicit illicit/violent", ""}},
		"a directive":    {sdk.ModerationNewParamsInputUnion{OfString: sdk.String("kill [[sim flag=sexual,hate]]")}, []string{"hate sexual"}},
		"flag none":      {sdk.ModerationNewParamsInputUnion{OfString: sdk.String("kill [[sim flag=none]]")}, []string{""}},
		"of one text":    {sdk.ModerationNewParamsInputUnion{OfStringArray: []string{"kill", "hi [[sim flag=sexual/minors]]"}}, []string{"violence", "sexual/minors"}},
		"parts together": {sdk.ModerationNewParamsInputUnion{OfModerationMultiModalArray: []sdk.ModerationMultiModalInputUnionParam{text("idiot"), image("https://x.example/gore.png")}}, []string{"harassment violence violence/graphic"}},
		"an image alone": {sdk.ModerationNewParamsInputUnion{OfModerationMultiModalArray: []sdk.ModerationMultiModalInputUnionParam{image("https://x.example/idiot-porn.png")}}, []string{"sexual"}},
	} {
		got, results := moderate(t, client, sdk.ModerationNewParams{Model: sdk.ModerationModelOmniModerationLatest, Input: c.input})
		if !strings.HasPrefix(got.ID, "modr-") || got.Model != "omni-moderation-latest" || len(results) != len(c.want) {
			t.Fatalf("%s: %s", name, got.RawJSON())
		}
		for i := range results {
			if results[i].flags() != c.want[i] || results[i].Flagged != (c.want[i] != "") {
				t.Errorf("%s: result %d flags %q, want %q", name, i, results[i].flags(), c.want[i])
			}
			checkCategories(t, name, &results[i])
		}
	}
	if u := last(t, s, 1).Usage; u != (Usage{}) {
		t.Errorf("usage %+v", u)
	}
}

// checkCategories holds that a result has all categories, with scores that agree with its flags
// and what they were applied to.
func checkCategories(t *testing.T, name string, j *judgement) {
	t.Helper()
	if len(j.Categories) != 13 || len(j.Scores) != 13 || len(j.Types) != 13 {
		t.Errorf("%s: %d categories, %d scores, %d types", name, len(j.Categories), len(j.Scores), len(j.Types))
	}
	for category, flagged := range j.Categories {
		score := j.Scores[category]
		if flagged != (score >= 0.5) || score < 0 || score > 1 || (score == 0) != (len(j.Types[category]) == 0) {
			t.Errorf("%s: %s is %v with score %v of %v", name, category, flagged, score, j.Types[category])
		}
	}
}

// TestModerationsAreRepeatable holds that the same input has the same scores, and another one others.
func TestModerationsAreRepeatable(t *testing.T) {
	_, r := start(t, Options{})
	client := openAIClient(r)
	ask := func(text string) float64 {
		_, results := moderate(t, client, sdk.ModerationNewParams{Input: sdk.ModerationNewParamsInputUnion{OfString: sdk.String(text)}})
		return results[0].Scores["hate"]
	}
	if a, again, b := ask("a"), ask("a"), ask("b"); a != again || a == b {
		t.Errorf("%v, %v, %v", a, again, b)
	}
}
