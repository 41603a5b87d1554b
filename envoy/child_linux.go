package envoy

import "syscall"

// childAttributes put Envoy into a process group of its own, so that Ctrl-C at a
// terminal reaches the parent only, which then drains; and have the kernel end it
// if the parent is killed.
func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
