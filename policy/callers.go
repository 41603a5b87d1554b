package policy

import (
	"maps"
	"regexp"
	"slices"

	"github.com/headgate/headgate/policy/strict"
)

// Caller is somebody whom the policy lets ask, and with what.
type Caller struct {
	Name        string
	Key         CallerKey // the zero value: it has none
	Certificate string    // the name in its client certificate; empty: it has none
	User        string    // whom its requests are charged to; empty: whom they name
	Team        string    // likewise
	Tier        string    // empty: none
	Models      []string  // that it may ask for; empty: all
	Tags        []string  // that its records have beside those of its requests
	Quota       Quota     // beside its tier's
	Guards      Guards    // beside its tier's
}

// CallerKey says how a caller's key is known. The key itself never stands in a policy.
type CallerKey struct {
	Credential        // where it is found
	SHA256     string // of the key, in lower-case hex, if it is random: a word that somebody made up can be guessed from it
}

var callersSection = section{
	fields: []strict.Member[document]{
		strict.Bind("callers", func(d *document) *map[string]*Caller { return &d.Callers },
			strict.Map(labelName, labelRule, caller).Named(func(c *Caller) *string { return &c.Name })).
			Doc("Who may ask, by name, and with which key. With it, managed_keys or trusted, requests of whom nothing says who asks are refused, unless anonymous allows them.").
			Example(`callers: {ci: {key: {env: CI_KEY}, tier: free}}`),
		strict.Bind("managed_keys", func(d *document) *bool { return &d.ManagedKeys }, strict.Switch()).Default(false).
			Doc("Take the keys, too, that headgate key makes and the control plane keeps.").
			Example(`managed_keys: true`),
		strict.Bind("anonymous_tier", func(d *document) *string { return &d.AnonymousTier }, label).Absent("none").
			Doc("Tier whose quota those without a key have, all of them together.").
			Example(`anonymous_tier: free`),
	},
	check: (*compiler).checkCallers,
}

var caller = strict.NewObject(
	strict.Bind("key", func(c *Caller) *CallerKey { return &c.Key }, callerKey).Absent("it has none").
		Doc("How the caller's key is known: the place where it is found, or its hash. A caller has a key, a certificate or both, and is known by either.").
		Example(`key: {env: CI_KEY}`),
	strict.Bind("certificate", func(c *Caller) *string { return &c.Certificate }, strict.Text().Matching(certificateName, certificateRule)).Absent("it has none").
		Doc("Name in the caller's client certificate, which listen.tls.client_ca verifies: its first URI, as in SPIFFE; without any, its first DNS name; without that, the common name of its subject.").
		Example(`certificate: "spiffe://example.com/ci"`),
	strict.Bind("user", func(c *Caller) *string { return &c.User }, label).Absent("whom a request names").
		Doc("User to whom all of its requests are charged.").
		Example(`user: ann`),
	strict.Bind("team", func(c *Caller) *string { return &c.Team }, label).Absent("whom a request names").
		Doc("Team that it belongs to, whose quota it shares.").
		Example(`team: search`),
	strict.Bind("tier", func(c *Caller) *string { return &c.Tier }, label).Absent("none").
		Doc("Tier whose quota it has.").
		Example(`tier: free`),
	strict.Bind("models", func(c *Caller) *[]string { return &c.Models }, strict.List(1, 1000, strict.Text().Matching(modelName, modelRule))).Absent("all").
		Doc("Models that it may ask for, and sees in lists: models of the policy, names that its wildcards answer, and wildcards, which grant every name that they match.").
		Example(`models: [assistant, "claude-*"]`),
	strict.Bind("tags", func(c *Caller) *[]string { return &c.Tags }, strict.List(1, 16, label)).
		Doc("Tags of its records.").
		Example(`tags: [nightly]`),
	strict.Bind("quota", func(c *Caller) *Quota { return &c.Quota }, quota).Absent("its tier's alone").
		Doc("What it may consume, beside the quota of its tier.").
		Example(`quota: {usd_per_month: 20}`),
	strict.Bind("guards", func(c *Caller) *Guards { return &c.Guards }, guards).Absent("those of its tier, of the model and for all").
		Doc("Guards of its exchanges, after all others.").
		Example(`guards: {input: [{secrets: {mode: off}}]}`),
).Check(func(r *strict.Reader, g *strict.Given, c *Caller) {
	p := placedCaller{caller: c}
	p.key, _ = g.At("key")
	p.certificate, _ = g.At("certificate")
	if !g.Has("key") && !g.Has("certificate") {
		r.Fault(g.Place(), "add key: {env: CI_KEY}, or certificate: NAME", "a caller needs a key or a certificate")
	}
	p.tier, _ = g.At("tier")
	p.models, _ = g.At("models")
	r.Note(p)
})

var label = strict.Text().Matching(labelName, labelRule)

var callerKey = strict.NewObject(
	strict.Bind("env", func(k *CallerKey) *string { return &k.Env }, strict.Text().Matching(envName, envRule).Secret()).
		Doc("Name of the environment variable of each pair that holds the key: 16 characters or more.").
		Example(`env: CI_KEY`),
	strict.Bind("file", func(k *CallerKey) *string { return &k.File }, strict.Text().Matching(absolutePath, pathRule).Secret()).
		Doc("Absolute path of the file that holds the key. It is read again when it changes.").
		Example(`file: /run/secrets/ci-key`),
	strict.Bind("sha256", func(k *CallerKey) *string { return &k.SHA256 }, strict.Text().Matching(hexHash, hashRule).Secret()).
		Doc("SHA-256 of a key of headgate key, in hex: headgate key hash prints it.").
		Example(`sha256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"`),
).OneKey().Secret().InsteadOfText(notASecret, "name the place instead, {env: NAME} or {file: PATH}, or the hash: {sha256: HASH}")

var hexHash = regexp.MustCompile(`^[0-9a-f]{64}$`)

const hashRule = "a hash is 64 lower-case hexadecimal digits, as headgate key hash prints it"

// HasCallers reports whether it must be known who asks, unless Anonymous allows anybody.
func (s *Set) HasCallers() bool { return len(s.Callers) > 0 || s.ManagedKeys || s.Trusted.On() }

// certificateName is a name in a certificate.
var certificateName = regexp.MustCompile(`^\S(.{0,998}\S)?$`)

const certificateRule = "a name in a certificate is 1 to 1000 characters on one line, no blank at either end"

// placedCaller is a caller, and where its key, its certificate, its tier and its models stand.
type placedCaller struct {
	caller                         *Caller
	key, certificate, tier, models strict.Place
}

// PlacedKey is the key of a policy's caller, and where it stands.
type PlacedKey struct {
	Caller string
	at     strict.Place
}

// Fault returns a fault of the key.
func (k PlacedKey) Fault(message, hint string) Fault { return k.at.Fault(message, hint) }

// CallerKeys returns the keys of a policy's callers in the order of its files. It reads the
// policy as Credentials does.
func CallerKeys(files []File) ([]PlacedKey, error) {
	c, faults := compile(files, reading{maxBytes: MaxDocument})
	if len(faults) > 0 {
		return nil, strict.NewFaults(files, faults)
	}
	var all []PlacedKey
	for _, p := range strict.Notes[placedCaller](c.Reader) {
		if p.caller.Key != (CallerKey{}) {
			all = append(all, PlacedKey{p.caller.Name, p.key})
		}
	}
	return all, nil
}

// checkCallers refuses tiers and models that are not there, certificates that are not asked
// for, and keys and certificates that stand for two callers.
func (c *compiler) checkCallers() {
	c.checkKeys()
	c.checkCertificates()
	if at, ok := c.Given.At("anonymous_tier"); ok {
		c.checkTier(at, c.doc.AnonymousTier)
	}
	for _, p := range strict.Notes[placedCaller](c.Reader) {
		if p.caller.Tier != "" {
			c.checkTier(p.tier, p.caller.Tier)
		}
		for _, model := range p.caller.Models {
			if !c.doc.Grants(model) {
				c.Fault(p.models, c.Suggest(model, slices.Sorted(maps.Keys(c.doc.Models))), "model %s is not defined", strict.Quote(model))
			}
		}
	}
}

func (c *compiler) checkTier(at strict.Place, tier string) {
	if _, ok := c.doc.Tiers[tier]; !ok {
		c.Fault(at, c.Suggest(tier, slices.Sorted(maps.Keys(c.doc.Tiers))), "tier %s is not defined", strict.Quote(tier))
	}
}

// checkKeys refuses keys of two callers that are found in the same place, or have one hash.
func (c *compiler) checkKeys() {
	owners := map[CallerKey]*Caller{}
	for _, p := range strict.Notes[placedCaller](c.Reader) {
		if p.caller.Key == (CallerKey{}) {
			continue
		}
		if other := owners[p.caller.Key]; other != nil {
			c.Fault(p.key, "", "callers %s and %s have the same key", strict.Quote(other.Name), strict.Quote(p.caller.Name))
			continue
		}
		owners[p.caller.Key] = p.caller
	}
}

// checkCertificates refuses certificates of callers that no client can show.
func (c *compiler) checkCertificates() {
	owners := map[string]*Caller{}
	for _, p := range strict.Notes[placedCaller](c.Reader) {
		name := p.caller.Certificate
		if name == "" {
			continue
		}
		if c.doc.Listen.TLS.ClientCA == "" && !c.Given.Faulty("listen") {
			c.Fault(p.certificate, "say listen: {tls: {client_ca: FILE}}", "clients are asked for no certificate")
		}
		if other := owners[name]; other != nil {
			c.Fault(p.certificate, "", "callers %s and %s have the same certificate", strict.Quote(other.Name), strict.Quote(p.caller.Name))
		}
		owners[name] = p.caller
	}
}
