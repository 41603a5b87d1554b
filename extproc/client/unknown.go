package client

import (
	"cmp"
	"regexp"
	"strings"

	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/policy/strict"
)

// maxHinted bounds the length of a path that is searched for what was meant, in bytes.
const maxHinted = 512

// unknown refuses a path that is not served. If it is certain what is wrong with it, the
// refusal says how the client is to be pointed at the gateway.
func unknown(req *exchange.Request, at place) exchange.Verdict {
	const served = "This gateway does not serve "
	path := Quote(req.Path)
	message := served + path + ". It serves " + known + "."
	if f := foreignTo(req.Path); f != nil {
		message = served + path + ", which is " + f.name + ": " + f.instead
		message = strings.ReplaceAll(message, "{base}", root(req.Headers)+version)
	} else if e := meant(req.Path, at); e != nil {
		message = "Unknown path " + path + ": did you mean " + version + "/" + e.pattern + "? Set base_url to " + baseURL(req.Headers, cmp.Or(e.dialect, at.likeliest(req.Headers).Name())) + "."
	}
	return exchange.Denied(404, exchange.ReasonUnknownPath, message)
}

// known lists the paths that are served.
var known = func() string {
	var all []string
	for i := range endpoints {
		if !strings.Contains(endpoints[i].pattern, "*") {
			all = append(all, version+"/"+endpoints[i].pattern)
		}
	}
	last := len(all) - 1
	return strings.Join(all[:last], ", ") + " and " + all[last]
}()

// foreign is an API that clients of others ask for, which is known by its paths.
type foreign struct {
	paths         *regexp.Regexp
	name, instead string
}

const byOtherAPIs = "ask its models by /v1/chat/completions or /v1/messages."

// foreigns are read off the reference of each API.
var foreigns = []foreign{
	{regexp.MustCompile(`:(generateContent|streamGenerateContent|countTokens|embedContent|batchEmbedContents)$|^/v1(alpha|beta)/models(/|$)`),
		"Gemini's own API and not served yet", byOtherAPIs},
	{regexp.MustCompile(`/deployments/[^/]+/`),
		"Azure's API of deployments", "use the client for OpenAI itself, with base_url {base} and the deployment's name as the model."},
	{regexp.MustCompile(`^/model/[^/]+/(invoke|converse)`),
		"Bedrock's own API", byOtherAPIs},
	{regexp.MustCompile(`^/api/(chat|generate|embed|embeddings|tags|show|version)$`),
		"Ollama's own API", "use a client for OpenAI, with base_url {base}."},
	{regexp.MustCompile(`^(/openai)?(/v1)?(/engines/[^/]+)?/completions/?$`),
		"OpenAI's API of completions before chat", "ask /v1/chat/completions, with messages in place of the prompt."},
	{regexp.MustCompile(`^(/anthropic)?(/v1)?/complete/?$`),
		"Anthropic's API before messages", "ask /v1/messages, with messages in place of the prompt."},
}

// foreignTo returns the API of others that has a path; nil: none is known.
func foreignTo(path string) *foreign {
	if len(path) > maxHinted {
		return nil
	}
	for i := range foreigns {
		if foreigns[i].paths.MatchString(path) {
			return &foreigns[i]
		}
	}
	return nil
}

// doubled are segments that stand before what is served if a client's base URL has too much, or
// something else, in it.
var doubled = map[string]bool{
	"v1": true, "v2": true, "v3": true, "v1beta": true, "openai": true, "anthropic": true, "api": true,
	"chat": true, "completions": true, "embeddings": true, "moderations": true, "messages": true, "models": true,
}

// meant returns the endpoint that a client meant with an unknown path, if that is certain; nil:
// it is not.
func meant(path string, at place) *endpoint {
	if len(path) > maxHinted {
		return nil
	}
	if e := suffixed(strings.Trim(path, "/")); e != nil {
		return e
	}
	if e := suffixed(at.rest); e != nil {
		return e
	}
	var patterns []string
	for i := range endpoints {
		patterns = append(patterns, endpoints[i].pattern)
		if at.rest != "" && strings.HasPrefix(endpoints[i].pattern, at.rest+"/") && !strings.Contains(endpoints[i].pattern, "*") {
			return &endpoints[i]
		}
	}
	near := strict.Suggest(at.rest, patterns)
	for i := range endpoints {
		if near == endpoints[i].pattern && !strings.Contains(near, "*") {
			return &endpoints[i]
		}
	}
	return nil
}

// suffixed returns the endpoint whose path ends a longer one, if nothing of another API stands
// before it.
func suffixed(path string) *endpoint {
	for rest := path; rest != ""; {
		for i := range endpoints {
			if rest == endpoints[i].pattern {
				return &endpoints[i]
			}
		}
		segment, after, _ := strings.Cut(rest, "/")
		if !doubled[segment] && !strings.HasSuffix(after, "chat/completions") {
			return nil
		}
		rest = after
	}
	return nil
}

// baseURL is what clients of a dialect take as the base URL of the gateway.
func baseURL(h exchange.Headers, dialect string) string {
	if dialect == "anthropic" {
		return root(h)
	}
	return root(h) + version
}

// host is what an authority looks like that may be shown as it came: a name or an address, and
// a port.
var host = regexp.MustCompile(`^(\[[0-9A-Fa-f:.]{2,45}\]|[0-9A-Za-z._-]{1,253})(:[0-9]{1,5})?$`)

// root is the URL at which the client sees the gateway.
func root(h exchange.Headers) string {
	authority := string(h.Get(":authority"))
	if !host.MatchString(authority) || authority == policy.NoHost {
		authority = "HOST"
	}
	if string(h.Get(":scheme")) == "https" {
		return "https://" + authority
	}
	return "http://" + authority
}
