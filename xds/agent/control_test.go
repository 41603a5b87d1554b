package agent

import (
	"maps"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"

	"github.com/headgate/headgate/policy/policypb"
	"github.com/headgate/headgate/xds/ads"
	"github.com/headgate/headgate/xds/ads/adstest"
)

// control is a control plane that gives its pair what the test says, one set after the
// other, as the real one does.
type control struct {
	hub  *ads.Hub
	l    *adstest.Listener
	stop func()

	mu       sync.Mutex
	set      ads.Set // published last
	given    ads.Set // to the pair
	id       int64   // of the pair that joined last
	joined   int
	refusals []string
	trouble  string            // that the pair reported last, as every control plane reads it
	details  *policypb.Trouble // the same, as this one reads it
}

func newControl(t *testing.T) *control {
	c := &control{set: ads.Set{}}
	c.start()
	t.Cleanup(func() { c.stop() })
	return c
}

// start serves, after the construction or a stop. It publishes what it did before.
func (c *control) start() {
	hub := ads.NewHub(c, time.Now)
	l, stop := adstest.Serve(hub.Register)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.hub, c.l = hub, l
	c.stop = sync.OnceFunc(func() {
		hub.Stop()
		stop()
	})
}

// listener is the one on which the control plane serves at present.
func (c *control) listener() *adstest.Listener {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.l
}

func (c *control) OnConnect(client ads.Client) (ads.Set, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.id, c.given = client.ID, c.set
	c.joined++
	c.hear(client)
	return c.set, nil
}

func (c *control) OnChange(id int64, refusal *ads.Refusal) {
	c.mu.Lock()
	hub := c.hub
	c.mu.Unlock()
	client, _ := hub.Client(id)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.hear(client)
	if refusal != nil {
		old := ""
		if refusal.Old {
			old = " (old)"
		}
		c.refusals = append(c.refusals, ads.Kind(refusal.Type)+": "+refusal.Reason+old)
	}
	c.advance()
}

// advance gives the pair what was published last, unless it has not answered to what it
// was given before. The mutex is held.
func (c *control) advance() {
	client, connected := c.hub.Client(c.id)
	busy := !client.Has(c.given) && (client.Busy() || client.Refused(c.given) == nil)
	if !connected || busy || maps.Equal(c.given, c.set) {
		return
	}
	c.given = c.set
	c.hub.Give(c.id, c.set)
}

// hear notes the trouble that the pair reports. The mutex is held.
func (c *control) hear(client ads.Client) {
	c.trouble = client.Node.GetMetadata().GetFields()["trouble"].GetStringValue()
	c.details = policypb.TroubleOf(client.Node.GetMetadata())
}

func (c *control) OnDisconnect(int64) {}

// publish gives the pair a set, and waits until everything is quiet.
func (c *control) publish(set ads.Set) {
	synctest.Wait()
	c.mu.Lock()
	c.set = set
	c.advance()
	c.mu.Unlock()
	synctest.Wait()
}

// has reports whether the pair has acknowledged all of a set.
func (c *control) has(set ads.Set) bool {
	synctest.Wait()
	c.mu.Lock()
	id := c.id
	c.mu.Unlock()
	client, connected := c.hub.Client(id)
	return connected && client.Has(set)
}

// heard is the trouble that the pair reports.
func (c *control) heard() *policypb.Trouble {
	synctest.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.details
}

// refused returns the refusals since, once everything is quiet.
func (c *control) refused() []string {
	synctest.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	out := c.refusals
	c.refusals = nil
	return out
}

// silent is a control plane that takes streams and does with them what the test says.
func silent(t *testing.T, serve func(*grpc.Server)) *control {
	l, stop := adstest.Serve(serve)
	c := &control{l: l, stop: sync.OnceFunc(stop)}
	t.Cleanup(c.stop)
	return c
}
