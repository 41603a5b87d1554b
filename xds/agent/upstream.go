package agent

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	resourcev3 "github.com/envoyproxy/go-control-plane/pkg/resource/v3"
	"go.uber.org/zap"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/status"

	"github.com/headgate/headgate/policy/policypb"
	"github.com/headgate/headgate/xds/ads"
	"github.com/headgate/headgate/xds/token"
)

// types are the resource types for which a pair asks a control plane.
var types = []string{policypb.TypeURL, resourcev3.ClusterType, resourcev3.ListenerType, resourcev3.RouteType}

// Back-off between connections. It is short, so that a restart of the control plane goes
// unnoticed, and randomised, because many pairs lose it at the same moment.
const (
	backOffBase = 100 * time.Millisecond
	backOffMax  = 2 * time.Second
)

// afterReplaced is how long a pair leaves a control plane alone at which another connection
// has taken over its node id: two that share an id would replace each other all the time.
const afterReplaced = time.Minute

// afterDenied is how long a pair leaves a control plane alone that does not serve its node
// id: that takes a person to mend.
const afterDenied = 10 * time.Second

// maxMessage bounds one message from the control plane, in bytes.
const maxMessage = 256 << 20

// connectTimeout is how long one address may take to answer: the next may be alive.
const connectTimeout = 3 * time.Second

// upstream is one stream to a control plane.
type upstream struct {
	address string
	stream  discoveryv3.AggregatedDiscoveryService_DeltaAggregatedResourcesClient
	out     chan *discoveryv3.DeltaDiscoveryRequest // what is still to be sent
	end     context.CancelFunc
}

// backlog is how many requests may wait to be sent. The agent sends little that is not an
// answer, so more than these mean that the control plane does not read.
const backlog = 64

// sendLoop sends requests on a goroutine of its own, so that a control plane that does not
// read blocks nothing else. An error ends the stream, which its reader sees.
func (up *upstream) sendLoop(ctx context.Context) {
	for {
		select {
		case req := <-up.out:
			_ = up.stream.Send(req)
		case <-ctx.Done():
			return
		}
	}
}

// dial keeps a stream to one of the control plane's replicas until ctx is done.
func (a *Agent) dial(ctx context.Context) {
	wait, failed := backOffBase, failureLog{}
	for i := 0; ; i++ {
		address := a.options.Addresses[i%len(a.options.Addresses)]
		began := time.Now()
		err := a.follow(ctx, address)
		if ctx.Err() != nil {
			return
		}
		var learnt *token.LearntError
		if errors.As(err, &learnt) {
			a.log.Info("the control plane asks for its token", zap.String("address", address), zap.String("file", learnt.File))
			i--
			continue
		}
		if time.Since(began) > backOffMax {
			wait, failed = backOffBase, failureLog{}
		}
		switch status.Code(err) {
		case codes.Aborted:
			wait = afterReplaced
		case codes.PermissionDenied:
			wait = afterDenied
		default:
		}
		if failed.shouldLog(address, err) {
			a.log.Warn("no control plane; "+a.whileUnlinked(), zap.String("address", address), zap.Error(err))
		}
		select {
		case <-time.After(wait/2 + rand.N(wait)):
		case <-ctx.Done():
			return
		}
		wait = min(2*wait, backOffMax)
	}
}

// whileUnlinked says what a pair does while there is no control plane.
func (a *Agent) whileUnlinked() string {
	if a.Revision() == "" {
		return "nothing can be served until one sends a policy"
	}
	return "serving on with the last good policy"
}

// follow serves one stream until it ends.
func (a *Agent) follow(ctx context.Context, address string) (err error) {
	heard := false
	defer func() { err = a.withHint(err, heard) }()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	conn, err := a.connection(address)
	if err != nil {
		return fmt.Errorf("dialing the control plane: %w", err)
	}
	defer conn.Close() // the error says nothing: the stream has ended already
	stream, err := discoveryv3.NewAggregatedDiscoveryServiceClient(conn).DeltaAggregatedResources(ctx)
	if err != nil {
		return fmt.Errorf("asking the control plane: %w", err)
	}
	up := &upstream{address, stream, make(chan *discoveryv3.DeltaDiscoveryRequest, backlog), cancel}
	var sender sync.WaitGroup
	sender.Go(func() { up.sendLoop(ctx) })
	if a.options.Backlog != nil || a.options.Fleet != nil || a.options.Keys != nil {
		sender.Go(func() { a.keepLink(ctx, conn) })
	}
	defer sender.Wait()
	defer cancel()
	a.post(func() { a.connected(up) })
	defer a.post(func() { a.disconnected(up) })
	for {
		msg, err := stream.Recv()
		if err != nil {
			return fmt.Errorf("the stream to the control plane ended: %w", err)
		}
		heard = true
		a.post(func() { a.receive(up, msg) })
	}
}

func (a *Agent) connection(address string) (*grpc.ClientConn, error) {
	credentials := a.options.Credentials
	if credentials == nil {
		credentials = insecure.NewCredentials()
	}
	options := []grpc.DialOption{
		grpc.WithTransportCredentials(credentials),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxMessage)),
		grpc.WithConnectParams(grpc.ConnectParams{Backoff: backoff.DefaultConfig, MinConnectTimeout: connectTimeout}),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: 10 * time.Second, Timeout: 5 * time.Second, PermitWithoutStream: true}),
	}
	if a.options.Token != nil && !strings.HasPrefix(address, "unix:") {
		options = append(options, grpc.WithStreamInterceptor(a.options.Token.For(address)))
	}
	if a.options.Dial != nil {
		options = append(options, grpc.WithContextDialer(a.options.Dial))
	}
	return grpc.NewClient(address, options...)
}

// connected subscribes to everything, and says which versions this pair has already:
// those in effect and not those of the next revision. The control plane sends these
// again, because only a response can be refused. What was refused is tried again: another
// control plane may not know of it, and the fault may be gone.
func (a *Agent) connected(up *upstream) {
	a.up, a.rejected = up, nil
	a.setLinked(true)
	a.log.Info("following the control plane", zap.String("address", up.address))
	a.nonces = map[string]string{}
	a.received = ads.Set{}
	if a.good != nil {
		a.received = maps.Clone(a.good.pair)
	}
	for i, typ := range types {
		req := &discoveryv3.DeltaDiscoveryRequest{TypeUrl: typ, ResourceNamesSubscribe: []string{"*"}, InitialResourceVersions: map[string]string{}}
		if i == 0 {
			req.Node = a.node()
		}
		if have := a.received[typ]; have != nil {
			for name, item := range have.Items {
				req.InitialResourceVersions[name] = item.Version
			}
		}
		a.send(req)
	}
}

func (a *Agent) node() *corev3.Node {
	return &corev3.Node{
		Id: a.options.Node, Cluster: a.options.Cluster, UserAgentName: policypb.PairAgent,
		Locality: &corev3.Locality{Region: a.options.Region},
		Metadata: policypb.TroubleMetadata(a.trouble.Load()),
	}
}

func (a *Agent) disconnected(up *upstream) {
	if a.up != up {
		return
	}
	a.up, a.aloneSince = nil, time.Now()
	a.nonces = map[string]string{}
	a.setLinked(false)
}

// receive takes one message. It is answered once the complete revision was accepted or
// refused.
func (a *Agent) receive(up *upstream, msg *discoveryv3.DeltaDiscoveryResponse) {
	if a.up != up {
		return
	}
	typ := msg.GetTypeUrl()
	if !slices.Contains(types, typ) {
		a.log.Warn("the control plane sent a type that was not asked for", zap.String("type", typ))
		return
	}
	items := map[string]ads.Resource{}
	if have := a.received[typ]; have != nil {
		items = maps.Clone(have.Items)
	}
	for _, res := range msg.GetResources() {
		items[res.GetName()] = ads.Resource{Version: res.GetVersion(), Value: res.GetResource()}
	}
	for _, name := range msg.GetRemovedResources() {
		delete(items, name)
	}
	a.received = a.received.With(typ, ads.Of(items))
	a.nonces[typ] = msg.GetNonce()
}

// send sends one request, or ends the stream of a control plane that does not read.
func (a *Agent) send(req *discoveryv3.DeltaDiscoveryRequest) {
	if a.up == nil {
		return
	}
	select {
	case a.up.out <- req:
	default:
		a.up.end()
	}
}
