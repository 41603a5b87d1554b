package policy

import (
	"testing"
)

// TestAPrivateGatewaysHosts holds by which hosts a gateway may be asked that needs no key, and that
// one that others reach, or that needs one, is not private.
func TestAPrivateGatewaysHosts(t *testing.T) {
	t.Parallel()
	const callers = "callers: {ci: {key: {env: CI_KEY}}}\n"
	for text, private := range map[string]bool{
		"": true, "listen: \"[::1]:80\"\n": true, "listen: 127.0.0.2:1\nanonymous: true\n": true,
		"listen: 0.0.0.0:80\nanonymous: true\n": false, callers: false, callers + "anonymous: true\n": false, "managed_keys: true\n": false,
	} {
		set, err := Parse("p", []byte("version: 1\n"+text))
		if err != nil {
			t.Fatal(err)
		}
		if set.Private() != private {
			t.Errorf("%q is private: %v", text, !private)
		}
	}
	set, err := Parse("p", []byte("version: 1\nlisten: 127.0.0.1:8080\nhosts: [Headgate, \"[fd00::1]\", 10.0.0.1]\n"))
	if err != nil {
		t.Fatal(err)
	}
	for host, may := range map[string]bool{
		"localhost": true, "LOCALHOST:8080": true, "127.0.0.1": true, "127.0.0.1:1": true, "": true, "[::1]:8080": true, "::1": true, NoHost: true,
		"headgate": true, "HEADGATE:8080": true, "[fd00::1]:8080": true, "10.0.0.1:80": true,
		":8080": false, "evil.example": false, "localhost.evil.example": false, "127.0.0.1.evil.example": false, "headgate.evil.example": false,
		"10.0.0.2": false, "0.0.0.0:8080": false, "localhost:8080:1": false, "localhost@evil.example": false,
	} {
		if set.AsksAs(host) != may {
			t.Errorf("host %q: %v, want %v", host, !may, may)
		}
	}
	set.Hosts = []string{AnyHost}
	if !set.AsksAs("evil.example") {
		t.Error("* is not every host")
	}
}

// TestAllowedOrigins is the table of xds/snapshot, which has Envoy answer browsers by the same
// origins.
func TestAllowedOrigins(t *testing.T) {
	t.Parallel()
	c := CORS{Origins: []string{"https://app.example.com", "https://*.example.org", "app://obsidian.md"}}
	for origin, may := range map[string]bool{
		"https://app.example.com": true, "HTTPS://APP.example.com": true, "https://a.example.org": true, "https://a.b.example.org": true, "app://obsidian.md": true,
		"http://app.example.com": false, "https://app.example.com:8443": false, "https://app.example.com.evil.net": false, "https://example.org": false,
		"https://evilexample.org": false, "https://a.example.org.evil.net": false, "https://evil.net/.example.org": false, "https://.example.org": false, "null": false, "": false,
	} {
		if c.Allows(origin) != may {
			t.Errorf("origin %q: %v, want %v", origin, !may, may)
		}
	}
	if !(CORS{Origins: []string{AnyOrigin}}).Allows("null") {
		t.Error("* is not every origin")
	}
	if (CORS{}).Allows("https://app.example.com") {
		t.Error("nobody allows an origin")
	}
}
