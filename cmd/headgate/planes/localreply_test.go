package planes

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	accesslogv3 "github.com/envoyproxy/go-control-plane/envoy/config/accesslog/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	"github.com/google/go-cmp/cmp"

	clientend "github.com/headgate/headgate/extproc/client"
	"github.com/headgate/headgate/extproc/dialect"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/xds/snapshot"
)

// TestEnvoysOwnRefusalsReadLikeHeadgates holds that the error bodies which Envoy writes
// are those which a dialect's own writer makes of the same status, message and code:
// Envoy's are a template in its configuration.
func TestEnvoysOwnRefusalsReadLikeHeadgates(t *testing.T) {
	t.Parallel()
	seen := map[string]int{}
	for _, m := range localReplies(t) {
		body := m.GetBodyFormatOverride().GetJsonFormat().AsMap()
		name := "openai"
		if body["type"] == "error" {
			name = "anthropic"
		}
		status := http.StatusInternalServerError // of what has no status of its own: a fault of the gateway's
		if code := statusOf(m.GetFilter()); code != 0 {
			status = code
		}
		if code := int(m.GetStatusCode().GetValue()); code != 0 {
			status = code
		}
		said := body["error"].(map[string]any)
		v := exchange.Denied(status, exchange.Reason(said["code"].(string)), said["message"].(string))
		id := "%DYNAMIC_METADATA(io.headgate:exchange)%"
		if strings.Contains(fmt.Sprint(body), "%REQ(x-request-id)%") { // the exchange is not known to Envoy
			id = "%REQ(x-request-id)%"
		}
		var want map[string]any
		if err := json.Unmarshal(clientend.Refusal(dialect.ByName(name), &v, id), &want); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, body); d != "" {
			t.Errorf("%s, %d (-the dialect's +Envoy's):\n%s", name, status, d)
		}
		seen[name]++
	}
	if seen["openai"] < 8 || seen["anthropic"] != seen["openai"] {
		t.Errorf("compared %v", seen)
	}
}

// localReplies are the templates in Envoy's configuration.
func localReplies(t *testing.T) []*hcmv3.ResponseMapper {
	t.Helper()
	built, err := snapshot.Build(twoDialectsSet(t), snapshot.Options{})
	if err != nil {
		t.Fatal(err)
	}
	hcm := &hcmv3.HttpConnectionManager{}
	for _, f := range built.Listener.GetFilterChains()[0].GetFilters() {
		if strings.Contains(f.GetTypedConfig().GetTypeUrl(), "HttpConnectionManager") {
			if err := f.GetTypedConfig().UnmarshalTo(hcm); err != nil {
				t.Fatal(err)
			}
		}
	}
	return hcm.GetLocalReplyConfig().GetMappers()
}

// statusOf is the status that a filter is for; 0: it is for any.
func statusOf(f *accesslogv3.AccessLogFilter) int {
	if c := f.GetStatusCodeFilter().GetComparison(); c != nil {
		return int(c.GetValue().GetDefaultValue())
	}
	for _, in := range f.GetAndFilter().GetFilters() {
		if code := statusOf(in); code != 0 {
			return code
		}
	}
	return 0
}
