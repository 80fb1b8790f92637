// Ctrl-C as a flag that long loops poll, so that finished work is flushed before the command ends.
#pragma once

#include <string_view>

namespace reidbench {

inline constexpr int kInterruptGraceMs = 1200;

// SIGINT and SIGTERM set the flag; a second signal ends the process at once. What does not poll,
// such as a library's long call, is ended `grace_ms` later with kExitInterrupted and `command` in
// the message: nothing that stands under its final name is half, and temporaries go at the next
// run.
void InstallInterruptHandler(std::string_view command, int grace_ms = kInterruptGraceMs);
bool InterruptRequested();

// For programs that link the library and handle signals themselves, as Python does: what polls ends
// with Interrupted while the flag is set. It is one flag for the whole process.
void SetInterruptRequested(bool requested_now);

}  // namespace reidbench
