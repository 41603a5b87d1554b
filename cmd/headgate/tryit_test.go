package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/policy"
)

// TestTryIt holds that the command which is printed to try a gateway proves who asks in the
// easiest way that its policy has, and asks for a model that this caller may have.
func TestTryIt(t *testing.T) {
	const curl, key = "\nTry it:\n\n  curl -i http://127.0.0.1:8080/v1/chat/completions -H 'content-type: application/json' \\\n", "    -H \"authorization: Bearer "
	const secure = "\nTry it:\n\n  curl -i https://127.0.0.1:8080/v1/chat/completions -H 'content-type: application/json' \\\n"
	const body, streamed = "    -d '{\"model\":\"a\",\"messages\":[{\"role\":\"user\",\"content\":\"Hello!\"}]}'\n\n", "Streamed: add \"stream\":true to the body and -N to curl.\n\n"
	const bodyB = "    -d '{\"model\":\"b\",\"messages\":[{\"role\":\"user\",\"content\":\"Hello!\"}]}'\n\n"
	const trust = "If curl does not trust the gateway's certificate, name its authority: --cacert FILE. It has to name the host that is asked.\n"
	const hash = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
	const models = "version: 1\nunpriced: flag\nbackends: {gpt: {provider: openai, credential: {env: A}}}\nmodels: {b: gpt/b, a: gpt/a}\n"
	for text, want := range map[string]string{
		"version: 1\ncallers: {x: {key: {env: X_KEY}}}": "",
		models: curl + body + streamed,
		strings.Replace(models, "{b: gpt/b, a: gpt/a}", "{\"b*\": gpt/*}", 1) + "callers: {x: {key: {sha256: " + hash + "}, models: [bc]}}": curl + key + "$KEY\" \\\n" + strings.Replace(body, "\"a\"", "\"bc\"", 1) + "KEY: that of caller x, of which the policy has the hash.\n" + streamed,
		models + "anonymous: true\ncallers: {x: {key: {env: X_KEY}, models: [b]}}":                                                          curl + body + streamed,
		models + "managed_keys: true":                                                                             curl + key + "$KEY\" \\\n" + body + "KEY: one that headgate key create has made.\n" + streamed,
		models + "callers: {x: {key: {sha256: " + hash + "}, models: [b]}}":                                       curl + key + "$KEY\" \\\n" + bodyB + "KEY: that of caller x, of which the policy has the hash.\n" + streamed,
		models + "trusted: {networks: [127.0.0.0/8], caller: x-mesh-caller}":                                      curl + "    -H 'x-mesh-caller: NAME' \\\n" + body + "NAME: any. It is believed if this machine is the hop that the policy trusts.\n" + streamed,
		models + "callers: {w: {key: {sha256: " + hash + "}}, x: {key: {file: \"/it's/key\"}}}":                   curl + key + "$(cat '/it'\\''s/key')\" \\\n" + body + streamed,
		models + "callers: {v: {key: {file: /key}}, w: {key: {env: W_KEY}, models: [b]}, x: {key: {env: X_KEY}}}": curl + key + "$W_KEY\" \\\n" + bodyB + streamed,
		models + "listen: {tls: {cert: /tls.crt, key: /tls.key}}\ncallers: {x: {key: {env: X_KEY}}}":              secure + key + "$X_KEY\" \\\n" + body + trust + streamed,
		models + "listen: {tls: {cert: /tls.crt, key: /tls.key, client_ca: /ca.crt}}\ncallers: {x: {certificate: ci, models: [b]}}": secure +
			"    --cert CLIENT.crt --key CLIENT.key \\\n" + bodyB + "CLIENT.crt: a certificate of ci that /ca.crt verifies.\n" + trust + streamed,
		models + "listen: {tls: {cert: /tls.crt, key: /tls.key, client_ca: /ca.crt}}\ncallers: {x: {key: {env: X_KEY}}}": secure +
			key + "$X_KEY\" \\\n    --cert CLIENT.crt --key CLIENT.key \\\n" + body + "CLIENT.crt: a certificate that /ca.crt verifies.\n" + trust + streamed,
		models + "listen: {tls: {cert: /tls.crt, key: /tls.key, client_ca: /ca.crt, client_certificate: optional}}\ncallers: {x: {key: {env: X_KEY}}}": secure +
			key + "$X_KEY\" \\\n" + body + trust + streamed,
	} {
		set, err := policy.Parse("policy.yaml", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, tryIt(set)); diff != "" {
			t.Errorf("%s: differs (-want +got):\n%s", text, diff)
		}
	}
}
