// The one front end of all commands: common options, --config and --set, --help that starts with an
// example, error messages and exit codes. A tool declares its options, then calls Run with its
// body.
//
// A value is taken from the first of: the flag, --set key=value, the --config file, the default. In
// YAML a flag's name is written with underscores and without dashes in front: `--batch-size 16` is
// `batch_size: 16`.
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

// What every command understands.
struct CommonOptions {
  std::filesystem::path output;  // empty: the result goes to stdout
  OutputFormat format = OutputFormat::kText;
  int threads = 0;  // 0 = all processors
  uint64_t seed = 0;
  bool quiet = false;    // no progress, no notes; errors stay
  bool force = false;    // overwrite
  bool dry_run = false;  // check everything, compute nothing
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
  // A bare argument. Required means: an error when it is missing.
  void Positional(const std::string& name, Target target, const std::string& help,
                  bool required = true);

  // --set is about something else than this command's options, such as an experiment: its values go
  // to `overrides` as they are.
  void TakeOverrides(std::vector<std::string>* overrides, const std::string& help);

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

// To stdout, whatever --output is: for commands that write something else there.
void PrintResult(std::string_view content);

// Writes a finished result to common.output (atomically, refusing to overwrite without --force) or
// to stdout.
void WriteResult(const CommonOptions& common, std::string_view content);

}  // namespace reidbench
