package facts_test

import (
	"encoding/json"
	"fmt"
	"testing"
)

// TestTheAdminInterfaceSaysWhichPlacesAreEjected holds what outages are watched by: a short
// list of statistics that differs after each ejection and recovery, and a long one of
// endpoints with their localities.
func TestTheAdminInterfaceSaysWhichPlacesAreEjected(t *testing.T) {
	pool := `common_lb_config: { healthy_panic_threshold: { value: 0 }, update_merge_window: 0s }
outlier_detection: { consecutive_5xx: 1, interval: 0.1s, base_ejection_time: 0.5s, max_ejection_percent: 100 }`
	r := start(t, setup{Pool: pool}, "a", "b")
	r.play(routed(), script{})
	r.a().serve(answerStatus(500))
	statistics := func() string {
		return r.ask(t, "/stats?usedonly&filter=outlier_detection.ejections_(active|enforced_total)|health_check.(healthy|failure)$")
	}
	before := statistics()
	if got := ejected(t, r); got != "" || before != "" {
		t.Fatalf("ejected at first: %q, statistics %q", got, before)
	}
	r.post(t, `{}`)
	eventually(t, "the ejection", func() bool { return statistics() != before })
	during := statistics()
	if got := ejected(t, r); got != "z0/m" {
		t.Errorf("ejected: %q, want z0/m", got)
	}
	eventually(t, "the recovery", func() bool { return statistics() != during })
	if got := ejected(t, r); got != "" {
		t.Errorf("ejected after the recovery: %q", got)
	}
}

// ejected lists the zone and sub-zone of the endpoints that the admin interface calls so.
func ejected(t *testing.T, r *rig) (all string) {
	t.Helper()
	var said struct {
		Clusters []struct {
			Hosts []struct {
				Health struct {
					Ejected bool `json:"failed_outlier_check"`
				} `json:"health_status"`
				Locality struct {
					Zone    string `json:"zone"`
					SubZone string `json:"sub_zone"`
				} `json:"locality"`
			} `json:"host_statuses"`
		} `json:"cluster_statuses"`
	}
	if err := json.Unmarshal([]byte(r.ask(t, "/clusters?format=json")), &said); err != nil {
		t.Fatal(err)
	}
	for _, c := range said.Clusters {
		for _, h := range c.Hosts {
			if h.Health.Ejected {
				all += fmt.Sprint(h.Locality.Zone, "/", h.Locality.SubZone)
			}
		}
	}
	return all
}
