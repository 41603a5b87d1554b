package ads_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	resourcev3 "github.com/envoyproxy/go-control-plane/pkg/resource/v3"
	"go.uber.org/goleak"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/headgate/headgate/policy/policypb"
	"github.com/headgate/headgate/xds/ads"
	"github.com/headgate/headgate/xds/ads/adstest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	clusters  = resourcev3.ClusterType
	listeners = resourcev3.ListenerType
	routes    = resourcev3.RouteType
	policies  = policypb.TypeURL
)

// rig is a hub whose owner gives every client what the test says.
type rig struct {
	*ads.Hub
	t *testing.T
	l *adstest.Listener

	mu       sync.Mutex
	set      ads.Set // for clients that join
	ids      []int64 // of clients, in the order in which they joined
	reasons  []string
	moves    int
	left     int
	onChange func() // called once, at the next move; nil: not
}

// inBubble runs a test with a hub of its own. All that it started must have ended
// with the hub.
func inBubble(t *testing.T, test func(t *testing.T, r *rig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := &rig{t: t}
		r.Hub = ads.NewHub(r, time.Now)
		l, stop := adstest.Serve(r.Register)
		r.l = l
		t.Cleanup(func() {
			r.Stop()
			stop()
		})
		test(t, r)
	})
}

func (r *rig) OnConnect(c ads.Client) (ads.Set, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if c.Node.GetId() == "stranger" {
		return nil, errors.New("not served here")
	}
	r.ids = append(r.ids, c.ID)
	return r.set, nil
}

func (r *rig) OnChange(_ int64, refusal *ads.Refusal) {
	r.mu.Lock()
	onChange := r.onChange
	r.onChange = nil
	r.mu.Unlock()
	if onChange != nil {
		onChange()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.moves++
	if refusal != nil {
		r.reasons = append(r.reasons, ads.Kind(refusal.Type)+": "+refusal.Reason)
	}
}

func (r *rig) OnDisconnect(int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.left++
}

// give offers a set to all clients, and to those that join from now on.
func (r *rig) give(set ads.Set) {
	r.mu.Lock()
	r.set = set
	ids := r.ids
	r.mu.Unlock()
	for _, id := range ids {
		r.Give(id, set)
	}
}

// open opens a stream. It is closed with the test.
func (r *rig) open(node string) *adstest.Stream {
	s := adstest.Open(r.t, r.l, &corev3.Node{Id: node}, nil)
	r.t.Cleanup(s.Close)
	return s
}

// client is what is known of the n-th client, once everything is quiet.
func (r *rig) client(n int) ads.Client {
	r.t.Helper()
	synctest.Wait()
	r.mu.Lock()
	id := r.ids[n]
	r.mu.Unlock()
	c, connected := r.Client(id)
	if !connected {
		r.t.Fatalf("client %d has gone", n)
	}
	return c
}

// of makes resources from "name=content" words.
func of(t testing.TB, words string) *ads.Resources {
	t.Helper()
	messages := map[string]*wrapperspb.StringValue{}
	for _, word := range strings.Fields(words) {
		name, content, _ := strings.Cut(word, "=")
		messages[name] = wrapperspb.String(content)
	}
	r, err := ads.Encode(messages, "")
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// told sums up messages, one line each: "cluster +a +b -c".
func told(messages []*adstest.Message) string {
	var lines []string
	for _, m := range messages {
		line := ads.Kind(m.GetTypeUrl())
		for _, res := range m.GetResources() {
			line += " +" + res.GetName()
		}
		for _, name := range m.GetRemovedResources() {
			line += " -" + name
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "; ")
}

// expect holds what a stream has been sent since, and returns it.
func expect(t *testing.T, s *adstest.Stream, when, want string) []*adstest.Message {
	t.Helper()
	got := s.Received()
	if told(got) != want {
		t.Fatalf("%s: sent %q, want %q", when, told(got), want)
	}
	return got
}

// versions are the versions of resources by name.
func versions(r *ads.Resources) map[string]string {
	out := map[string]string{}
	for name, item := range r.Items {
		out[name] = item.Version
	}
	return out
}
