package policy

import (
	"time"

	"github.com/headgate/headgate/policy/strict"
)

// Health says how the backends of a pool are asked whether they are there, beside what is
// learned from their answers. Its zero Interval says that they are not.
type Health struct {
	Interval time.Duration // between two checks of one backend
	Probe    Probe         // what is asked
}

// Probe is what a check asks of a backend.
type Probe string

// The values of Probe.
const (
	ProbeConnect Probe = "connect" // a TCP connection, and the TLS handshake of https
	ProbeModels  Probe = "models"  // the list of models
)

// Ejection is how long a backend stays out of its pool after its latest failures, the
// first time.
const Ejection = 10 * time.Second

var health = strict.NewObject(
	strict.Bind("interval", func(h *Health) *time.Duration { return &h.Interval }, strict.Duration(time.Second, time.Hour)).Required().
		Doc("Time between two checks of a backend that is there. The control plane checks each backend once, however many models and pairs use it, and drains it from the chains of the models with this key while it does not answer. An Envoy without a control plane (headgate render envoy) connects by itself.").
		Example(`interval: 30s`),
	strict.Bind("probe", func(h *Health) *Probe { return &h.Probe }, strict.Enum(ProbeConnect, ProbeModels)).Default(ProbeConnect).
		Doc("What a check is: connect opens a TCP connection, with the TLS handshake of an https URL; models also asks for the list of models with the backend's credential, if the control plane has it, and takes every answer below 500 for a sign of life.").
		Example(`probe: models`),
)
