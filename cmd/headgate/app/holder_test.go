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

// TestOnlyListenersHoldAPort holds that connections of a port, and other ports, do not
// count.
func TestOnlyListenersHoldAPort(t *testing.T) {
	const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 101 1 0000000000000000 100 0 0 10 0
   1: 0100007F:1F90 0100007F:C350 01 00000000:00000000 00:00000000 00000000     0        0 102 1 0000000000000000 20 4 30 10 -1
   2: 0100007F:C350 0100007F:1F90 01 00000000:00000000 00:00000000 00000000     0        0 103 1 0000000000000000 20 4 30 10 -1
   3: 0100007F:1F91 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 104 1 0000000000000000 100 0 0 10 0
`
	got := map[string]bool{}
	listening(table, 0x1F90, got)
	if len(got) != 1 || !got["socket:[101]"] {
		t.Errorf("%v", got)
	}
}
