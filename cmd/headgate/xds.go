package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/headgate/headgate/cmd/headgate/app"
	"github.com/headgate/headgate/xds/snapshot"
)

// xdsOptions are the flags of `headgate xds`.
type xdsOptions struct {
	serving
	app.XDSOptions
	simulated string
	goBack    string
}

func newXDS() *cobra.Command {
	var o xdsOptions
	cmd := &cobra.Command{
		Use:   "xds",
		Short: "Serve the control plane for pairs of the node cluster \"" + app.NodeCluster + "\"",
		Long: "Serve the control plane: it watches the policy, publishes each change to all pairs\n" +
			"(headgate extproc), and takes changes through the admin API (headgate policy).\n" +
			"Several replicas may serve the same policy; those that share a state folder share\n" +
			"what is pushed, too." + servingCodes,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.validate(); err != nil {
				return err
			}
			return o.run(cmd.Context(), true, func(context.Context) (process, error) { return app.StartXDS(o.XDSOptions) })
		},
	}
	o.register(cmd, &o.Options, "policy.yaml", "127.0.0.1:9091")
	f := cmd.Flags()
	f.StringVar(&o.Listen, "listen", "127.0.0.1:18000", "address that pairs ask, or unix:PATH of a socket, which only this user reaches; beyond loopback it takes --tls-cert")
	f.StringVar(&o.Admin, "admin", "127.0.0.1:8081", "loopback address of the admin API")
	f.StringVar(&o.State, "state", ".headgate/xds", "folder of the policy's history; empty for none over restarts")
	f.StringVar(&o.TLS.Cert, "tls-cert", "", "PEM file of this server's certificate")
	f.StringVar(&o.TLS.Key, "tls-key", "", "PEM file of the certificate's key")
	f.StringVar(&o.TLS.CA, "tls-client-ca", "", "PEM file that verifies pairs' certificates; required beyond loopback")
	f.StringVar(&o.Token, "xds-token-file", "", "file of the token that pairs show if --listen is loopback without TLS; made if it is missing (default xds.token in --state)")
	f.BoolVar(&o.WithoutToken, "allow-pairs-without-token", false, "let pairs in that show no token, such as those of the version before: every user of this machine can then be one")
	f.BoolVar(&o.BindNodes, "bind-nodes", false, "refuse a pair whose certificate does not name its node id")
	f.StringVar(&o.goBack, "go-back", "100%", "share of a region's pairs whose refusal takes a policy back from all of them; 100%: nobody took it")
	f.StringVar(&o.AccessLog, "envoy-access-log", "/dev/stdout", "file of Envoy's own access log")
	f.StringVar(&o.Roots, "roots", snapshot.DefaultRoots, "file of root certificates on the machines of the Envoys")
	f.StringVar(&o.simulated, "sim", "", "base URL of the simulated provider, for backends of it without a url, and for those whose credential is not set in this process's environment and that say without_credential: simulate")
	return cmd
}

// validate reads what the command line says.
func (o *xdsOptions) validate() (err error) {
	if o.GoBack, err = percentage("go-back", o.goBack); err != nil {
		return err
	}
	if o.simulated != "" {
		o.Simulated, err = simulatedURL(o.simulated)
	}
	return err
}

// percentage reads a flag's percentage as a share, above 0 and at most 1.
func percentage(flag, text string) (float64, error) {
	n, err := strconv.ParseFloat(strings.TrimSuffix(text, "%"), 64)
	if err != nil || !strings.HasSuffix(text, "%") || !(n > 0 && n <= 100) {
		return 0, fmt.Errorf("--%s %q: not a percentage above 0%% and at most 100%%", flag, text)
	}
	return n / 100, nil
}
