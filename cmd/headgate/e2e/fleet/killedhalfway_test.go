package fleet

import (
	"testing"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	resourcev3 "github.com/envoyproxy/go-control-plane/pkg/resource/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

// halfEnvoy asks a pair for clusters beside its Envoy and takes them, but never says
// that it has taken listeners and routes: a change stays half-way as long as it is
// connected.
func halfEnvoy(t *testing.T, socket string) {
	t.Helper()
	conn, err := grpc.NewClient("unix:"+socket, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	stream, err := discoveryv3.NewAggregatedDiscoveryServiceClient(conn).DeltaAggregatedResources(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ask := &discoveryv3.DeltaDiscoveryRequest{Node: &corev3.Node{Id: "half", Cluster: "headgate"}, TypeUrl: resourcev3.ClusterType}
	if err := stream.Send(ask); err != nil {
		t.Fatal(err)
	}
	first := make(chan struct{})
	go func() {
		for n := 0; ; n++ {
			msg, err := stream.Recv()
			if err != nil {
				return // the pair was killed
			}
			_ = stream.Send(&discoveryv3.DeltaDiscoveryRequest{TypeUrl: msg.GetTypeUrl(), ResponseNonce: msg.GetNonce()})
			if n == 0 {
				close(first)
			}
		}
	}()
	<-first
}

// TestExtprocKilledHalfway kills the ext_proc server when Envoy has the routes of a
// change that is not over. The server that follows has never heard of it from a
// control plane, and still holds it: no exchange is of a policy that it does not know.
func TestExtprocKilledHalfway(t *testing.T) {
	t.Parallel()
	s := gatewaytest.NewEditions(t, 3)
	f := gatewaytest.StartFleet(t, gatewaytest.FleetOptions{Policy: gatewaytest.Edition(1, s.URLs)})
	pair, second := f.Pairs[0], gatewaytest.RevisionOf(t, gatewaytest.Edition(2, s.URLs))
	pair.AwaitPolicy(gatewaytest.RevisionOf(t, gatewaytest.Edition(1, s.URLs)))
	halfEnvoy(t, pair.Socket)
	f.Write(gatewaytest.Edition(2, s.URLs))
	pair.AwaitRevision(second)
	if pair.Metric(`headgate_pair_policy_info{revision="`+second+`"}`) != 0 {
		t.Fatal("the change is over: the test shows nothing")
	}
	f.XDS[0].Kill()
	pair.ExtProc.Kill()
	f.StartExtProc(pair)
	pair.AwaitRevision(second)
	pair.AwaitPolicy(second)
	pair.CheckRevisionsKnown()
}
