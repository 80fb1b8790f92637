// The channel for what is not the result: notes, warnings, errors, progress. It never fails: a line
// that cannot be written (a full disk under the job's log, a closed stderr) is lost, never the
// work.
#pragma once

#include <string_view>

namespace reidbench {

// Call first in main(). Puts /dev/null on each of stdin, stdout and stderr that is closed, as some
// daemons start their children: otherwise the first file that is opened would get its number, and
// messages would be written into it. Makes a file size limit (ulimit -f) an error of the write,
// like a full disk, instead of the process's end.
void PrepareStandardStreams();

// Writes `text` to stderr as it is.
void PrintDiagnostic(std::string_view text);

}  // namespace reidbench
