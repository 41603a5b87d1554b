package historytest

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/policy/source"
)

// childJob names the environment variable that makes a test's binary a process of its
// own that pushes to the history at an address: "once:N:ADDRESS" pushes files(N)
// against the revision that it found, "forever:N:ADDRESS" pushes one policy after the
// other. What was acknowledged is printed.
const childJob = "HEADGATE_HISTORY_TEST_CHILD"

// Child ends the process if it is one of those that Suite starts. TestMain calls it
// before all else; open opens the history at the address of a Store.
func Child(open func(address string) (source.History, error)) {
	job, ok := os.LookupEnv(childJob)
	if !ok {
		return
	}
	parts := strings.SplitN(job, ":", 3)
	if err := push(parts[0] == "once", parts[1], func() (source.History, error) { return open(parts[2]) }); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

func push(once bool, first string, open func() (source.History, error)) error {
	var n int
	if _, err := fmt.Sscan(first, &n); err != nil {
		return err
	}
	history, err := open()
	if err != nil {
		return err
	}
	s, err := source.Open(source.Options{History: history})
	if err != nil {
		return err
	}
	expect := ""
	if once {
		expect = s.Latest().Revision
	}
	fmt.Println("ready")
	_, _ = bufio.NewReader(os.Stdin).ReadString('\n') // ends when the parent says so
	for ; ; n++ {
		switch c, err := s.Push(proposal(n, expect)); {
		case errors.Is(err, source.ErrConflict):
			fmt.Println("conflict")
		case err != nil:
			return err
		default:
			fmt.Println(c.Number, c.Revision)
		}
		if once {
			return nil
		}
	}
}

// process is a child with its lines.
type process struct {
	*exec.Cmd
	lines *bufio.Scanner
	start func() // lets it push
}

// spawn starts a child and waits until it is ready to push.
func spawn(t *testing.T, what string, n int, s Store) *process {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%s:%d:%s", childJob, what, n, s.Address))
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	must(t, err)
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	p := &process{cmd, bufio.NewScanner(out), func() { must(t, in.Close()) }}
	t.Cleanup(func() { _ = cmd.Process.Kill() }) // has ended already if the test went well
	if !p.lines.Scan() || p.lines.Text() != "ready" {
		t.Fatalf("the child says %q: does TestMain call historytest.Child?", p.lines.Text())
	}
	return p
}

func oneProcessWins(t *testing.T, s Store) {
	recorded(t, s.Open(t), 1)
	for round := 2; round < 6; round++ {
		var all []*process
		for i := range 3 {
			all = append(all, spawn(t, "once", 10*round+i, s))
		}
		for _, p := range all {
			p.start()
		}
		won := 0
		for _, p := range all {
			p.lines.Scan()
			if p.lines.Text() != "conflict" {
				won++
			}
			must(t, p.Wait())
		}
		if all := s.Open(t).Changes(); won != 1 || len(all) != round {
			t.Fatalf("%d processes won round %d, the history has %d changes", won, round, len(all))
		}
	}
}

// acrossProcesses holds that who has a history open sees what another process records
// while it runs.
func acrossProcesses(t *testing.T, s Store) {
	h := s.Open(t)
	recorded(t, h, 1)
	p := spawn(t, "once", 2, s)
	p.start()
	p.lines.Scan()
	holds(t, "who had it open", h, 1, 2)
	must(t, p.Wait())
}

func killed(t *testing.T, s Store) {
	recorded(t, s.Open(t), 1)
	var acknowledged []string
	for round := range 5 {
		p := spawn(t, "forever", 100+1000*round, s)
		p.start()
		for range 5 + round {
			if !p.lines.Scan() {
				t.Fatal("the child ended by itself")
			}
			acknowledged = append(acknowledged, p.lines.Text())
		}
		must(t, p.Process.Kill())
		for p.lines.Scan() { // what it said before it died
			acknowledged = append(acknowledged, p.lines.Text())
		}
		_ = p.Wait() // says that it was killed
	}
	h := s.Open(t)
	found := make(map[string]bool)
	for _, c := range h.Changes() {
		found[fmt.Sprint(c.Number, " ", c.Revision)] = true
		if set, err := policy.ParseAccepted(c.Files); err != nil || set.Revision != c.Revision {
			t.Errorf("change %d does not hold its revision: %v", c.Number, err)
		}
	}
	for _, line := range acknowledged {
		if !found[line] {
			t.Errorf("change %s was acknowledged and is lost", line)
		}
	}
	open(t, s)
}
