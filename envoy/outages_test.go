package envoy

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// admin answers as Envoy's admin interface does, and counts how often it was asked for the
// long list.
type admin struct {
	stats, hosts string
	lists        int
}

func (a *admin) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/stats" {
		fmt.Fprint(w, a.stats)
		return
	}
	a.lists++
	fmt.Fprintf(w, `{"cluster_statuses":[{"name":"headgate_extproc"},{"name":"pool/org/m/0123abcd","host_statuses":[%s]}]}`, a.hosts)
}

func host(port int, backend, health string) string {
	return fmt.Sprintf(`{"address":{"socket_address":{"address":"10.0.0.1","port_value":%d}},"health_status":{%s"eds_health_status":"HEALTHY"},"locality":{"zone":%q,"sub_zone":"gpt"}}`, port, health, backend)
}

func TestOutagesAreReportedOnceAndEnd(t *testing.T) {
	a := &admin{}
	socket := filepath.Join(t.TempDir(), "admin.sock")
	lis, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: a}
	go func() { _ = server.Serve(lis) }()
	t.Cleanup(func() { _ = server.Close() })
	var told []string
	o := NewOutages(socket, func(one Outage, out bool) {
		told = append(told, fmt.Sprint(one.Pool, " ", one.Backend, "/", one.Model, " ", one.Address, " ", one.Reason, " ", out))
	}, func(EndpointFailure, int64) {})
	const ejected, fails = `"failed_outlier_check":true,`, `"failed_active_health_check":true,`
	start := time.Unix(1_700_000_000, 0)
	for i, step := range []struct {
		stats, hosts string
		want         []string
	}{
		{"", host(443, "a", ""), nil},
		{"active: 1", host(443, "a", ejected) + "," + host(443, "a", "") + "," + host(8443, "b", ""), []string{"org/m a/gpt 10.0.0.1:443 ejected true"}},
		{"active: 1", host(443, "a", ""), nil}, // is not looked at
		{"active: 2", host(443, "a", ejected) + "," + host(8443, "b", fails), []string{"org/m b/gpt 10.0.0.1:8443 fails_checks true"}},
		{"active: 0", host(443, "a", "") + "," + host(8443, "b", fails), []string{"org/m a/gpt 10.0.0.1:443 ejected false"}},
		{"", host(443, "a", ""), []string{"org/m b/gpt 10.0.0.1:8443 fails_checks false"}}, // another Envoy
	} {
		a.stats, a.hosts, told = step.stats, step.hosts, nil
		o.look(context.Background(), start.Add(time.Duration(i)*time.Second))
		if !slices.Equal(told, step.want) {
			t.Errorf("step %d: told %q, want %q", i, told, step.want)
		}
		if all, since := o.Out(); i == 3 && (len(all) != 2 || all[0].Backend != "a" || !since[all[0]].Equal(start.Add(time.Second))) {
			t.Errorf("out: %+v since %v", all, since)
		}
	}
	if a.lists != 4 {
		t.Errorf("the long list was asked for %d times", a.lists)
	}
}
