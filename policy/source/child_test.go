package source

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/headgate/headgate/policy"
)

// childJob names the environment variable that makes the test's binary a process of
// its own that pushes to the history in a folder: "once:FOLDER:N" pushes text(N)
// against the revision that it found, "forever:FOLDER:N" pushes one policy after the
// other. What was acknowledged is printed.
const childJob = "HEADGATE_SOURCE_TEST_CHILD"

func child(job string) int {
	parts := strings.SplitN(job, ":", 3)
	var n int
	if _, err := fmt.Sscan(parts[2], &n); err != nil {
		return complain(err)
	}
	history, err := OpenHistory(parts[1])
	if err != nil {
		return complain(err)
	}
	s, err := Open(Options{History: history})
	if err != nil {
		return complain(err)
	}
	p := Proposal{Author: "child", Reason: "test"}
	if parts[0] == "once" {
		p.Expect = s.Latest().Revision
	}
	fmt.Println("ready")
	_, _ = bufio.NewReader(os.Stdin).ReadString('\n')
	for ; ; n++ {
		p.Files = files(text(n))
		c, err := s.Push(p)
		switch {
		case errors.Is(err, ErrConflict):
			fmt.Println("conflict")
		case err != nil:
			return complain(err)
		default:
			fmt.Println(c.Number, c.Revision)
		}
		if parts[0] == "once" {
			return 0
		}
	}
}

func complain(err error) int {
	fmt.Fprintln(os.Stderr, err)
	return 1
}

// process is a child with its lines.
type process struct {
	*exec.Cmd
	lines *bufio.Scanner
	start func() // lets it push
}

// spawn starts a child and waits until it is ready to push.
func spawn(t *testing.T, what, folder string, n int) *process {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%s:%s:%d", childJob, what, folder, n))
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	must(t, err)
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	p := &process{cmd, bufio.NewScanner(out), func() { must(t, in.Close()) }}
	t.Cleanup(func() { _ = cmd.Process.Kill() }) // has ended already where the test went well
	if !p.lines.Scan() || p.lines.Text() != "ready" {
		t.Fatalf("the child says %q", p.lines.Text())
	}
	return p
}

// seeded returns a history's folder with one change in it.
func seeded(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	s := open(t, Options{Path: policyFile(t, text(1)), History: history(t, folder)})
	if s.Current().Number != 1 {
		t.Fatalf("the first change is %d", s.Current().Number)
	}
	return folder
}

func TestOneOfSeveralProcessesWins(t *testing.T) {
	folder := seeded(t)
	for round := 2; round < 6; round++ {
		var all []*process
		for i := range 3 {
			all = append(all, spawn(t, "once", folder, 10*round+i))
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
		if h := history(t, folder); won != 1 || h.newest().Number != round {
			t.Fatalf("%d processes won round %d, the last change is %d", won, round, h.newest().Number)
		}
	}
}

func TestWhatWasAcknowledgedSurvivesKilling(t *testing.T) {
	folder := seeded(t)
	var acknowledged []string
	for round := range 5 {
		p := spawn(t, "forever", folder, 100+1000*round)
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
	h := history(t, folder)
	kept := make(map[string]bool)
	for _, c := range h.Changes() {
		kept[fmt.Sprint(c.Number, " ", c.Revision)] = true
		if set, err := policy.ParseFiles(c.Files); err != nil || set.Revision != c.Revision {
			t.Errorf("change %d does not hold its revision: %v", c.Number, err)
		}
	}
	for _, line := range acknowledged {
		if !kept[line] {
			t.Errorf("change %s was acknowledged and is lost", line)
		}
	}
	open(t, Options{History: h})
}
