// A registry's entry, the same for trackers and for corrections: a method's name, what it looks at
// beside boxes, and the table of its options. Commands ask for these properties and never for a
// name.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "reidbench/config/option_table.h"
#include "reidbench/core/error.h"
#include "reidbench/core/text.h"

namespace reidbench {

struct MethodNeeds {
  bool embeddings = false;   // one of every box
  bool pictures = false;     // the frames themselves
  bool affines = false;      // how the picture moved since the frame before
  bool unit_scores = false;  // compares scores with thresholds: outside 0..1 they mean nothing
  // Used where they are given; the method is another, plainer one without.
  bool can_use_embeddings = false;
  bool can_use_affines = false;

  bool TakesEmbeddings() const { return embeddings || can_use_embeddings; }
  bool TakesAffines() const { return affines || can_use_affines; }
  bool BeyondBoxes() const { return embeddings || pictures || affines; }
};

// `Run` is a std::function: what the method does once its options are set.
template <typename Run>
struct Method {
  std::string name;
  std::string summary;
  MethodNeeds needs;
  // The options in the order of the table, as the section sets them; nullptr: the defaults.
  std::function<std::vector<OptionInfo>(ConfigReader* section)> describe;
  // Absent keys keep their defaults. Errors are collected by the reader: call its Finish() before
  // using the result.
  std::function<Run(ConfigReader* section)> read;
};

// `run(arguments of Run..., options)`; Options has a Table().
template <typename Options, typename Run, typename Function>
Method<Run> MakeMethod(std::string name, std::string summary, MethodNeeds needs, Function run) {
  return {.name = std::move(name),
          .summary = std::move(summary),
          .needs = needs,
          .describe =
              [](ConfigReader* section) {
                Options options;
                const OptionTable table = options.Table();
                if (section != nullptr) table.Read(section);
                return table.Describe();
              },
          .read = [run](ConfigReader* section) -> Run {
            Options options;
            options.Table().Read(section);
            return [options, run](auto&&... arguments) {
              return run(std::forward<decltype(arguments)>(arguments)..., options);
            };
          }};
}

template <typename M>
std::vector<std::string> MethodNames(const std::vector<M>& methods) {
  std::vector<std::string> names;
  for (const M& method : methods) names.push_back(method.name);
  return names;
}

// nullptr when there is no such method.
template <typename M>
const M* FindMethod(const std::vector<M>& methods, std::string_view name) {
  for (const M& method : methods) {
    if (method.name == name) return &method;
  }
  return nullptr;
}

// Throws Error(kUsage) "unknown <kind> ..." with the nearest name.
template <typename M>
const M& MethodByName(const std::vector<M>& methods, std::string_view kind, std::string_view name) {
  if (const M* method = FindMethod(methods, name)) return *method;
  ThrowUsage("unknown {} '{}'{}", kind, name, SuggestName(name, MethodNames(methods)));
}

// For --help: every method with its options, their defaults and ranges.
template <typename M>
std::string MethodHelp(const std::vector<M>& methods, std::string_view flag) {
  std::string text;
  for (const M& method : methods) {
    text += fmt::format("\n{}: {}\n", method.name, method.summary);
    for (const OptionInfo& option : method.describe(nullptr)) {
      text += fmt::format("  {} {}={:<{}} {} ({})\n", flag, option.key, option.value,
                          24 - std::min<int>(24, static_cast<int>(option.key.size())), option.help,
                          option.expected);
    }
  }
  return text;
}

}  // namespace reidbench
