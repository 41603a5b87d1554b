//go:build !linux

package envoy

import "syscall"

// childAttributes put Envoy into a process group of its own, so that Ctrl-C at a
// terminal reaches the parent only, which then drains.
func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true}
}
