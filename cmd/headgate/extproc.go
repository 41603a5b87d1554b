package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/headgate/headgate/cmd/headgate/app"
	"github.com/headgate/headgate/policy"
)

// extprocOptions are the flags of `headgate extproc`.
type extprocOptions struct {
	serving
	logSize
	app.ExtprocOptions
	listen string
}

func newExtproc() *cobra.Command {
	var o extprocOptions
	cmd := &cobra.Command{
		Use:   "extproc",
		Short: "Serve ext_proc on a Unix socket for an Envoy beside it",
		Long: "Serve ext_proc on a Unix socket for an Envoy beside it.\n\n" +
			"The policy comes from a control plane (headgate xds), and so does Envoy's\n" +
			"configuration, which Envoy takes from the same socket (headgate envoy bootstrap).\n" +
			"With -f the policy is a file's, for an Envoy that you configure yourself\n" +
			"(headgate render envoy). On SIGHUP it is read again, and taken if nothing but\n" +
			"weights differs: after any other change render again, and restart Envoy and this\n" +
			"process.\n\n" +
			"A process that is started on the socket of another one takes over from it: socket and\n" +
			"operations port without a gap, while the other ends what is under way, and then itself.\n" +
			"Without another one SIGTERM refuses new requests, and ends the process with what is under way." + servingCodes,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.Policy != "" && cmd.Flags().Changed("xds") {
				return errors.New("give either -f or --xds: the policy comes from one place")
			}
			if !cmd.Flags().Changed("state") {
				o.Pair.State = filepath.Join(".headgate", o.Pair.Node)
			}
			if o.drain <= 0 {
				return fmt.Errorf("--drain must be above 0, is %v", o.drain)
			}
			if err := o.checkGrace(); err != nil {
				return err
			}
			if err := o.validate(); err != nil {
				return err
			}
			size, err := o.bytes()
			if err != nil {
				return err
			}
			o.LogSize, o.Stdout, o.Drain = size, os.Stdout, o.drain
			return o.run(cmd.Context(), o.Policy != "", func(context.Context) (process, error) {
				p, err := app.StartExtproc(o.ExtprocOptions)
				if err != nil {
					return nil, placed(err, o.Policy)
				}
				return p, nil
			})
		},
	}
	o.serving.register(cmd, &o.Options, "", "127.0.0.1:9090")
	o.registerPair(cmd)
	o.logSize.register(cmd)
	o.registerGrace(cmd)
	cmd.Flags().StringVar(&o.Socket, "socket", defaultSocket, "Unix socket that Envoy dials; its folder must exist")
	cmd.Flags().StringVar(&o.Admin, "envoy-admin", "", "Unix socket of Envoy's admin interface (headgate envoy bootstrap --admin), by which ejections are counted and logged, and Envoy's statistics served at /metrics/envoy; empty for none")
	cmd.Flags().DurationVar(&o.drain, "drain", app.DefaultDrain, "how long answers that are under way may take to end once another process has taken over")
	cmd.Flags().StringVar(&o.Records, "access-log", "-", "file of access records, - for standard output")
	return cmd
}

func (o *extprocOptions) registerPair(cmd *cobra.Command) {
	f, p := cmd.Flags(), &o.Pair
	f.StringSliceVar(&p.Addresses, "xds", []string{"127.0.0.1:18000"}, "addresses of control plane replicas, host:port or unix:PATH, tried in turn")
	f.StringVar(&p.Node, "node", defaultNode, "id of this pair")
	f.StringVar(&p.Region, "region", "", "region that this pair runs in, for models with nearest: true")
	f.StringVar(&o.listen, "listen", "", "address that this pair's Envoy listens on in place of the policy's, for several pairs on one machine")
	f.BoolVar(&p.SharePort, "share-port", false, "several Envoys of this pair may listen on --listen at a time, so that one replaces another; for Envoys that have not started yet: a running one refuses the change")
	f.StringVar(&p.Own, "own-calls", "", "Unix socket on which this pair's Envoy takes the calls that Headgate makes itself, such as those of guards; Envoy must be able to make it, so its folder is best one of theirs alone; empty: none are made")
	f.StringVar(&p.State, "state", "", "folder that keeps the last good policy, empty for none (default .headgate/NODE)")
	f.StringVar(&p.TLS.CA, "xds-ca", "", "PEM file that verifies the control plane's certificate; TLS is required beyond loopback")
	f.StringVar(&p.TLS.Cert, "xds-cert", "", "PEM file of this pair's certificate")
	f.StringVar(&p.TLS.Key, "xds-key", "", "PEM file of the certificate's key")
	f.StringVar(&p.Token, "xds-token-file", "", "file of the token of a control plane at loopback without TLS, which must then prove to have it, too; without it the control plane says where its token is, and a file of this user's alone is used")
	f.StringVar(&p.ServerName, "xds-name", "", "name in the control plane's certificate (default the address's host)")
}

// validate refuses what the command line cannot mean, and reads what it says.
func (o *extprocOptions) validate() (err error) {
	if err := errors.Join(checkServed(o.Socket), checkOptionalSocket("--envoy-admin", o.Admin), checkOptionalSocket("--own-calls", o.Pair.Own), checkNode(o.Pair.Node)); err != nil {
		return err
	}
	if o.listen == "" && o.Pair.SharePort {
		return errors.New("--share-port needs --listen: the address is this pair's as long as it runs")
	}
	if o.listen == "" {
		return nil
	}
	if o.Pair.Listen, err = policy.ParseListen(o.listen); err != nil {
		return fmt.Errorf("--listen: %w", err)
	}
	return nil
}

// checkServed refuses the path of a socket beside which there is no room for those by which one
// process takes over from another.
func checkServed(path string) error {
	if err := app.CheckSocket("--socket", path); err != nil || len(path) <= app.MaxServedSocket {
		return err
	}
	return fmt.Errorf("--socket must be at most %d bytes long, because there are sockets with longer names beside it, is %d: %s", app.MaxServedSocket, len(path), path)
}
