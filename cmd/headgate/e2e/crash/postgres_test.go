package crash

import (
	"strings"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/xds/store/storetest"
)

// TestKilledProcessesOnPostgres holds the same of two pairs and two control planes that share
// a database of PostgreSQL, which is killed, too.
func TestKilledProcessesOnPostgres(t *testing.T) {
	t.Parallel()
	server := storetest.StartServer(t)
	url := server.URL("postgres")
	r := newRig(t)
	f := r.startFleet(gatewaytest.FleetOptions{
		Policy: onPostgres(r.policy()), Env: env, XDS: 2, Pairs: 2, SharedState: true, XDSEnv: []string{"DATABASE_URL=" + url},
	})
	r.victims = append(r.victims, victim{name: "PostgreSQL, SIGKILL", kill: func(int) { server.Kill() }, start: func(int) { server.Start(t) }, does: harmless})
	for _, seed := range seeds(t, len(r.victims)) {
		r.play(seed)
	}
	db := openDatabase(t, "pgx", url)
	r.judge(db)
	for _, x := range f.XDS {
		checkCosts(t, db, gatewaytest.NewOperator(t, x.Admin))
	}
}

// onPostgres is a policy with the database that the control planes find in their environment.
func onPostgres(policy string) string {
	return strings.Replace(policy, "\nbackends:", "\nstore: {postgres: {env: DATABASE_URL}}\nbackends:", 1)
}
