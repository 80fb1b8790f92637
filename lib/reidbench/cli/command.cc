#include "reidbench/cli/command.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <iostream>
#include <new>
#include <set>
#include <utility>

#include "reidbench/config/node.h"
#include "reidbench/core/diagnostics.h"
#include "reidbench/core/error.h"
#include "reidbench/core/files.h"
#include "reidbench/core/interrupt.h"
#include "reidbench/core/isa.h"
#include "reidbench/core/parallel.h"
#include "reidbench/core/text.h"
#include "reidbench/core/version.h"
#include "reidbench/reporting/table.h"

namespace reidbench {
namespace {

constexpr const char* kExitCodes =
    "Exit codes: 0 ok; 1 ran, but a check or gate failed; 2 wrong usage or config; 3 bad input or "
    "I/O; 4 internal error;\n"
    "            130 interrupted.";

std::string current_command = "reidbench";  // for messages

// "--batch-size" from "-b,--batch-size".
std::string LongName(const std::string& flag) {
  for (std::string_view part : SplitText(flag, ',')) {
    part = Trim(part);
    if (part.starts_with("--")) return std::string(part);
  }
  return flag;
}

std::string ConfigKey(const std::string& long_name) {
  std::string key = long_name.substr(long_name.find_first_not_of('-'));
  for (char& c : key) {
    if (c == '-') c = '_';
  }
  return key;
}

// Converts one value; `where` names it in the message: "--batch-size" or "run.yaml:3: batch_size".
struct Assign {
  const std::vector<std::string>& values;
  const std::string& where;

  const std::string& One() const {
    if (values.size() != 1) ThrowUsage("{}: expected one value, found {}", where, values.size());
    return values.front();
  }
  template <typename Integer>
  Integer WholeNumber(const std::string& text) const {
    // "010" is 8 to some readers of YAML and 10 to others.
    if (text.size() > 1 && text.front() == '0') {
      ThrowUsage("{}: expected a whole number without leading zeros, found '{}'", where, text);
    }
    const auto value = ParseInt(text);
    if (!value || static_cast<int64_t>(static_cast<Integer>(*value)) != *value ||
        (std::is_unsigned_v<Integer> && *value < 0)) {
      ThrowUsage("{}: expected a whole number{}, found '{}'", where,
                 std::is_unsigned_v<Integer> ? " from 0" : "", text);
    }
    return static_cast<Integer>(*value);
  }
  double Number(const std::string& text) const {
    const auto value = ParseDouble(text);
    if (!value) ThrowUsage("{}: expected a number, found '{}'", where, text);
    return *value;
  }

  void operator()(std::string* target) const { *target = One(); }
  void operator()(std::filesystem::path* target) const { *target = One(); }
  void operator()(int* target) const { *target = WholeNumber<int>(One()); }
  void operator()(int64_t* target) const { *target = WholeNumber<int64_t>(One()); }
  void operator()(uint64_t* target) const { *target = WholeNumber<uint64_t>(One()); }
  void operator()(double* target) const { *target = Number(One()); }
  void operator()(float* target) const { *target = static_cast<float>(Number(One())); }
  void operator()(std::optional<std::string>* target) const { *target = One(); }
  void operator()(std::optional<int>* target) const { *target = WholeNumber<int>(One()); }
  void operator()(std::optional<double>* target) const { *target = Number(One()); }
  void operator()(std::vector<std::string>* target) const { *target = values; }
  void operator()(std::vector<double>* target) const {
    target->clear();
    for (const std::string& value : values) target->push_back(Number(value));
  }
  void operator()(std::vector<std::filesystem::path>* target) const {
    target->assign(values.begin(), values.end());
  }
};

struct DescribeDefault {
  std::string operator()(std::string* target) const { return *target; }
  std::string operator()(std::filesystem::path* target) const { return target->string(); }
  template <typename T>
  requires std::is_arithmetic_v<T> std::string operator()(T* target) const {
    return fmt::format("{}", *target);
  }
  template <typename T>
  std::string operator()(T*) const {
    return "";
  }
};

struct DescribeType {
  std::string operator()(std::string*) const { return "TEXT"; }
  std::string operator()(std::filesystem::path*) const { return "PATH"; }
  std::string operator()(std::vector<std::filesystem::path>*) const { return "PATH ..."; }
  std::string operator()(std::optional<std::string>*) const { return "TEXT"; }
  std::string operator()(std::vector<std::string>*) const { return "TEXT ..."; }
  std::string operator()(std::vector<double>*) const { return "NUMBER ..."; }
  template <typename T>
  std::string operator()(T*) const {
    return "NUMBER";
  }
};

bool IsList(const Command::Target& target) {
  return std::holds_alternative<std::vector<std::string>*>(target) ||
         std::holds_alternative<std::vector<double>*>(target) ||
         std::holds_alternative<std::vector<std::filesystem::path>*>(target);
}

struct Binding {
  std::string long_name;
  std::optional<Command::Target> target;  // empty for flags
  bool* flag = nullptr;
  std::vector<std::string> allowed;  // of a Choice
  std::vector<std::string> raw;      // what CLI11 collected
  bool flag_seen = false;
  bool required = false;
  bool positional = false;
  CLI::Option* option = nullptr;
  bool given = false;

  void Set(const std::vector<std::string>& values, const std::string& where) {
    given = true;
    if (flag != nullptr) {
      const std::string& text = Assign{values, where}.One();
      if (text != "true" && text != "false")
        ThrowUsage("{}: expected true or false, found '{}'", where, text);
      *flag = text == "true";
      return;
    }
    if (!allowed.empty()) {
      for (const std::string& value : values) {
        if (std::find(allowed.begin(), allowed.end(), value) == allowed.end()) {
          ThrowUsage("{}: unknown value '{}'{}", where, value, SuggestName(value, allowed));
        }
      }
    }
    std::visit(Assign{values, where}, *target);
  }
};

// A scalar or a list of scalars as texts.
std::vector<std::string> PlainValues(const ConfigNode& node) {
  if (node.IsScalar()) return {node.text};
  std::vector<std::string> values;
  for (const ConfigNode& item : node.children) {
    if (item.IsScalar()) values.push_back(item.text);
  }
  if (!node.IsSequence() || values.size() != node.children.size()) {
    ThrowConfig("{}: {}: expected a value or a list of values, found {}", node.place.ToString(),
                node.key, node.Describe());
  }
  return values;
}

}  // namespace

struct Command::Impl {
  std::string name;
  CLI::App app;
  std::string group = "Options";
  std::vector<std::unique_ptr<Binding>> bindings;
  CommonOptions common;
  std::filesystem::path config_path;
  std::vector<std::string> sets;
  OutputRole role = OutputRole::kResult;
  std::string output_help = "File of the result instead of stdout";
  std::vector<std::pair<std::string, std::filesystem::path*>> output_files;
  std::vector<std::string>* overrides = nullptr;  // takes `sets` away from ApplyConfig
  std::string set_help = "key=value, as in a --config file; repeatable";
  std::string format = "text";
  int interrupt_grace_ms = kInterruptGraceMs;
  bool version = false;

  Binding& Add(const std::string& flag) {
    auto binding = std::make_unique<Binding>();
    binding->long_name = LongName(flag);
    bindings.push_back(std::move(binding));
    return *bindings.back();
  }

  void AddOption(const std::string& flag, Target target, const std::string& help) {
    Binding& binding = Add(flag);
    binding.target = target;
    binding.option = app.add_option(flag, binding.raw, help)->group(group);
    binding.option->type_name(std::visit(DescribeType{}, target));
    const std::string initial = std::visit(DescribeDefault{}, target);
    if (!initial.empty()) binding.option->default_str(initial);
    if (IsList(target)) {
      binding.option->expected(1, 1 << 20);
    } else {
      // Given twice, the last one counts, as in most command lines that scripts extend.
      binding.option->expected(1)->take_last();
    }
  }

  Binding* Find(std::string_view key) {
    for (auto& binding : bindings) {
      if (!binding->positional && ConfigKey(binding->long_name) == key) return binding.get();
    }
    return nullptr;
  }

  std::vector<std::string> ConfigKeys() const {
    std::vector<std::string> keys;
    for (const auto& binding : bindings) {
      if (!binding->positional) keys.push_back(ConfigKey(binding->long_name));
    }
    return keys;
  }

  void ApplyConfig();
  void Resolve();
  void CheckOutputs();
};

// Values of --config and --set go to every option that no flag set.
void Command::Impl::ApplyConfig() {
  if (overrides != nullptr) *overrides = std::exchange(sets, {});
  if (config_path.empty() && sets.empty()) return;
  ConfigNode root = ParseConfig("{}", "--set");
  if (!config_path.empty()) MergeConfig(&root, LoadConfig(config_path));
  for (const std::string& set : sets) ApplyOverride(&root, set);
  if (!root.IsMapping()) ThrowConfig("{}: expected 'option: value' lines", config_path.string());
  std::vector<std::string> errors;
  for (const ConfigNode& node : root.children) {
    Binding* binding = Find(node.key);
    if (binding == nullptr || node.key == "config" || node.key == "set" || node.key == "version") {
      errors.push_back(fmt::format("{}: unknown option '{}'{}", node.key_place.ToString(), node.key,
                                   SuggestName(node.key, ConfigKeys())));
      continue;
    }
    if (binding->given) continue;
    try {
      binding->Set(PlainValues(node), fmt::format("{}: {}", node.place.ToString(), node.key));
    } catch (const Error& error) {
      errors.emplace_back(error.what());
    }
  }
  if (!errors.empty()) ThrowConfig("{}", JoinText(errors, "\n"));
}

void Command::Impl::Resolve() {
  for (auto& binding : bindings) {
    if (binding->option->count() == 0) continue;
    binding->Set(binding->flag != nullptr ? std::vector<std::string>{"true"} : binding->raw,
                 binding->long_name);
  }
  ApplyConfig();
  for (const auto& binding : bindings) {
    if (binding->required && !binding->given) {
      ThrowUsage("{} is missing; see reidbench {} --help", binding->long_name, name);
    }
  }
  for (OutputFormat candidate : {OutputFormat::kText, OutputFormat::kJson, OutputFormat::kCsv,
                                 OutputFormat::kMarkdown, OutputFormat::kLatex}) {
    if (format == OutputFormatName(candidate)) common.format = candidate;
  }
}

// Before any work: a name that cannot be written must not cost an hour.
void Command::Impl::CheckOutputs() {
  if (role == OutputRole::kResult) common.result = common.output;
  if (role == OutputRole::kMadeFile && common.output.empty())
    ThrowUsage("--output is missing; it is: {}", output_help);
  if (role != OutputRole::kMade) output_files.emplace_back("--output", &common.output);
  std::set<std::filesystem::path> names;
  for (const auto& [flag, path] : output_files) {
    if (path->empty()) continue;
    RequireWritable(*path, common.force);
    if (!names.insert(std::filesystem::absolute(*path).lexically_normal()).second)
      ThrowUsage("{} {}: another output has this name", flag, path->string());
  }
}

Command::Command(std::string name, std::string summary, std::string examples)
    : impl_(std::make_unique<Impl>()) {
  impl_->name = std::move(name);
  current_command = "reidbench " + impl_->name;
  CLI::App& app = impl_->app;
  std::string description = "Example:\n";
  for (std::string_view line : SplitText(Trim(examples), '\n'))
    description += fmt::format("  {}\n", Trim(line));
  app.description(fmt::format("{}\n{}\n", description, summary));
  app.name("reidbench " + impl_->name);
  app.footer(
      fmt::format("\nIn a --config file, --some-option is written some_option. Flags win over "
                  "--set, --set over the "
                  "file.\n{}",
                  kExitCodes));
  app.get_formatter()->column_width(34);
  app.set_help_flag();  // declared in Run, so that a command's own options come first in --help
}

Command::~Command() = default;

void Command::Group(std::string title) { impl_->group = std::move(title); }

void Command::Option(const std::string& flag, Target target, const std::string& help) {
  impl_->AddOption(flag, target, help);
}

void Command::Flag(const std::string& flag, bool* target, const std::string& help) {
  Binding& binding = impl_->Add(flag);
  binding.flag = target;
  binding.option = impl_->app.add_flag(flag, binding.flag_seen, help)->group(impl_->group);
}

void Command::Choice(const std::string& flag, std::string* target,
                     const std::vector<std::string>& allowed, const std::string& help) {
  impl_->AddOption(flag, target, help);
  Binding& binding = *impl_->bindings.back();
  binding.allowed = allowed;
  binding.option->type_name(JoinText(allowed, "|"));
}

void Command::Output(OutputRole role, const std::string& help) {
  impl_->role = role;
  impl_->output_help = help;
}

void Command::OutputFile(const std::string& flag, std::filesystem::path* target,
                         const std::string& help) {
  Option(flag, target, help);
  impl_->output_files.emplace_back(flag, target);
}

void Command::Positional(const std::string& name, Target target, const std::string& help,
                         bool required) {
  impl_->AddOption(name, target, help);
  Binding& binding = *impl_->bindings.back();
  binding.positional = true;
  binding.required = required;
  binding.option->group("Positionals");
}

void Command::Explain(const std::string& text) {
  impl_->app.footer("\n" + text + impl_->app.get_footer());
}

void Command::InterruptGrace(int milliseconds) { impl_->interrupt_grace_ms = milliseconds; }

void Command::TakeOverrides(std::vector<std::string>* overrides, const std::string& help) {
  impl_->overrides = overrides;
  impl_->set_help = help;
}

bool Command::WasGiven(const std::string& long_name) const {
  for (const auto& binding : impl_->bindings) {
    if (binding->long_name == long_name) return binding->given;
  }
  REIDBENCH_CHECK(false && "WasGiven asked for an option that was never declared");
  return false;
}

int Command::Run(int argc, char** argv, const std::function<int(const CommonOptions&)>& body) {
  PrepareStandardStreams();
  CommonOptions& common = impl_->common;
  Group("Common");
  Option("-o,--output", &common.output, impl_->output_help);
  Choice("--format", &impl_->format, {"text", "json", "csv", "md", "tex"}, "Format of the result");
  Option("--threads", &common.threads, "Number of threads; 0 = all processors");
  Option("--seed", &common.seed, "Seed of everything random");
  Option("--config", &impl_->config_path, "YAML file with values for these options");
  Option("--set", &impl_->sets, impl_->set_help);
  impl_->bindings.back()->option->allow_extra_args(false);  // what follows may be an argument
  Flag("--force", &common.force, "Overwrite existing output");
  Flag("--dry-run", &common.dry_run, "Check options and input, then stop");
  Flag(
      "--raw-cells", &common.raw_cells,
      "Names in CSV and Markdown as they are, also where a spreadsheet or a browser would act upon "
      "them");
  Flag("-q,--quiet", &common.quiet, "No progress and no notes");
  Flag("--version", &impl_->version, "Print the version");
  impl_->app.set_help_flag("-h,--help", "Print this help")->group("Common");
  try {
    try {
      impl_->app.parse(argc, argv);
    } catch (const CLI::CallForHelp&) {
      std::cout << impl_->app.help();
      return kExitOk;
    } catch (const CLI::ParseError& error) {
      ThrowUsage("{}; see reidbench {} --help", error.what(), impl_->name);
    }
    if (impl_->app.count("--version") > 0) {
      std::cout << "reidbench " << Version() << "\n";
      return kExitOk;
    }
    impl_->Resolve();
    KeepCellsRaw(common.raw_cells);
    ActiveIsa();  // a wrong REIDBENCH_ISA ends the command here
    impl_->CheckOutputs();
    const ThreadLimit limit(common.threads);
    InstallInterruptHandler(current_command, impl_->interrupt_grace_ms);
    const int code = body(common);
    std::cout.flush();
    if (!std::cout) ThrowIo("stdout: write failed");
    return code;
  } catch (const Error& error) {
    PrintDiagnostic(fmt::format("{}: error: {}\n", current_command, error.what()));
    return ExitCodeOf(error.kind());
  } catch (const Interrupted& interrupted) {
    PrintDiagnostic(fmt::format("{}: interrupted: {}\n", current_command, interrupted.what()));
    return kExitInterrupted;
  } catch (const std::bad_alloc&) {
    PrintDiagnostic(fmt::format("{}: error: out of memory\n", current_command));
    return kExitInput;
  } catch (const std::exception& error) {
    PrintDiagnostic(
        fmt::format("{}: internal error: {}; please report this\n", current_command, error.what()));
    return kExitInternal;
  }
}

std::string_view OutputFormatName(OutputFormat format) {
  switch (format) {
    case OutputFormat::kText:
      return "text";
    case OutputFormat::kJson:
      return "json";
    case OutputFormat::kCsv:
      return "csv";
    case OutputFormat::kMarkdown:
      return "md";
    case OutputFormat::kLatex:
      return "tex";
  }
  return "text";
}

void PrintNote(const CommonOptions& common, std::string_view message) {
  if (!common.quiet) PrintDiagnostic(fmt::format("{}: note: {}\n", current_command, message));
}

void PrintWarning(std::string_view message) {
  PrintDiagnostic(fmt::format("{}: warning: {}\n", current_command, message));
}

int FinishDryRun(const CommonOptions& common, std::string_view found) {
  PrintNote(common, fmt::format("dry run: options and files are in order{}{}",
                                found.empty() ? "" : "; ", found));
  return kExitOk;
}

void WriteResult(const CommonOptions& common, std::string_view content) {
  if (common.result.empty()) {
    std::cout << content;
  } else {
    RequireWritable(common.result, common.force);  // it may have come meanwhile
    WriteFileAtomically(common.result, content);
  }
}

}  // namespace reidbench
