package envoy

import (
	"encoding/json"
	"fmt"
	"maps"
	"testing"
)

// TestFailuresOfEndpointsAreReportedOnce holds that what grew is reported, by backend and the model's name
// there, that endpoints which are in several pools count in each, and that neither what was counted before
// the first look nor an Envoy that begins anew is reported twice.
func TestFailuresOfEndpointsAreReportedOnce(t *testing.T) {
	got := map[string]int64{}
	f := failures{failed: func(f EndpointFailure, more int64) { got[f.Backend+"/"+f.Model+" "+f.Failure] += more }}
	look := func(want map[string]int64, endpoints ...string) {
		t.Helper()
		var all clusters
		text := `{"cluster_statuses":[{"name":"headgate_extproc","host_statuses":[` + endpoint("", 9, 9) + `]}`
		for i, e := range endpoints {
			text += fmt.Sprintf(`,{"name":"pool/m%d/0123abcd","host_statuses":[%s]}`, i, e)
		}
		if err := json.Unmarshal([]byte(text+"]}"), &all); err != nil {
			t.Fatal(err)
		}
		clear(got)
		if f.take(&all); !maps.Equal(got, want) {
			t.Errorf("reported %v, want %v", got, want)
		}
	}
	look(nil, endpoint("a", 5, 1))
	look(nil, endpoint("a", 5, 1))
	look(map[string]int64{"a/gpt connect_failed": 2, "b/gpt timeout": 3}, endpoint("a", 7, 1), endpoint("b", 0, 3))
	look(map[string]int64{"a/gpt connect_failed": 2, "a/gpt timeout": 1}, endpoint("a", 8, 1), endpoint("b", 0, 3), endpoint("a", 1, 1))
	look(map[string]int64{"a/gpt connect_failed": 1}, endpoint("a", 1, 0)) // another Envoy
	look(map[string]int64{"a/gpt timeout": 4}, endpoint("a", 1, 4))
	f.seen = nil // of another process, beside an Envoy that has counted none
	f.none()
	look(map[string]int64{"a/gpt connect_failed": 1}, endpoint("a", 1, 0))
	f.none()
	look(nil, endpoint("a", 1, 0))
}

// endpoint is one as Envoy 1.40 writes it, with connections that failed and timeouts. A counter at 0 has no value.
func endpoint(backend string, failed, timeouts int) string {
	value := func(n int) string {
		if n == 0 {
			return ""
		}
		return fmt.Sprintf(`"value":"%d",`, n)
	}
	return fmt.Sprintf(`{"address":{"socket_address":{"address":"10.0.0.1","port_value":443}},"stats":[{%s"name":"cx_connect_fail"},{"value":"9","name":"cx_total"},{%s"name":"rq_timeout"},{"type":"GAUGE","name":"cx_active"}],"locality":{"zone":%q,"sub_zone":"gpt"}}`,
		value(failed), value(timeouts), backend)
}
