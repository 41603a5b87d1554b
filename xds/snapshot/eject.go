package snapshot

import (
	"time"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/headgate/headgate/policy"
)

// nothingInService is the least panic threshold that is one: Envoy counts it in whole
// percent of what fits a request.
const nothingInService = 1

// lbConfig keeps requests from ejected backends as long as another one that fits is in
// service. If none is, all of them are asked: the first that answers again is found by a
// retry, and nobody is refused because of what was true some seconds ago. The greatest
// share that may be ejected could not promise that, because it is one of the whole pool and
// not of what fits a request. Ejections act at once.
func lbConfig() *clusterv3.Cluster_CommonLbConfig {
	return &clusterv3.Cluster_CommonLbConfig{
		HealthyPanicThreshold: &typev3.Percent{Value: nothingInService},
		UpdateMergeWindow:     durationpb.New(0),
	}
}

// outliers ejects a backend after so many failed attempts in a row as it takes several
// exchanges to make, and puts one that answered 429 last, as the upstream level marks it.
func outliers(m *policy.Model) *clusterv3.OutlierDetection {
	o := &clusterv3.OutlierDetection{
		Consecutive_5Xx:      wrapperspb.UInt32(uint32(m.EjectedAfter())),
		DetectDegradedHosts:  wrapperspb.Bool(true),
		Interval:             durationpb.New(time.Second),
		BaseEjectionTime:     durationpb.New(policy.Ejection),
		MaxEjectionTime:      durationpb.New(time.Minute),
		MaxEjectionPercent:   wrapperspb.UInt32(100),
		EnforcingSuccessRate: wrapperspb.UInt32(0),
	}
	if m.Health.Interval > 0 {
		// A backend that takes connections may still fail every request.
		o.SuccessfulActiveHealthCheckUnejectHost = wrapperspb.Bool(false)
	}
	return o
}
