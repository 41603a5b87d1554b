package policy

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/policy/policypb"
)

// TestAcceptedBefore holds that what version 1 allowed at first is still read from where
// it was accepted, and means what it meant.
func TestAcceptedBefore(t *testing.T) {
	const written = "version: 1\nunpriced: flag\nbackends: {sim: {provider: simulated}}\n" +
		"models: {m: {chain: [[{use: sim/x, weight: 3}]], retries: 1, breaker: {requests: 5}}}\nprices: {x: {input: 0.25, output: 2}}"
	set, err := Parse("policy.yaml", []byte(written))
	if err != nil {
		t.Fatal(err)
	}
	quoted := strings.NewReplacer(" 3}", ` "3"}`, " 1,", ` '1',`, " 5}", ` "5"}`, " 0.25", ` "0.25"`, " 2}", ` "2"}`).Replace(written)
	wild := strings.NewReplacer("{m:", "{gpt-*:", "sim/x", "sim/x-*", "{x:", `{"x-*":`).Replace(written)
	for _, document := range []string{quoted, wild} {
		if _, err := Parse("policy.yaml", []byte(document)); err == nil {
			t.Errorf("accepted as new:\n%s", document)
		}
		if _, err := ParseAccepted([]File{{Name: "policy.yaml", Data: []byte(document)}}); err != nil {
			t.Errorf("refused although accepted before: %v", err)
		}
	}
	again, err := ParseAccepted([]File{{Name: "policy.yaml", Data: []byte(quoted)}})
	if err != nil || !cmp.Equal(set, again, sameSet) {
		t.Errorf("means something else: %v\n%s", err, cmp.Diff(set, again, sameSet))
	}
	// What a control plane of an earlier version sends of such a policy.
	const sent = `{"backends":{"sim":{"provider":"simulated"}},"models":{"gpt-*":{"chain":["sim/x-*"]}},"prices":{"x-*":{"input":1,"output":2}},"version":1}`
	if _, err := FromWire(&policypb.Policy{Revision: "r", Shape: "s", Document: []byte(sent)}); err != nil {
		t.Errorf("from an earlier control plane: %v", err)
	}
}

// TestVendors holds that a name which is no provider is answered with what works: the
// policy that the hint describes.
func TestVendors(t *testing.T) {
	for _, v := range vendors {
		for _, name := range v.names {
			_, err := Parse("policy.yaml", []byte("version: 1\nbackends: {b: {provider: "+name+", credential: {env: A}}}"))
			if err == nil || !strings.Contains(err.Error(), "write provider: openai-compatible and url: ") {
				t.Errorf("%s: %v", name, err)
			}
		}
		for _, url := range v.urls {
			if _, err := Parse("policy.yaml", []byte("version: 1\nbackends: {b: {provider: openai-compatible, url: \""+url+"\", credential: {env: A}}}")); err != nil {
				t.Errorf("%s of %s: %v", url, v.names[0], err)
			}
		}
	}
	for name, meant := range otherNames {
		_, err := Parse("policy.yaml", []byte("version: 1\nbackends: {b: {provider: "+name+", credential: {env: A}}}"))
		if err == nil || !strings.Contains(err.Error(), "write provider: "+meant) {
			t.Errorf("%s: %v", name, err)
		}
		if elsewhere, _ := elsewhere(meant); elsewhere != "" {
			t.Errorf("%s leads to %s, which is none", name, meant)
		}
	}
}
