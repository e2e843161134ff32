package pgtest

import (
	"syscall"
	"unsafe"
)

// siocoutqnsd asks how many bytes of a socket have not been sent: linux/sockios.h.
const siocoutqnsd = 0x894B

// unsent is how many bytes written to a socket have not left yet.
func unsent(fd uintptr) int {
	var n int32
	if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, fd, siocoutqnsd, uintptr(unsafe.Pointer(&n))); errno != 0 {
		return 0
	}
	return int(n)
}
