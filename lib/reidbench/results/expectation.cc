#include "reidbench/results/expectation.h"

#include "reidbench/config/reader.h"

namespace reidbench {

Expectation LoadExpectation(const std::filesystem::path& path) {
  const ConfigNode root = LoadConfig(path);
  ConfigReader reader(root);
  Expectation expectation;
  expectation.file = path.string();
  reader.Require("question", &expectation.question);
  reader.Require("weights", &expectation.weights);
  reader.Read("architecture", &expectation.architecture);
  reader.Read("trained_on", &expectation.trained_on);
  reader.Require("dataset", &expectation.dataset);
  reader.Require("protocol", &expectation.protocol);
  reader.Require("metric", &expectation.metric);
  reader.Read("preprocessing", &expectation.preprocessing);
  reader.Require("source", &expectation.source);

  ConfigReader tolerance = reader.RequireSection("tolerance");
  double map_tolerance = 0;
  double rank_tolerance = 0;
  tolerance.Require("mAP", &map_tolerance, AtLeast(0));
  tolerance.Require("rank", &rank_tolerance, AtLeast(0));

  ConfigReader expect = reader.RequireSection("expect");
  for (const char* name : {"mAP", "mINP", "rank1", "rank5", "rank10", "rank20"}) {
    ExpectedValue value{.name = name, .percent = 0, .tolerance = 0};
    if (!expect.Read(name, &value.percent, Between(0, 100))) continue;
    value.tolerance = value.name.starts_with("rank") ? rank_tolerance : map_tolerance;
    expectation.values.push_back(value);
  }
  if (expectation.values.empty())
    reader.AddError("expect", "expected at least one of mAP, mINP, rank1, rank5, rank10, rank20");
  reader.Finish();
  return expectation;
}

bool MatchesPattern(std::string_view name, std::string_view pattern) {
  // Greedy with one remembered star: linear in practice, never exponential.
  size_t n = 0;
  size_t p = 0;
  size_t star = std::string_view::npos;
  size_t star_n = 0;
  while (n < name.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      star_n = n;
    } else if (p < pattern.size() && pattern[p] == name[n]) {
      ++p;
      ++n;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      n = ++star_n;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

}  // namespace reidbench
