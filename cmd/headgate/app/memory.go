package app

import (
	"math"

	"github.com/KimMachineGun/automemlimit/memlimit"
)

// envoyShare is how many processes share the memory that bodies take if Envoy is one of them: of bodies
// of 600 MiB that came at once, Envoy has had 1.5 to 2 GB, and ext_proc as much.
const envoyShare = 2

// memoryOf returns how many bytes of memory this process may use, by the first source that knows:
// its cgroup's limit, or the machine's memory; 0: none does.
func memoryOf(sources ...memlimit.Provider) int64 {
	for _, source := range sources {
		if n, err := source(); err == nil && n > 0 && n < math.MaxInt64 {
			return int64(n)
		}
	}
	return 0
}
