package envoy

import "syscall"

// Descriptors raises how many files an Envoy that this process starts may have open to the most
// that this process may give, and returns it; 0: it is not known.
func Descriptors() uint64 {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return 0
	}
	limit.Cur = limit.Max
	// Go gives children the limit with which it was started, unless it is set by the program.
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return 0
	}
	return limit.Cur
}
