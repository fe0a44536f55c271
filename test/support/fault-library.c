// Meets the n-th system call that changes something below FAULT_ROOT with an error or with the end of the process.
// FAULT_AT=n, FAULT_WITH=kill-before | kill-after | an errno as a number. FAULT_COUNT names a file that gets one line
// a call, to know how many there are. Only the first process of a tree is meant: its children see no FAULT_AT.
// FAULT_SLOW_MS=n: a slow disk, whose every fsync below FAULT_ROOT takes so long; children too.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static int at = -1, count, error_number, kills_after, slow_ms, log_fd = -1;
static char root[PATH_MAX];

__attribute__((constructor)) static void prepare(void) {
  const char *wanted = getenv("FAULT_AT"), *with = getenv("FAULT_WITH"), *log = getenv("FAULT_COUNT");
  snprintf(root, sizeof root, "%s", getenv("FAULT_ROOT") ? getenv("FAULT_ROOT") : "/nowhere");
  if (log) log_fd = (int)syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (wanted) at = atoi(wanted);
  if (getenv("FAULT_SLOW_MS")) slow_ms = atoi(getenv("FAULT_SLOW_MS"));
  if (with && strcmp(with, "kill-after") == 0) kills_after = 1;
  else if (with && strcmp(with, "kill-before") != 0) error_number = atoi(with);
  unsetenv("FAULT_AT");
  unsetenv("FAULT_COUNT");
}

static int is_below(const char *path) { return path && strncmp(path, root, strlen(root)) == 0; }

static int is_below_fd(int fd) {
  char link[64], path[PATH_MAX];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = syscall(SYS_readlinkat, AT_FDCWD, link, path, sizeof path - 1);
  if (length <= 0) return 0;
  path[length] = 0;
  return is_below(path);
}

static void die(void) {
  syscall(SYS_kill, getpid(), SIGKILL);
  for (;;) pause();
}

// 0: go on; 1: fail with errno; 2: do it, then die.
static int meet(const char *name, const char *path) {
  int number = __atomic_add_fetch(&count, 1, __ATOMIC_SEQ_CST);
  if (log_fd >= 0) {
    char line[PATH_MAX + 64];
    int length = snprintf(line, sizeof line, "%d %s %s\n", number, name, path ? path : "");
    syscall(SYS_write, log_fd, line, length);
  }
  if (number != at) return 0;
  if (error_number) {
    errno = error_number;
    return 1;
  }
  if (!kills_after) die();
  return 2;
}

#define REAL(name) static __typeof__(&name) real; if (!real) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)
#define GUARD(condition, name, path, call) \
  if (!(condition)) return call; \
  int verdict = meet(#name, path); \
  if (verdict == 1) return -1; \
  __typeof__(call) result = call; \
  if (verdict == 2) die(); \
  return result

static int open_any(int (*real)(const char *, int, ...), const char *path, int flags, mode_t mode) {
  GUARD(is_below(path) && (flags & (O_CREAT | O_WRONLY | O_RDWR)), open, path, real(path, flags, mode));
}
int open(const char *path, int flags, ...) {
  REAL(open);
  va_list list;
  va_start(list, flags);
  mode_t mode = flags & O_CREAT ? va_arg(list, mode_t) : 0;
  va_end(list);
  return open_any(real, path, flags, mode);
}
int open64(const char *path, int flags, ...) {
  REAL(open64);
  va_list list;
  va_start(list, flags);
  mode_t mode = flags & O_CREAT ? va_arg(list, mode_t) : 0;
  va_end(list);
  return open_any(real, path, flags, mode);
}
ssize_t write(int fd, const void *bytes, size_t length) {
  REAL(write);
  GUARD(is_below_fd(fd), write, 0, real(fd, bytes, length));
}
ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t offset) {
  REAL(pwrite64);
  GUARD(is_below_fd(fd), pwrite, 0, real(fd, bytes, length, offset));
}
ssize_t writev(int fd, const struct iovec *parts, int amount) {
  REAL(writev);
  GUARD(is_below_fd(fd), writev, 0, real(fd, parts, amount));
}
int fsync(int fd) {
  REAL(fsync);
  if (slow_ms && is_below_fd(fd)) usleep(slow_ms * 1000);
  GUARD(is_below_fd(fd), fsync, 0, real(fd));
}
int fdatasync(int fd) { REAL(fdatasync); GUARD(is_below_fd(fd), fdatasync, 0, real(fd)); }
int fchmod(int fd, mode_t mode) { REAL(fchmod); GUARD(is_below_fd(fd), fchmod, 0, real(fd, mode)); }
int chmod(const char *path, mode_t mode) { REAL(chmod); GUARD(is_below(path), chmod, path, real(path, mode)); }
int ftruncate64(int fd, off64_t length) { REAL(ftruncate64); GUARD(is_below_fd(fd), ftruncate, 0, real(fd, length)); }
int rename(const char *from, const char *to) { REAL(rename); GUARD(is_below(to), rename, to, real(from, to)); }
int link(const char *from, const char *to) { REAL(link); GUARD(is_below(to), link, to, real(from, to)); }
int symlink(const char *from, const char *to) { REAL(symlink); GUARD(is_below(to), symlink, to, real(from, to)); }
int unlink(const char *path) { REAL(unlink); GUARD(is_below(path), unlink, path, real(path)); }
int mkdir(const char *path, mode_t mode) { REAL(mkdir); GUARD(is_below(path), mkdir, path, real(path, mode)); }
int rmdir(const char *path) { REAL(rmdir); GUARD(is_below(path), rmdir, path, real(path)); }
int utimensat(int fd, const char *path, const struct timespec times[2], int flags) {
  REAL(utimensat);
  GUARD(is_below(path), utimensat, path, real(fd, path, times, flags));
}
int utimes(const char *path, const struct timeval times[2]) {
  REAL(utimes);
  GUARD(is_below(path), utimes, path, real(path, times));
}
