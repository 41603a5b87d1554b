package guard

import (
	"context"

	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/guard/content"
	"github.com/headgate/headgate/extproc/guard/entities"
	"github.com/headgate/headgate/extproc/guard/format"
	"github.com/headgate/headgate/extproc/guard/leak"
	"github.com/headgate/headgate/extproc/guard/length"
	"github.com/headgate/headgate/extproc/guard/moderation"
	"github.com/headgate/headgate/extproc/guard/pattern"
	"github.com/headgate/headgate/extproc/guard/pii"
	"github.com/headgate/headgate/extproc/guard/secrets"
	"github.com/headgate/headgate/extproc/guard/webhook"
	"github.com/headgate/headgate/extproc/guard/words"
	"github.com/headgate/headgate/extproc/self"
	"github.com/headgate/headgate/policy"
)

// New makes a guard of what a policy says of it. An error says why it cannot work here; the guard
// that comes with it has its terms alone.
func New(entry *policy.Guard, o *Options) (*Guard, error) {
	kind, rule := entry.Rule()
	g := &Guard{GuardTerms: rule.Terms(), Kind: kind}
	var err error
	switch rule := rule.(type) {
	case *policy.PIIGuard:
		g.Reason = exchange.ReasonPII
		g.Scanner, err = pii.New(rule.Types)
	case *policy.SecretsGuard:
		g.Reason = exchange.ReasonSecret
		g.Scanner, err = secrets.New(rule.Types)
	case *policy.FormatGuard:
		g.Reason, g.Repair = exchange.ReasonFormat, rule.Repair
		g.Form, err = format.New(rule)
	case *policy.LeakGuard:
		g.Reason = exchange.ReasonPromptLeaked
		g.Begin, err = begins(rule)
	case *policy.WebhookGuard:
		g.Reason = exchange.ReasonWebhook
		g.Checker, err = webhook.New(rule, o.Detectors, o.LookupEnv)
	case *policy.EntitiesGuard:
		g.Reason = exchange.ReasonEntity
		g.Checker, err = entities.New(rule, o.Detectors, o.LookupEnv)
	case *policy.ModerationGuard:
		g.Reason, g.Checker = exchange.ReasonModeration, moderation.New(rule, o.Detectors, asker{o.Own})
	case *policy.LengthGuard:
		g.Reason, g.Measure = exchange.ReasonTooLong, length.New(rule).Check
	case *policy.WordsGuard:
		g.Reason = exchange.ReasonWord
		g.Scanner, err = words.New(rule)
	case *policy.PatternGuard:
		g.Reason = exchange.ReasonPattern
		g.Scanner, err = pattern.New(rule)
	}
	return g, err
}

// begins makes what looks for system prompts in answers.
func begins(rule *policy.LeakGuard) (Begin, error) {
	g, err := leak.New(rule)
	if err != nil {
		return nil, err
	}
	return func(request []content.Text) content.Scanner {
		var system, own []content.Text
		for _, t := range request {
			if t.Role == "system" {
				system = append(system, t)
			} else {
				own = append(own, t)
			}
		}
		return g.Begin(system, own)
	}, nil
}

// asker asks models of the policy by own calls.
type asker struct{ own *self.Client }

// Ask implements moderation.Asker.
func (a asker) Ask(ctx context.Context, parent string, body []byte) (status int, answer []byte, err error) {
	got, err := a.own.Do(ctx, self.Call{Feature: self.Guard, Parent: parent, Path: "/v1/moderations", Body: body})
	if err != nil {
		return 0, nil, err
	}
	return got.Status, got.Body, nil
}
