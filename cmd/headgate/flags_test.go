package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// TestBadFlags holds that what cannot be meant is refused before anything is done, with
// the flag's name and one exit code for every command.
func TestBadFlags(t *testing.T) {
	dir := t.TempDir()
	policy := filepath.Join(dir, "policy.yaml")
	if err := os.WriteFile(policy, []byte(firstPolicy), 0o600); err != nil {
		t.Fatal(err)
	}
	long := "/tmp/" + strings.Repeat("s", 103)
	for _, c := range []struct{ line, says string }{
		{"policy push POLICY --reason x --wait -1s", "--wait must not be below 0, is -1s"},
		{"policy rollback --reason x --wait -1ms", "--wait must not be below 0, is -1ms"},
		{"extproc --node=", `--node must be a name without a slash, is ""`},
		{"extproc --node a/b", `--node must be a name without a slash, is "a/b"`},
		{"extproc --node ..", "--node must be a name"},
		{"extproc --listen nowhere", `--listen: must be host:port, is "nowhere"`},
		{"extproc --listen example.com:80", "--listen: the host must be an IP address or localhost"},
		{"extproc --socket=", "--socket must be the path of a Unix socket, is empty"},
		{"extproc --socket " + long, "--socket must be at most 107 bytes long"},
		{"extproc --xds-ca DIR/none.pem", "none.pem"},
		{"extproc --xds-ca DIR/none.pem --xds-token-file t", "--xds-token-file is for a control plane at a port without TLS"},
		{"extproc --operations nowhere", `operations address "nowhere"`},
		{"extproc --allow OPENAI_API_KEY", `--allow: "OPENAI_API_KEY" must be env:NAME`},
		{"extproc --log-size -1", "--log-size must be from 0"},
		{"extproc -f DIR/none.yaml --operations 127.0.0.1:0", "none.yaml"},
		{"extproc -f POLICY --xds 127.0.0.1:1", "either -f or --xds"},
		{"envoy bootstrap --node=", "--node must be a name"},
		{"envoy bootstrap --socket=", "--socket must be the path of a Unix socket, is empty"},
		{"envoy bootstrap --socket " + long, "--socket must be at most 107 bytes long"},
		{"envoy drain", "--admin must be the path of a Unix socket, is empty"},
		{"envoy drain --admin a --drain 0s", "--drain, --quiet and --begins must be above 0"},
		{"envoy bootstrap --admin " + long, "--admin must be at most 107 bytes long"},
		{"render envoy -f POLICY --socket=", "--socket must be the path of a Unix socket, is empty"},
		{"render envoy -f POLICY --sim nonsense", `--sim must be a URL such as http://127.0.0.1:9100/v1, is "nonsense"`},
		{"render envoy -f DIR/none.yaml", "none.yaml"},
		{"xds -f POLICY --operations 127.0.0.1:0 --state=", "without a state folder it takes --xds-token-file, or --allow-pairs-without-token"},
		{"xds -f POLICY --operations 127.0.0.1:0 --listen unix:DIR/s --xds-token-file t", "--xds-token-file is for a port without TLS"},
		{"xds -f POLICY --sim nonsense", `--sim must be a URL such as http://127.0.0.1:9100/v1, is "nonsense"`},
		{"xds -f POLICY --sim http:///v1", "--sim must be a URL"},
		{"xds -f POLICY --tls-cert DIR/none.pem --tls-key DIR/none.pem", "none.pem"},
		{"xds -f POLICY --operations nowhere", `operations address "nowhere"`},
		{"xds -f POLICY --operations 127.0.0.1:0 --listen unix:DIR/x --tls-cert DIR/none.pem", "a Unix socket takes no TLS"},
		{"run -f POLICY --allow env:A=b", "--allow: "},
		{"xds -f POLICY --operations 127.0.0.1:0 --admin 0.0.0.0:1 --listen 127.0.0.1:0 --state=DIR/state", "only loopback"},
		{"sim --listen 0.0.0.0:1", "only loopback"},
		{"sim --listen 127.0.0.1:0 --script DIR/none.yaml", "none.yaml"},
		{"drill -f POLICY --patience 0s", "--patience must be above 0, is 0s"},
		{"drill -f POLICY --outage 1ms", "--outage must be at least 1s, is 1ms"},
		{"drill -f POLICY --min-pass -1", "--min-pass must not be below 0, is -1"},
		{"drill -f POLICY --break all", `--break must be no-retry, is "all"`},
		{"drill -f POLICY --dialect latin", `--dialect must be openai or anthropic, is "latin"`},
		{"drill -f POLICY --form xml", `--form must be json or sse, is "xml"`},
		{"drill -f POLICY --fault flood", `--fault must be one of 429-once, `},
		{"drill -f POLICY --model none", `the policy has no model "none"`},
		{"drill -f POLICY -o yaml", `--output must be text or json, is "yaml"`},
		{"drill -f DIR/none.yaml", "none.yaml"},
		{"xds -f DIR/none.yaml --operations 127.0.0.1:0 --state=DIR/state", "none.yaml"},
	} {
		t.Run(c.line, func(t *testing.T) {
			t.Chdir(dir)
			line := strings.NewReplacer("POLICY", policy, "DIR", dir).Replace(c.line)
			if code, text := ended(t, strings.Fields(line)); code != exitUsage || !strings.Contains(text, c.says) {
				t.Errorf("exit code %d, %q; want %d and %q", code, text, exitUsage, c.says)
			}
		})
	}
}

// ended runs a command that must end by itself.
func ended(t *testing.T, args []string) (code int, text string) {
	t.Helper()
	var out bytes.Buffer
	root := newRoot()
	root.SetOut(&out)
	root.SetErr(&out)
	root.SetArgs(args)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	code = execute(ctx, root)
	return code, out.String()
}

// TestWhatCannotBeDoneIsNoBadFlag holds that a program can tell a port that is taken, or
// a faulty policy, from a command line that will never do.
func TestWhatCannotBeDoneIsNoBadFlag(t *testing.T) {
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer lis.Close()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "faulty.yaml"), []byte(faultyPolicy), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		"extproc --operations " + lis.Addr().String(),
		"xds -f faulty.yaml --operations " + lis.Addr().String(),
		"extproc -f faulty.yaml --operations 127.0.0.1:0",
		"xds -f faulty.yaml --operations 127.0.0.1:0 --state=state",
	} {
		t.Chdir(dir)
		if code, text := ended(t, strings.Fields(line)); code != exitFault {
			t.Errorf("%s: exit code %d, %q", line, code, text)
		}
	}
}

// TestATakenPortSaysWhatToDo holds that every command which listens says of a port that
// another process has who that is, and how to choose another. What run says is held by
// its end-to-end tests, because it begins with an Envoy.
func TestATakenPortSaysWhatToDo(t *testing.T) {
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer lis.Close()
	by := "another process"
	if runtime.GOOS == "linux" {
		by = fmt.Sprintf("(process %d)", os.Getpid())
	}
	t.Chdir(t.TempDir())
	if err := os.WriteFile("policy.yaml", []byte(firstPolicy), 0o600); err != nil {
		t.Fatal(err)
	}
	const free = "127.0.0.1:0"
	for _, c := range []struct{ line, port, choose string }{
		{"extproc -f policy.yaml --socket s --operations TAKEN", "operations port", "--operations"},
		{"extproc --socket s --operations TAKEN", "operations port", "--operations"},
		{"xds --state=state --operations TAKEN --listen " + free + " --admin " + free, "operations port", "--operations"},
		{"xds --state=state --operations " + free + " --listen TAKEN --admin " + free, "xDS port", "--listen"},
		{"xds --state=state --operations " + free + " --listen " + free + " --admin TAKEN", "admin port", "--admin"},
		{"sim --listen TAKEN", "simulated provider's port", "--listen"},
	} {
		code, text := ended(t, strings.Fields(strings.ReplaceAll(c.line, "TAKEN", lis.Addr().String())))
		says := c.port + ": " + lis.Addr().String() + " is taken by "
		if code != exitFault || !strings.Contains(text, says) || !strings.Contains(text, by+": stop that, or choose another address with "+c.choose+"\n") {
			t.Errorf("%s: exit code %d, %q", c.line, code, text)
		}
	}
}

// TestListenOnLocalhost holds that a pair's own address is read as the policy's is.
func TestListenOnLocalhost(t *testing.T) {
	o := extprocOptions{listen: "localhost:8085"}
	o.Socket, o.Pair.Node = "s", "a"
	if err := o.validate(); err != nil || o.Pair.Listen.String() != "127.0.0.1:8085" {
		t.Errorf("%v, %v", o.Pair.Listen, err)
	}
}
