package app

import (
	"math"

	"github.com/KimMachineGun/automemlimit/memlimit"
)

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
