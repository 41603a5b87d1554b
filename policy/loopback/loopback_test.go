package loopback_test

import (
	"net/netip"
	"testing"

	"github.com/headgate/headgate/policy/loopback"
)

// TestLoopback is the only table of what is loopback and what is not.
func TestLoopback(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]bool{
		"localhost": true, "LOCALHOST": true, "127.0.0.1": true, "127.0.0.2": true, "127.255.255.254": true,
		"::1": true, "[::1]": true, "::ffff:127.0.0.1": true, "[::ffff:127.0.0.1]": true, "0:0:0:0:0:0:0:1": true,
		"": false, "0.0.0.0": false, "::": false, "[::]": false, "10.0.0.1": false, "192.168.0.1": false, "169.254.0.1": false, "::ffff:10.0.0.1": false,
		"fe80::1": false, "localhost.example.com": false, "api.localhost": false, "127.0.0.1.example.com": false, "localhost.": false,
		"127.1": false, "0x7f.0.0.1": false, "2130706433": false, "[127.0.0.1": false, "::1]": false, " localhost": false,
	} {
		if got := loopback.Host(host); got != want {
			t.Errorf("host %q: %t, want %t", host, got, want)
		}
		if ip, err := netip.ParseAddr(host); err == nil && loopback.IP(ip) != want {
			t.Errorf("IP %q: %t, want %t", host, !want, want)
		}
	}
	for text, want := range map[string]bool{
		"localhost:1": true, "127.0.0.1:0": true, "[::1]:80": true, "[::ffff:127.0.0.1]:80": true, "127.0.0.1:http": true,
		":80": false, "0.0.0.0:80": false, "[::]:80": false, "10.1.2.3:80": false, "example.com:80": false,
	} {
		if got, err := loopback.HostPort(text); err != nil || got != want {
			t.Errorf("%q: %t and %v, want %t", text, got, err, want)
		}
	}
	for text, want := range map[string]bool{
		"localhost": true, "localhost:1": true, "127.0.0.1:80": true, "[::1]:80": true, "[::1]": true,
		"": false, ":80": false, "evil.example": false, "evil.example:80": false, "127.0.0.1.evil.example:80": false, "10.0.0.1:80": false,
	} {
		if got := loopback.Authority(text); got != want {
			t.Errorf("authority %q: %t, want %t", text, got, want)
		}
	}
	for _, text := range []string{"", "127.0.0.1", "localhost", "::1", "[::1]", "127.0.0.1:1:2"} {
		if got, err := loopback.HostPort(text); err == nil || got {
			t.Errorf("%q: %t, want an error", text, got)
		}
	}
}
