package policy

import (
	"time"

	"github.com/headgate/headgate/policy/strict"
)

// Health says how Envoy asks the backends of a pool whether they are there, beside
// what it learns from their answers.
type Health struct {
	Interval time.Duration // between two checks of one backend
}

// Ejection is how long a backend stays out of its pool after its latest failures, the
// first time.
const Ejection = 10 * time.Second

var health = strict.NewObject(
	strict.Bind("interval", func(h *Health) *time.Duration { return &h.Interval }, strict.Duration(time.Second, time.Hour)).Required().
		Doc("Time between two checks of one backend. Each Envoy checks for itself.").
		Example(`interval: 30s`),
)
