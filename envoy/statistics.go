package envoy

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// Statistics are those of an Envoy, asked of its admin interface, for Prometheus. They are a closed set:
// what the operators of a gateway look at, without what every worker thread and every status has of its
// own. They name pools, listeners and nothing of a client's. Safe for concurrent use.
type Statistics struct{ admin *http.Client }

// NewStatistics makes Statistics of the Envoy with this admin socket.
func NewStatistics(socket string) *Statistics { return &Statistics{admin: overSocket(socket)} }

// StatisticsType is the content type of what Write writes.
const StatisticsType = "text/plain; version=0.0.4; charset=utf-8"

// exposed are the names of statistics that are written, as Envoy's own (docs: configuration/*/stats).
var exposed = []string{
	`cluster\..*\.(upstream_(cx|rq)_[a-z_]+|upstream_rq_[1-5]xx|membership_[a-z]+|outlier_detection\.[a-z_]+|health_check\.[a-z_]+|circuit_breakers\.[a-z_.]+|ext_proc\.[a-z_]+|ssl\.[a-z_]+|update_(failure|success)|warming_state)`,
	`cluster_manager\.((active|warming)_clusters|cds\.(update_(failure|rejected|success)|init_fetch_timeout))`,
	`control_plane\.connected_state`,
	`http\.gateway\.(downstream_(cx|rq)_[a-z_]+|downstream_rq_[1-5]xx|ext_proc\.[a-z_]+|no_route|rq_[a-z_]+|rds\..*\.update_(failure|rejected|success))`,
	`listener\.[0-9\[][0-9a-f._\]]*\.(downstream_(cx|pre_cx)_[a-z_]+|downstream_global_cx_overflow|no_filter_chain_match|ssl\.[a-z_]+)`,
	`listener_manager\.(listener_create_failure|total_listeners_[a-z]+|lds\.(update_(failure|rejected|success)|init_fetch_timeout))`,
	`overload\..*`,
	`server\.(concurrency|days_until_first_cert_expiring|live|memory_[a-z_]+|state|total_connections|uptime|watchdog_[a-z_]+)`,
}

// statisticsPath is what Envoy is asked for: statistics of which something has come, of these names.
var statisticsPath = "/stats/prometheus?usedonly&filter=" + url.QueryEscape("^("+strings.Join(exposed, "|")+")$")

// errNoStatistics says that Envoy does not answer. It is safe to show to whoever may see metrics.
var errNoStatistics = errors.New("the admin socket of Envoy does not answer")

// Write writes the statistics in Prometheus' text format. An error means that nothing was written, or
// that the reader has left.
func (s *Statistics) Write(ctx context.Context, to io.Writer) error {
	text, err := askAdmin(ctx, s.admin, statisticsPath)
	if err != nil {
		return errNoStatistics
	}
	_, err = to.Write(text)
	return err
}
