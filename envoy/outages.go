package envoy

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// lookEvery is how often Envoy is asked. An ejection lasts ten seconds at least, so none is
// missed.
const lookEvery = time.Second

// maxClusters bounds what Envoy may say of its clusters.
const maxClusters = 64 << 20

// OutReason is why an endpoint is out. It is a closed set, also a metric label.
type OutReason string

// The reasons.
const (
	Ejected     OutReason = "ejected"      // its requests failed
	FailsChecks OutReason = "fails_checks" // of health.interval
)

// Outage is an address that Envoy sends no request to as long as another fits.
type Outage struct {
	Pool    string    `json:"pool"`    // the model that clients ask for
	Backend string    `json:"backend"` // of the policy
	Model   string    `json:"model"`   // at the backend
	Address string    `json:"address"`
	Reason  OutReason `json:"reason"`
}

// Outages watches which endpoints an Envoy has taken out, by its admin interface. It is
// safe for concurrent use.
type Outages struct {
	admin    *http.Client
	changed  func(o Outage, out bool)
	failures failures

	mu    sync.Mutex
	seen  string // of the statistics, when the endpoints were looked at last
	since map[Outage]time.Time
}

// NewOutages makes Outages of the Envoy with this admin socket. changed is called for each
// endpoint that is out, and each that is back; failed with how many more attempts failed at the
// endpoints of a backend. Neither may block.
func NewOutages(socket string, changed func(o Outage, out bool), failed func(f EndpointFailure, more int64)) *Outages {
	return &Outages{admin: overSocket(socket), changed: changed, failures: failures{failed: failed}, since: make(map[Outage]time.Time)}
}

// overSocket is a client of an HTTP server on a Unix socket.
func overSocket(socket string) *http.Client {
	dialer := net.Dialer{}
	return &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return dialer.DialContext(ctx, "unix", socket)
		},
	}}
}

// Watch looks until the context ends. While Envoy does not answer, what was known stays; one
// that was started again has nothing out.
func (o *Outages) Watch(ctx context.Context) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		o.look(ctx, time.Now())
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// Out lists what is out, and since when, in order.
func (o *Outages) Out() (all []Outage, since map[Outage]time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	all = slices.SortedFunc(maps.Keys(o.since), func(a, b Outage) int {
		return cmp.Or(cmp.Compare(a.Pool, b.Pool), cmp.Compare(a.Backend, b.Backend), cmp.Compare(a.Model, b.Model), cmp.Compare(a.Address, b.Address), cmp.Compare(a.Reason, b.Reason))
	})
	return all, maps.Clone(o.since)
}

// movements are the statistics that change whenever an endpoint is taken out or brought
// back, or an attempt fails as failures counts it. Of a fleet without outages they are some
// bytes, and the long list is not asked for.
const movements = `/stats?usedonly&filter=outlier_detection.ejections_(active|enforced_total)|health_check.(healthy|failure)$|upstream_(cx_connect_fail|rq_per_try_timeout|rq_timeout)$`

func (o *Outages) look(ctx context.Context, now time.Time) {
	moved, err := askAdmin(ctx, o.admin, movements)
	if err == nil && len(moved) == 0 {
		o.failures.none()
	}
	if err != nil || string(moved) == o.seen {
		return
	}
	said, err := askAdmin(ctx, o.admin, "/clusters?format=json")
	if err != nil {
		return
	}
	var all clusters
	if err := json.Unmarshal(said, &all); err != nil {
		return
	}
	o.seen = string(moved)
	o.take(outages(&all), now)
	o.failures.take(&all)
}

// take reports what differs from before.
func (o *Outages) take(out map[Outage]bool, now time.Time) {
	var gone, back []Outage
	o.mu.Lock()
	for one := range out {
		if _, known := o.since[one]; !known {
			o.since[one] = now
			gone = append(gone, one)
		}
	}
	for one := range o.since {
		if !out[one] {
			delete(o.since, one)
			back = append(back, one)
		}
	}
	o.mu.Unlock()
	for _, one := range gone {
		o.changed(one, true)
	}
	for _, one := range back {
		o.changed(one, false)
	}
}

// askAdmin asks an admin interface.
func askAdmin(ctx context.Context, admin *http.Client, path string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://envoy"+path, http.NoBody)
	if err != nil {
		return nil, err
	}
	resp, err := admin.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("asking Envoy's admin interface: status %d", resp.StatusCode)
	}
	return io.ReadAll(io.LimitReader(resp.Body, maxClusters))
}

// clusters is what Envoy says of them, as far as it is read.
type clusters struct {
	Statuses []struct {
		Name  string         `json:"name"`
		Hosts []endpointSaid `json:"host_statuses"`
	} `json:"cluster_statuses"`
}

// endpointSaid is what Envoy says of an endpoint.
type endpointSaid struct {
	Address struct {
		Socket struct {
			Address string `json:"address"`
			Port    int    `json:"port_value"`
		} `json:"socket_address"`
	} `json:"address"`
	Stats []struct {
		Name  string `json:"name"`
		Value int64  `json:"value,string"`
	} `json:"stats"`
	Health struct {
		Ejected bool `json:"failed_outlier_check"`
		Fails   bool `json:"failed_active_health_check"`
	} `json:"health_status"`
	Locality struct {
		Backend string `json:"zone"`
		Model   string `json:"sub_zone"`
	} `json:"locality"`
}

func (e *endpointSaid) address() string {
	return net.JoinHostPort(e.Address.Socket.Address, fmt.Sprint(e.Address.Socket.Port))
}

// outages reads which endpoints of pools are out. One that several pools of a model have,
// during a change of the policy, is one.
func outages(all *clusters) map[Outage]bool {
	out := make(map[Outage]bool)
	for _, c := range all.Statuses {
		name, isPool := strings.CutPrefix(c.Name, poolPrefix)
		if !isPool {
			continue
		}
		name = name[:max(strings.LastIndexByte(name, '/'), 0)] // without its hash
		for _, h := range c.Hosts {
			one := Outage{Pool: name, Backend: h.Locality.Backend, Model: h.Locality.Model, Address: h.address()}
			for reason, is := range map[OutReason]bool{Ejected: h.Health.Ejected, FailsChecks: h.Health.Fails} {
				if one.Reason = reason; is {
					out[one] = true
				}
			}
		}
	}
	return out
}

// poolPrefix begins the names of pools, as policy.PoolPrefix.
const poolPrefix = "pool/"
