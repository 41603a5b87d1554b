package facts_test

import (
	"net"
	"testing"
)

// With use_remote_address the other end of the connection is the client, and what a request says
// of the way that it came is not looked at. Without, Envoy takes the last address that
// x-forwarded-for holds for the client's.
func TestTheAddressOfTheOtherEndIsAnAttributeThatNoHeaderSetsWithUseRemoteAddress(t *testing.T) {
	for hcm, want := range map[string]string{"use_remote_address: true": "127.0.0.1", "use_remote_address: false": "10.1.2.3"} {
		r := start(t, setup{RequestAttributes: `"source.address"`, HCM: hcm})
		r.play(routed(), script{})
		for _, spoof := range [][]string{
			{"x-forwarded-for", "10.1.2.3"}, {"x-forwarded-for", "192.0.2.1, 10.1.2.3", "x-real-ip", "192.0.2.1", "forwarded", "for=192.0.2.1", "source.address", "192.0.2.1:1"},
		} {
			if got := r.post(t, `{}`, spoof...); got.status != 200 {
				t.Fatalf("answer: %+v", got)
			}
			address, _ := namesSent(r.next(t, "router").await(t))["source.address"].(string)
			if host, port, err := net.SplitHostPort(address); err != nil || host != want || port == "" {
				t.Errorf("%s, %q: the address is %q, want that of %s", hcm, spoof, address, want)
			}
		}
	}
}
