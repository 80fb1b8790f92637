// Ctrl-C as a flag that long loops poll, so that finished work is flushed before the command ends.
#pragma once

namespace reidbench {

// SIGINT and SIGTERM set the flag; a second signal ends the process at once.
void InstallInterruptHandler();
bool InterruptRequested();

}  // namespace reidbench
