package app

import (
	"fmt"
	"net"
	"os"
	"runtime"
	"strings"
	"testing"
)

// TestWhoHoldsAPort holds that the process which listens is named, over IPv4 and IPv6,
// and none if none does.
func TestWhoHoldsAPort(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("it is read from /proc")
	}
	for _, addr := range []string{"127.0.0.1:0", "[::1]:0"} {
		lis, err := net.Listen("tcp", addr)
		if err != nil && strings.HasPrefix(addr, "[") {
			continue // no IPv6 here
		}
		if err != nil {
			t.Fatal(err)
		}
		taken := lis.Addr().String()
		if got := holderOf(taken); !strings.HasSuffix(got, fmt.Sprintf(" (process %d)", os.Getpid())) {
			t.Errorf("%s: %q", taken, got)
		}
		if err := lis.Close(); err != nil {
			t.Fatal(err)
		}
		if got := holderOf(taken); got != "" {
			t.Errorf("%s is free: %q", taken, got)
		}
	}
	for _, addr := range []string{"", "127.0.0.1", "127.0.0.1:x", "127.0.0.1:99999"} {
		if got := holderOf(addr); got != "" {
			t.Errorf("%q: %q", addr, got)
		}
	}
}
