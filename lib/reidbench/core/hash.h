// SHA-256, for the provenance of weights, data sets and results.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace reidbench {

class Sha256 {
 public:
  Sha256();
  ~Sha256();
  void Update(std::span<const std::byte> bytes);
  void Update(std::string_view text);
  std::string HexDigest();  // 64 lower-case hex digits; call once

 private:
  struct State;
  std::unique_ptr<State> state_;
};

std::string Sha256Hex(std::string_view content);
// Reads in blocks. Throws Error(kIo).
std::string Sha256OfFile(const std::filesystem::path& path);

}  // namespace reidbench
