// Any text as each of the image lists. Labels and paths that come out must be usable.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "reidbench/config/utf8.h"
#include "reidbench/core/error.h"
#include "reidbench/datasets/image_list.h"

namespace {

void Check(const std::vector<reidbench::ListedImage>& images) {
  for (const reidbench::ListedImage& image : images) {
    if (image.path.empty() || !reidbench::IsPrintableUtf8(image.path)) std::abort();
    if (image.person < -1 || image.camera.value_or(0) < 0 || image.line < 1) std::abort();
    const auto path = reidbench::NormalizeListedPath(image.path, "/data/set");
    if (path && (path->starts_with("../") || path->starts_with("/") || *path == "..")) std::abort();
  }
}

template <typename Parse>
void Try(const Parse& parse) {
  try {
    Check(parse());
  } catch (const reidbench::Error&) {
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  Try([&] { return reidbench::ParseImageList(text, "list"); });
  Try([&] { return reidbench::ParsePathPersonLines(text, "list"); });
  Try([&] { return reidbench::ParseTorchreidSplits(text, "list", 0); });
  return 0;
}
