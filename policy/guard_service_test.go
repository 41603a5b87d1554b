package policy

import (
	"net/url"
	"time"
)

// servicesOfRequests are the guards of requests, in the document that sets every key, that ask a
// service.
var servicesOfRequests = []Guard{
	{Webhook: &WebhookGuard{
		GuardTerms: usual("webhook", GuardDeny),
		Service:    Service{URL: &url.URL{Scheme: "https", Host: "guard.example.com"}, Bearer: Credential{File: "/run/secrets/guard"}, Remember: 5 * time.Minute, MaxBytes: 64 << 10},
		Signing:    Credential{Env: "GUARD_SIGNING_SECRET"},
	}},
	{Entities: &EntitiesGuard{
		GuardTerms: usual("entities", GuardMask),
		Service:    Service{URL: &url.URL{Scheme: "http", Host: "127.0.0.1:5002", Path: "/base"}, Bearer: Credential{Env: "GUARD_TOKEN"}, Remember: 5 * time.Minute, MaxBytes: 16 << 10},
		Language:   "en", MinScore: 0.5, Batch: true,
	}},
	{Moderation: &ModerationGuard{GuardTerms: usual("moderation", GuardDeny), Model: "1.5", Categories: map[string]*Share{}, Remember: 5 * time.Minute}},
}

// servicesOfAnswers are those of answers.
var servicesOfAnswers = []Guard{
	{Webhook: &WebhookGuard{
		GuardTerms: GuardTerms{Name: "hook", Action: GuardMask, Mode: GuardShadow, OnError: FailOpen, Timeout: time.Millisecond, Message: "No {guard}.", Cut: CutError},
		Service:    Service{URL: &url.URL{Scheme: "http", Host: "guard:8000", Path: "/check"}, Insecure: true, Bearer: Credential{Env: "GUARD_TOKEN"}, MaxBytes: 1 << 10},
		Signing:    Credential{File: "/run/secrets/guard-signing"},
	}},
	{Entities: &EntitiesGuard{
		GuardTerms: GuardTerms{Name: "people", Action: GuardDeny, Mode: GuardShadow, OnError: FailOpen, Timeout: time.Minute, Message: "No {guard}.", Cut: CutError},
		Service:    Service{URL: &url.URL{Scheme: "http", Host: "presidio:3000"}, Insecure: true, Bearer: Credential{File: "/run/secrets/guard"}, Remember: 24 * time.Hour, MaxBytes: 1 << 20},
		Entities:   []string{"PERSON"}, Language: "de", MinScore: 0.7,
	}},
	{Moderation: &ModerationGuard{
		GuardTerms: GuardTerms{Name: "moderated", Action: GuardFlag, Mode: GuardShadow, OnError: FailOpen, Timeout: time.Second, Message: "No {guard}.", Cut: CutError},
		Model:      "1.5", Categories: map[string]*Share{"violence": new(Share(0.5)), "self-harm/intent": new(Share(0))}, Remember: time.Hour,
	}},
}
