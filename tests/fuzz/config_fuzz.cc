// Any text as a config file, and as a --set. What parses must survive a dump and a second reading
// unchanged.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "reidbench/config/node.h"
#include "reidbench/config/reader.h"
#include "reidbench/core/error.h"
#include "reidbench/datasets/reid_description.h"

namespace {

using reidbench::ConfigNode;
using reidbench::Error;

bool SameTree(const ConfigNode& a, const ConfigNode& b) {
  if (a.kind != b.kind || a.text != b.text || a.key != b.key) return false;
  if (a.children.size() != b.children.size()) return false;
  for (size_t i = 0; i < a.children.size(); ++i) {
    if (!SameTree(a.children[i], b.children[i])) return false;
  }
  return true;
}

// Not inside the try block of the input: a dump that does not parse is a bug.
void RequireRoundTrip(const ConfigNode& root) {
  try {
    const std::string dump = reidbench::DumpConfig(root);
    const ConfigNode again = reidbench::ParseConfig(dump, "dump.yaml");
    if (!SameTree(root, again) || reidbench::DumpConfig(again) != dump) std::abort();
  } catch (const Error&) {
    std::abort();
  }
}

void TryConversions(const ConfigNode& node) {
  for (const auto convert :
       {+[](const ConfigNode& n) { n.AsBool(); }, +[](const ConfigNode& n) { n.AsInt64(); },
        +[](const ConfigNode& n) { n.AsUint64(); }, +[](const ConfigNode& n) { n.AsDouble(); },
        +[](const ConfigNode& n) { n.AsString(); }}) {
    try {
      convert(node);
    } catch (const Error&) {
    }
  }
  for (const ConfigNode& child : node.children) TryConversions(child);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  ConfigNode root;
  try {
    root = reidbench::ParseConfig(text, "x.yaml");
    TryConversions(root);
    RequireRoundTrip(root);
    reidbench::ParseReidDescription(root, "x");
  } catch (const Error&) {
  }
  try {
    reidbench::ApplyOverride(&root, text.substr(0, text.find('\n')));
    reidbench::DumpConfig(root, true);
  } catch (const Error&) {
  }
  return 0;
}
