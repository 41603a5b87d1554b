package app

import (
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/policy/source"
)

// static is the policy of a file for an Envoy whose configuration was made of it once
// and stays. Its reload is called by one goroutine at a time.
type static struct {
	path  string
	data  *dataPlane
	shape string // by which Envoy's routes go
	log   *zap.Logger

	revision atomic.Pointer[string] // in effect
	refused  atomic.Pointer[string] // why the file as it was read last is not in effect; nil: it is
}

// newStatic puts the policy of a file into effect, which was read from it just now.
func newStatic(path string, set *policy.Set, data *dataPlane, ops *operations, reg prometheus.Registerer, log *zap.Logger) (*static, error) {
	if err := data.take(set); err != nil {
		return nil, err
	}
	s := &static{path: path, data: data, shape: set.Shape, log: log}
	s.revision.Store(&set.Revision)
	reg.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "headgate_policy_refused",
		Help: "1 while the policy file is one that was refused."}, func() float64 {
		if s.refused.Load() != nil {
			return 1
		}
		return 0
	}))
	ops.say(s.detail)
	return s, nil
}

// loadStatic reads a policy of which everything is in its file.
func loadStatic(path string) (*policy.Set, error) {
	set, err := source.Load(path)
	if err == nil && set.ManagedKeys {
		return nil, errors.New("managed_keys: the keys of headgate key come from a control plane, and a policy of a file has none; list callers with the places or hashes of their keys")
	}
	return set, err
}

// reload reads the file again.
func (s *static) reload() {
	set, err := loadStatic(s.path)
	if err == nil {
		err = s.take(set)
	}
	if err != nil {
		why := err.Error()
		s.refused.Store(&why)
		s.log.Error("policy refused; the last good one stays in effect", zap.String("revision", *s.revision.Load()), zap.Error(err))
		return
	}
	s.refused.Store(nil)
	if was := s.revision.Swap(&set.Revision); *was == set.Revision {
		s.log.Info("the policy file was read again; the policy has not changed", zap.String("revision", set.Revision))
		return
	}
	s.log.Info("policy changed", zap.String("revision", set.Revision))
}

// take puts a policy into effect that Envoy's configuration fits. With another, Envoy
// would go on naming a shape that ext_proc soon does not hold.
func (s *static) take(set *policy.Set) error {
	if set.Shape != s.shape {
		return errors.New("it differs in more than weights from the policy that Envoy's configuration was made of: render it again (headgate render envoy), and restart Envoy and this process")
	}
	return s.data.take(set)
}

// detail is what /readyz says of the policy.
func (s *static) detail() string {
	text := fmt.Sprintf("policy %s in effect, by file %s\n", *s.revision.Load(), s.path)
	if why := s.refused.Load(); why != nil {
		text += refusedDetail(source.FromFile, *why)
	}
	return text
}
