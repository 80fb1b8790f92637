// Preloaded into a command (LD_PRELOAD): counts the calls by which it touches the world, over all
// of its processes and threads, and makes one of them fail, or kills the command there. run.py says
// which by the environment:
//
//   REIDBENCH_FAULT          ACTION:GROUP:N  or  ACTION:GROUP:N+   the N-th call from 1; with +,
//   every call from the N-th on REIDBENCH_FAULT_COUNTER  a file of kGroups + 1 uint64 that the
//   processes share: calls of each group, then faults made
//
// ACTION: kill (this process), killall (its process group), short (half of what was asked), or the
// name of an error. GROUP: any, or one of kGroupNames. Calls that glibc makes from within itself
// are not seen; those of other libraries are.
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>

namespace {

enum Group { kOpen, kRead, kWrite, kRename, kMake, kRemove, kSync, kLock, kMap, kProcess, kGroups };
constexpr const char* kGroupNames[kGroups] = {"open",   "read", "write", "rename", "make",
                                              "remove", "sync", "lock",  "map",    "process"};
struct ErrorName {
  const char* name;
  int value;
};
constexpr ErrorName kErrors[] = {{"ENOSPC", ENOSPC}, {"EIO", EIO},       {"EMFILE", EMFILE},
                                 {"EINTR", EINTR},   {"EACCES", EACCES}, {"ENOMEM", ENOMEM},
                                 {"EROFS", EROFS},   {"EDQUOT", EDQUOT}, {"EAGAIN", EAGAIN}};

constexpr int kKill = -1, kKillAll = -2, kShort = -3, kNothing = 0;

struct Plan {
  int action = kNothing;  // or an errno
  int group = kGroups;    // kGroups: any
  uint64_t at = 0;
  bool goes_on = false;
  std::atomic<uint64_t>* counters = nullptr;
};

Plan plan;

void ReadPlan() {
  const char* file = getenv("REIDBENCH_FAULT_COUNTER");
  if (file == nullptr) return;
  // The system's own calls: ours are counted.
  const long fd = syscall(SYS_openat, AT_FDCWD, file, O_RDWR | O_CLOEXEC, 0);
  if (fd < 0) return;
  const long at = syscall(SYS_mmap, nullptr, sizeof(uint64_t) * (kGroups + 1),
                          PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  syscall(SYS_close, fd);
  if (at == -1) return;
  const char* text = getenv("REIDBENCH_FAULT");
  char action[16] = "", group[16] = "", plus = 0;
  unsigned long long number = 0;
  if (text != nullptr &&
      sscanf(text, "%15[^:]:%15[^:]:%llu%c", action, group, &number, &plus) >= 3) {
    for (int g = 0; g < kGroups; ++g) {
      if (strcmp(group, kGroupNames[g]) == 0) plan.group = g;
    }
    for (const ErrorName& error : kErrors) {
      if (strcmp(action, error.name) == 0) plan.action = error.value;
    }
    if (strcmp(action, "kill") == 0) plan.action = kKill;
    if (strcmp(action, "killall") == 0) plan.action = kKillAll;
    if (strcmp(action, "short") == 0) plan.action = kShort;
    plan.at = number;
    plan.goes_on = plus == '+';
  }
  plan.counters = reinterpret_cast<std::atomic<uint64_t>*>(at);
}

// Before main(), and before the constructors of the libraries that are loaded after this one.
__attribute__((constructor)) void Begin() { ReadPlan(); }

// Counts the call; what is to happen to it: kNothing, kShort or an errno.
int Meet(Group group) {
  if (plan.counters == nullptr) return kNothing;
  const uint64_t of_group = plan.counters[group].fetch_add(1) + 1;
  if (plan.action == kNothing || (plan.group != kGroups && plan.group != group)) return kNothing;
  uint64_t number = of_group;
  if (plan.group == kGroups) {
    number = 0;
    for (int g = 0; g < kGroups; ++g) number += plan.counters[g].load();
  }
  if (number != plan.at && !(plan.goes_on && number > plan.at)) return kNothing;
  plan.counters[kGroups].fetch_add(1);
  if (plan.action == kKill) kill(getpid(), SIGKILL);
  if (plan.action == kKillAll) kill(0, SIGKILL);
  return plan.action;
}

template <typename Function>
Function* Real(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

// What fails of itself with `failure`, and the system's call where nothing is to happen.
template <typename Result, typename Function, typename... Args>
Result Pass(Group group, const char* name, Result failure, Args... args) {
  const int saved = errno;
  const int met = Meet(group);
  if (met > 0) {
    errno = met;
    return failure;
  }
  errno = saved;
  return Real<Function>(name)(args...);
}

size_t Shortened(int met, size_t size) { return met == kShort && size > 1 ? (size + 1) / 2 : size; }

mode_t ModeOf(int flags, va_list arguments) {
  return (flags & (O_CREAT | __O_TMPFILE)) != 0 ? va_arg(arguments, mode_t) : 0;
}

}  // namespace

#define RB_EXPORT extern "C" __attribute__((visibility("default")))

// A name and its arguments; the result fails with -1.
#define RB_PLAIN(group, result, name, parameters, ...)                                           \
  RB_EXPORT result name parameters {                                                             \
    return Pass<result, result parameters>(group, #name, result(-1) __VA_OPT__(, ) __VA_ARGS__); \
  }

#define RB_OPEN(name)                                                                  \
  RB_EXPORT int name(const char* path, int flags, ...) {                               \
    va_list arguments;                                                                 \
    va_start(arguments, flags);                                                        \
    const mode_t mode = ModeOf(flags, arguments);                                      \
    va_end(arguments);                                                                 \
    return Pass<int, int(const char*, int, ...)>(kOpen, #name, -1, path, flags, mode); \
  }
RB_OPEN(open)
RB_OPEN(open64)
#define RB_OPENAT(name)                                                                      \
  RB_EXPORT int name(int folder, const char* path, int flags, ...) {                         \
    va_list arguments;                                                                       \
    va_start(arguments, flags);                                                              \
    const mode_t mode = ModeOf(flags, arguments);                                            \
    va_end(arguments);                                                                       \
    return Pass<int, int(int, const char*, int, ...)>(kOpen, #name, -1, folder, path, flags, \
                                                      mode);                                 \
  }
RB_OPENAT(openat)
RB_OPENAT(openat64)

RB_EXPORT FILE* fopen(const char* path, const char* mode) {
  return Pass<FILE*, FILE*(const char*, const char*)>(kOpen, "fopen", nullptr, path, mode);
}
RB_EXPORT FILE* fopen64(const char* path, const char* mode) {
  return Pass<FILE*, FILE*(const char*, const char*)>(kOpen, "fopen64", nullptr, path, mode);
}
RB_EXPORT DIR* opendir(const char* path) {
  return Pass<DIR*, DIR*(const char*)>(kOpen, "opendir", nullptr, path);
}

#define RB_TRANSFER(group, name, buffer, offset)                                                  \
  RB_EXPORT ssize_t name(int fd, buffer data, size_t size, offset at) {                           \
    const int met = Meet(group);                                                                  \
    if (met > 0) {                                                                                \
      errno = met;                                                                                \
      return -1;                                                                                  \
    }                                                                                             \
    return Real<ssize_t(int, buffer, size_t, offset)>(#name)(fd, data, Shortened(met, size), at); \
  }
RB_TRANSFER(kRead, pread, void*, off_t)
RB_TRANSFER(kRead, pread64, void*, off64_t)
RB_TRANSFER(kWrite, pwrite, const void*, off_t)
RB_TRANSFER(kWrite, pwrite64, const void*, off64_t)

RB_EXPORT ssize_t read(int fd, void* data, size_t size) {
  const int met = Meet(kRead);
  if (met > 0) {
    errno = met;
    return -1;
  }
  return Real<ssize_t(int, void*, size_t)>("read")(fd, data, Shortened(met, size));
}
RB_EXPORT ssize_t write(int fd, const void* data, size_t size) {
  const int met = Meet(kWrite);
  if (met > 0) {
    errno = met;
    return -1;
  }
  return Real<ssize_t(int, const void*, size_t)>("write")(fd, data, Shortened(met, size));
}
RB_EXPORT size_t fread(void* data, size_t size, size_t count, FILE* file) {
  return Pass<size_t, size_t(void*, size_t, size_t, FILE*)>(kRead, "fread", 0, data, size, count,
                                                            file);
}
RB_EXPORT size_t fwrite(const void* data, size_t size, size_t count, FILE* file) {
  return Pass<size_t, size_t(const void*, size_t, size_t, FILE*)>(kWrite, "fwrite", 0, data, size,
                                                                  count, file);
}
RB_PLAIN(kRead, ssize_t, readv, (int fd, const iovec* parts, int count), fd, parts, count)
RB_PLAIN(kWrite, ssize_t, writev, (int fd, const iovec* parts, int count), fd, parts, count)
RB_PLAIN(kWrite, int, ftruncate, (int fd, off_t size), fd, size)
RB_PLAIN(kWrite, int, ftruncate64, (int fd, off64_t size), fd, size)

RB_PLAIN(kRename, int, rename, (const char* from, const char* to), from, to)
RB_PLAIN(kRename, int, renameat, (int a, const char* from, int b, const char* to), a, from, b, to)
RB_PLAIN(kRename, int, renameat2, (int a, const char* from, int b, const char* to, unsigned flags),
         a, from, b, to, flags)
RB_PLAIN(kMake, int, mkdir, (const char* path, mode_t mode), path, mode)
RB_PLAIN(kMake, int, symlink, (const char* from, const char* to), from, to)
RB_PLAIN(kMake, int, link, (const char* from, const char* to), from, to)
RB_PLAIN(kRemove, int, unlink, (const char* path), path)
RB_PLAIN(kRemove, int, unlinkat, (int folder, const char* path, int flags), folder, path, flags)
RB_PLAIN(kRemove, int, rmdir, (const char* path), path)
RB_PLAIN(kSync, int, fsync, (int fd), fd)
RB_PLAIN(kSync, int, fdatasync, (int fd), fd)
RB_PLAIN(kLock, int, flock, (int fd, int operation), fd, operation)
RB_PLAIN(kProcess, pid_t, fork, ())
