package policy

import (
	"fmt"
	"regexp"
	"strconv"
	"time"

	"github.com/headgate/headgate/policy/strict"
)

// ModerationGuard asks a moderation model with OpenAI's API.
type ModerationGuard struct {
	GuardTerms
	Model      string            // of the policy
	Categories map[string]*Share // the score from which a category counts; empty: what the model itself flags
	Remember   time.Duration     // 0: nothing
}

// Share is a number from 0 to 1.
type Share float64

var share = strict.Decimal("0", "1", "a number from 0 to 1", readShare, func(s Share) string { return strconv.FormatFloat(float64(s), 'f', -1, 64) })

var sharePattern = regexp.MustCompile(`^(0|1|0\.[0-9]{1,6}|1\.0{1,6})$`)

func readShare(text string) (Share, error) {
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || !sharePattern.MatchString(text) {
		return 0, fmt.Errorf("must be a number from 0 to 1 with at most six places, is %s", strict.Quote(text))
	}
	return Share(f), nil
}

var moderationGuard = described[ModerationGuard]{
	doc:    "Asks a moderation model with OpenAI's API what is wrong with texts. The call goes through the gateway itself, and its cost is that of the feature guard.",
	sample: `moderation: {model: moderator, action: deny}`,
	object: strict.NewObject(append(
		guardTerms("moderation", func(g *ModerationGuard) *GuardTerms { return &g.GuardTerms }, GuardDeny, GuardFlag),
		strict.Bind("model", func(g *ModerationGuard) *string { return &g.Model }, strict.Text().Matching(modelName, modelRule)).Required().
			Doc("Model of this policy that is asked, whose backend has OpenAI's moderations.").
			Example(`model: moderator`),
		strict.Bind("categories", func(g *ModerationGuard) *map[string]*Share { return &g.Categories }, strict.Map(category, "a category is 1 to 64 lower-case letters, digits and _/-, a letter first", share)).Absent("what the model itself flags").
			Doc("Scores from which a text is flagged, by the model's categories. With it, only these categories count.").
			Example(`categories: {violence: 0.5, "self-harm/intent": 0.3}`),
		rememberKey(func(g *ModerationGuard) *time.Duration { return &g.Remember }, ""),
	)...).Check(func(r *strict.Reader, g *strict.Given, m *ModerationGuard) {
		if at, ok := g.At("model"); ok {
			r.Note(namedModel{m.Model, at})
		}
	}),
}

var category = regexp.MustCompile(`^[a-z][a-z0-9_/-]{0,63}$`)
