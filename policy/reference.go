package policy

import (
	"maps"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/headgate/headgate/policy/strict"
)

// Reference is something outside a policy that it has Headgate read, and what for. Exactly one of
// Env and File is not empty.
type Reference struct {
	Env, File string // name of an environment variable; path of a file
	// For is where it goes: the origin of a URL, such as https://api.openai.com, or if it goes
	// nowhere what it is used as, such as callers.key.
	For  string
	Path string // where the policy names it, such as backends.gpt.credential
}

// String shows what is read, such as env:OPENAI_API_KEY, as a Grant is written.
func (r Reference) String() string {
	if r.Env != "" {
		return "env:" + r.Env
	}
	return "file:" + r.File
}

// use is a reference without the place that names it.
func (r Reference) use() Reference {
	r.Path = ""
	return r
}

// References returns what a policy has Headgate read, in an order that stays. A file that stands
// at its default, such as that of SQLite in the state folder, is none.
func (s *Set) References() []Reference {
	var all references
	for _, name := range slices.Sorted(maps.Keys(s.Backends)) {
		all.ofBackend(strict.Join("backends", name), s.Backends[name])
	}
	for _, name := range slices.Sorted(maps.Keys(s.Callers)) {
		path := strict.Join("callers", name)
		all.secret(path+".key", "callers.key", s.Callers[name].Key.Credential)
		all.ofGuards(path+".guards", &s.Callers[name].Guards)
	}
	for _, name := range slices.Sorted(maps.Keys(s.Models)) {
		all.ofGuards(strict.Join("models", name)+".guards", &s.Models[name].Guards)
	}
	for _, name := range slices.Sorted(maps.Keys(s.Tiers)) {
		all.ofGuards(strict.Join("tiers", name)+".guards", &s.Tiers[name].Guards)
	}
	all.ofGuards("guards", &s.Guards)
	all.secret("redis.url", "redis.url", s.Redis.URL)
	all.secret("store.postgres", "store.postgres", s.Store.Postgres)
	all.secret("state.key", "state.key", s.State.Key)
	all.file("store.sqlite", "store.sqlite", s.Store.SQLite)
	all.file("listen.tls.cert", "listen.tls.cert", s.Listen.TLS.Cert)
	all.file("listen.tls.key", "listen.tls.key", s.Listen.TLS.Key)
	all.file("listen.tls.client_ca", "listen.tls.client_ca", s.Listen.TLS.ClientCA)
	return all
}

// references are a list that is being made.
type references []Reference

// secret adds the place of a secret, if it is one.
func (all *references) secret(path, use string, c Credential) {
	if c != (Credential{}) {
		*all = append(*all, Reference{Env: c.Env, File: c.File, For: use, Path: path})
	}
}

// file adds a file, if it is one.
func (all *references) file(path, use, file string) { all.secret(path, use, Credential{File: file}) }

func (all *references) ofBackend(path string, b *Backend) {
	to := SimulatedProvider
	if b.URL != nil {
		to = Origin(b.URL)
	}
	for i, c := range b.Credentials {
		at := path + ".credential"
		if len(b.Credentials) > 1 {
			at += "[" + strconv.Itoa(i) + "]"
		}
		all.secret(at, to, c)
	}
	for _, name := range slices.Sorted(maps.Keys(b.Headers)) {
		all.secret(strict.Join(path+".headers", name), to, b.Headers[name].Credential)
	}
	all.secret(path+".organization", to, b.Organization.Credential)
	all.secret(path+".project", to, b.Project.Credential)
	all.file(path+".ca_file", to, b.CAFile)
}

func (all *references) ofGuards(path string, g *Guards) {
	for i := range g.Input {
		all.ofGuard(path+".input["+strconv.Itoa(i)+"]", &g.Input[i])
	}
	for i := range g.Output {
		all.ofGuard(path+".output["+strconv.Itoa(i)+"]", &g.Output[i])
	}
}

func (all *references) ofGuard(path string, g *Guard) {
	switch {
	case g.Words != nil:
		all.file(path+".words.file", "guards.words", g.Words.File)
	case g.Webhook != nil:
		to := Origin(g.Webhook.URL)
		all.secret(path+".webhook.bearer", to, g.Webhook.Bearer)
		all.secret(path+".webhook.signing", to, g.Webhook.Signing)
	case g.Format != nil:
		all.file(path+".format.schema_file", "guards.format", g.Format.SchemaFile)
	case g.Entities != nil:
		all.secret(path+".entities.bearer", Origin(g.Entities.URL), g.Entities.Bearer)
	}
}

// Origin returns the scheme, the host and the port of a URL in the one form in which two that lead
// to the same place are the same text: lower case, and no port that is the scheme's own.
func Origin(u *url.URL) string {
	scheme, host, port := strings.ToLower(u.Scheme), strings.ToLower(u.Hostname()), u.Port()
	if port != "" && port != map[string]string{"http": "80", "https": "443"}[scheme] {
		return scheme + "://" + net.JoinHostPort(host, port)
	}
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	return scheme + "://" + host
}
