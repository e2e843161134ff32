package main

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"syscall"

	"github.com/maitred/maitred/internal/config"
	"github.com/maitred/maitred/internal/control"
	"github.com/maitred/maitred/internal/store"
	"github.com/maitred/maitred/internal/store/sqlite"
)

// exitCode is what the process ends with for an error.
func exitCode(err error) int {
	if err == nil {
		return exitOK
	}
	if code, ok := errors.AsType[silentError](err); ok {
		return int(code)
	}
	if _, ok := errors.AsType[usageError](err); ok {
		return exitUsage
	}
	if _, ok := errors.AsType[*config.Error](err); ok {
		return exitConfig
	}
	if e, ok := errors.AsType[*control.DatabaseError](err); ok {
		if e.Wrong {
			return exitConfig
		}
		return exitTryAgain
	}
	if _, ok := errors.AsType[*net.DNSError](err); ok || sqlite.Unusable(err) {
		return exitConfig
	}
	for _, wrong := range []error{
		control.ErrNoDatabase, control.ErrBehind, sqlite.ErrNewer, fs.ErrPermission, syscall.ENOTDIR, syscall.EISDIR, syscall.EROFS, syscall.EADDRNOTAVAIL,
	} {
		if errors.Is(err, wrong) {
			return exitConfig
		}
	}
	if _, ok := errors.AsType[*control.HeldError](err); ok {
		return exitTryAgain
	}
	if _, ok := errors.AsType[*control.UnreachableError](err); ok {
		return exitTryAgain
	}
	for _, busy := range []error{syscall.EADDRINUSE, store.ErrUnavailable, store.ErrAmbiguous, context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, busy) {
			return exitTryAgain
		}
	}
	if control.ErrorOf(err).Retry {
		return exitTryAgain
	}
	return exitRefused
}
