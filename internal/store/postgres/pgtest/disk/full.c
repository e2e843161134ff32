/* A disk that can be full, for a server that is started with this library
 * preloaded. While the file $PGTEST_DISK/full exists, a write that would make a
 * regular file on that folder's disk longer fails with ENOSPC. Writes to what is
 * allocated go on, as they do on a full disk. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

/* refused reports whether a write of n bytes at pos (-1: where the file stands) must
 * fail. */
static int refused(int fd, off_t pos, size_t n) {
	struct stat disk, file;
	char full[4096];
	const char *dir = getenv("PGTEST_DISK");
	int before = errno, no = 0;
	if (dir && fd > 2) {
		snprintf(full, sizeof full, "%s/full", dir);
		if (stat(full, &disk) == 0 && fstat(fd, &file) == 0 && S_ISREG(file.st_mode) && file.st_dev == disk.st_dev) {
			if (pos < 0)
				pos = lseek(fd, 0, SEEK_CUR);
			no = pos + (off_t)n > file.st_size;
		}
	}
	errno = before;
	return no;
}

static size_t length(const struct iovec *v, int n) {
	size_t all = 0;
	for (int i = 0; i < n; i++)
		all += v[i].iov_len;
	return all;
}

#define REAL(name) static __typeof__(&name) real; if (!real) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)
#define FULL(code) do { errno = ENOSPC; return code; } while (0)

ssize_t write(int fd, const void *b, size_t n) {
	REAL(write);
	if (refused(fd, -1, n)) FULL(-1);
	return real(fd, b, n);
}

ssize_t pwrite(int fd, const void *b, size_t n, off_t at) {
	REAL(pwrite);
	if (refused(fd, at, n)) FULL(-1);
	return real(fd, b, n, at);
}

ssize_t pwritev(int fd, const struct iovec *v, int n, off_t at) {
	REAL(pwritev);
	if (refused(fd, at, length(v, n))) FULL(-1);
	return real(fd, v, n, at);
}

int posix_fallocate(int fd, off_t at, off_t n) {
	REAL(posix_fallocate);
	if (refused(fd, at, (size_t)n)) return ENOSPC;
	return real(fd, at, n);
}

#ifdef __GLIBC__
ssize_t pwrite64(int fd, const void *b, size_t n, off64_t at) {
	REAL(pwrite64);
	if (refused(fd, at, n)) FULL(-1);
	return real(fd, b, n, at);
}

ssize_t pwritev64(int fd, const struct iovec *v, int n, off64_t at) {
	REAL(pwritev64);
	if (refused(fd, at, length(v, n))) FULL(-1);
	return real(fd, v, n, at);
}

int posix_fallocate64(int fd, off64_t at, off64_t n) {
	REAL(posix_fallocate64);
	if (refused(fd, at, (size_t)n)) return ENOSPC;
	return real(fd, at, n);
}
#endif
