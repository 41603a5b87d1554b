package envoytest

import "testing"

// TestPortsOfAProcessAreItsOwn holds that no port is given twice, over the end of a block
// too, and that a process which comes later gets none of them.
func TestPortsOfAProcessAreItsOwn(t *testing.T) {
	given := map[uint16]bool{}
	for range 2*perBlock + 10 {
		port := FreePort(t)
		if given[port] {
			t.Fatalf("%d is given twice", port)
		}
		given[port] = true
	}
	ports.next = ports.end // as in another process: it knows of no block but those that are taken
	for range perBlock {
		if port := FreePort(t); given[port] {
			t.Fatalf("%d is given to another process, too", port)
		}
	}
}
