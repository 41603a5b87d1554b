package policy

import (
	"slices"

	"github.com/headgate/headgate/policy/strict"
)

// WebhookGuard asks a service of the operator's own.
type WebhookGuard struct {
	GuardTerms
	Service
	Signing Credential // the zero value: calls are not signed
}

var webhookGuard = described[WebhookGuard]{
	doc:    "Asks a service of your own, in the words of extproc/guard/webhook/schema.json.",
	sample: `webhook: {url: "https://guard.example.com/check"}`,
	object: strict.NewObject(slices.Concat(
		guardTerms("webhook", func(g *WebhookGuard) *GuardTerms { return &g.GuardTerms }, GuardDeny, GuardMask, GuardFlag),
		serviceKeys(func(g *WebhookGuard) *Service { return &g.Service }, "https://guard.example.com/check", "Where texts are posted to.", 64<<10,
			" An answer that flags is not remembered, as it does not say which text it is about. A service that judges texts by each other needs 0s: then it gets all of them every time."),
		[]strict.Member[WebhookGuard]{
			strict.Bind("signing", func(g *WebhookGuard) *Credential { return &g.Signing }, guardSecret(true)).Absent("calls are not signed").
				Doc("Secret of at least 16 characters with which calls are signed, so that the service knows that they are of this gateway: HMAC-SHA-256 over time and body.").
				Example(`signing: {env: GUARD_SIGNING_SECRET}`),
		},
	)...).Check(func(r *strict.Reader, g *strict.Given, w *WebhookGuard) { checkService(r, g, &w.Service) }),
}
