package token

import (
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// Guard lets pairs into a control plane that prove to have its token. The file is read for each
// stream: whoever replaces it replaces the token. It is safe for concurrent use.
type Guard struct {
	path    string
	lenient bool // pairs that show nothing are let in
	now     func() time.Time
	log     *zap.Logger
	refused prometheus.Counter
}

// NewGuard makes a guard by the file of a token, whose path is absolute. A lenient one lets pairs in that
// show no proof, as those of the release before do not, and says so in the log; one that shows a
// wrong proof is refused all the same. The log is sampled, because strangers may ask again and
// again.
func NewGuard(path string, lenient bool, now func() time.Time, reg prometheus.Registerer, log *zap.Logger) *Guard {
	g := &Guard{path: path, lenient: lenient, now: now, log: log, refused: prometheus.NewCounter(prometheus.CounterOpts{
		Name: "headgate_xds_token_refusals_total", Help: "Streams of pairs that were refused because they did not prove to have the control plane's token.",
	})}
	reg.MustRegister(g.refused)
	return g
}

var (
	errNone = errors.New("it shows no proof of the token")
	errAsks = errors.New("it asks where the token is")
)

// Intercept is a gRPC interceptor of streams.
func (g *Guard) Intercept(srv any, stream grpc.ServerStream, _ *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
	answer, err := g.check(stream)
	switch {
	case errors.Is(err, errAsks): // every pair begins so that is not given the file
		return g.refuse(stream, err)
	case errors.Is(err, errNone) && g.lenient:
		g.log.Warn("a pair shows no token and is let in: pairs of this version find it by themselves; start without --allow-pairs-without-token once all are")
	case err != nil:
		g.refused.Inc()
		g.log.Error("a pair was refused: it does not prove to have the token; one of a version before has none, and is let in by --allow-pairs-without-token", zap.String("token", g.path), zap.Error(err))
		return g.refuse(stream, err)
	default:
		if err := stream.SendHeader(metadata.Pairs(planeHeader, answer)); err != nil {
			return err
		}
	}
	return handler(srv, stream)
}

func (g *Guard) refuse(stream grpc.ServerStream, why error) error {
	stream.SetTrailer(metadata.Pairs(fileHeader, g.path))
	return status.Errorf(codes.Unauthenticated, "this control plane takes pairs that have its token: %v", why)
}

// check returns the control plane's own proof if a stream begins with one of the pair's.
func (g *Guard) check(stream grpc.ServerStream) (string, error) {
	md, _ := metadata.FromIncomingContext(stream.Context())
	shown := md.Get(pairHeader)
	if len(shown) == 0 {
		return "", errNone
	}
	if shown[0] == asks {
		return "", errAsks
	}
	secret, err := read(g.path)
	if err != nil {
		return "", errors.New("the control plane cannot read its token")
	}
	c, err := verify(shown[0], secret, g.now())
	if err != nil {
		return "", err
	}
	return proof(secret, byPlane, c.nonce, c.at), nil
}
