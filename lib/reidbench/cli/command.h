// The one front end of all commands: common options, --config and --set, --help that starts with an
// example, error messages and exit codes. A tool declares its options, then calls Run with its
// body.
//
// A value is taken from the first of: the flag, --set key=value, the --config file, the default. In
// YAML a flag's name is written with underscores and without dashes in front: `--batch-size 16` is
// `batch_size: 16`.
//
// The contract of every command: what exists is refused without --force before any work; --dry-run
// reads and checks options and input, computes nothing and prints nothing on stdout; the result is
// printed in every --format.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace reidbench {

enum class OutputFormat { kText, kJson, kCsv, kMarkdown, kLatex };

// What --output names.
enum class OutputRole {
  kResult,    // the file of the result, in place of stdout
  kMadeFile,  // a file that the command makes and that must be named; the result, which says what
              // became of it, goes to stdout
  kMade,      // likewise what the command looks after itself: a folder that may hold other things
};

// What every command understands.
struct CommonOptions {
  std::filesystem::path output;  // as given
  std::filesystem::path result;  // the file of the result; empty: stdout
  OutputFormat format = OutputFormat::kText;
  int threads = 0;  // 0 = all processors
  uint64_t seed = 0;
  bool quiet = false;      // no progress, no notes; errors stay
  bool force = false;      // overwrite
  bool raw_cells = false;  // names in tables as they are (reporting/table.h)
  bool dry_run = false;    // check everything, compute nothing
};

class Command {
 public:
  // Where a value goes. Optional targets stay empty unless given; a vector takes one or more
  // values.
  using Target = std::variant<std::string*, std::filesystem::path*, int*, int64_t*, uint64_t*,
                              double*, float*, std::optional<std::string>*, std::optional<int>*,
                              std::optional<double>*, std::vector<std::string>*,
                              std::vector<double>*, std::vector<std::filesystem::path>*>;

  // `name` is what follows `reidbench`; `examples` are whole command lines, one a line.
  Command(std::string name, std::string summary, std::string examples);
  ~Command();
  Command(const Command&) = delete;
  Command& operator=(const Command&) = delete;

  // Options declared from now on stand under this heading in --help.
  void Group(std::string title);
  // `flag` is "--batch-size" or "-o,--output". The current value of the target is shown as the
  // default.
  void Option(const std::string& flag, Target target, const std::string& help);
  void Flag(const std::string& flag, bool* target, const std::string& help);
  void Choice(const std::string& flag, std::string* target, const std::vector<std::string>& allowed,
              const std::string& help);
  // What --output is; kResult unless said otherwise.
  void Output(OutputRole role, const std::string& help);
  // A further file to write. Like --output: checked before the body runs, unless it stays empty.
  void OutputFile(const std::string& flag, std::filesystem::path* target, const std::string& help);
  // A bare argument. Required means: an error when it is missing.
  void Positional(const std::string& name, Target target, const std::string& help,
                  bool required = true);

  // Paragraphs below the options in --help.
  void Explain(const std::string& text);

  // --set is about something else than this command's options, such as an experiment: its values go
  // to `overrides` as they are.
  void TakeOverrides(std::vector<std::string>* overrides, const std::string& help);

  // How long after Ctrl-C or SIGTERM the command may still tidy up, in place of the usual time: for
  // one that waits for others to do so.
  void InterruptGrace(int milliseconds);

  // Parses, runs `body`, and turns what it throws into a message on stderr and an exit code of
  // core/error.h. The body's own return value is the exit code otherwise.
  int Run(int argc, char** argv, const std::function<int(const CommonOptions&)>& body);

  // True when the value came from a flag, --set or --config, not from the default.
  bool WasGiven(const std::string& long_name) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

std::string_view OutputFormatName(OutputFormat format);

// Prints to stderr as "reidbench <command>: note: ..." unless --quiet was given.
void PrintNote(const CommonOptions& common, std::string_view message);
void PrintWarning(std::string_view message);  // always: it may change what the reader believes

// Says that the input is in order, and what it is; the exit code of a dry run.
int FinishDryRun(const CommonOptions& common, std::string_view found = {});

// Writes a finished result to common.result, atomically, or to stdout.
void WriteResult(const CommonOptions& common, std::string_view content);

}  // namespace reidbench
