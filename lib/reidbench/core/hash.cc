#include "reidbench/core/hash.h"

#include <openssl/evp.h>

#include <array>

#include "reidbench/core/error.h"
#include "reidbench/core/files.h"

namespace reidbench {

struct Sha256::State {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  ~State() { EVP_MD_CTX_free(context); }
};

Sha256::Sha256() : state_(std::make_unique<State>()) {
  REIDBENCH_CHECK(state_->context != nullptr);
  REIDBENCH_CHECK(EVP_DigestInit_ex(state_->context, EVP_sha256(), nullptr) == 1);
}
Sha256::~Sha256() = default;

void Sha256::Update(std::span<const std::byte> bytes) {
  REIDBENCH_CHECK(EVP_DigestUpdate(state_->context, bytes.data(), bytes.size()) == 1);
}
void Sha256::Update(std::string_view text) {
  Update(std::as_bytes(std::span(text.data(), text.size())));
}

std::string Sha256::HexDigest() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned int size = 0;
  REIDBENCH_CHECK(EVP_DigestFinal_ex(state_->context, digest.data(), &size) == 1);
  std::string hex;
  for (unsigned int i = 0; i < size; ++i) hex += fmt::format("{:02x}", digest[i]);
  return hex;
}

std::string Sha256Hex(std::string_view content) {
  Sha256 hash;
  hash.Update(content);
  return hash.HexDigest();
}

std::string Sha256OfFile(const std::filesystem::path& path) {
  Sha256 hash;
  FileChunks chunks(path);
  for (std::string_view chunk = chunks.Next(); !chunk.empty(); chunk = chunks.Next())
    hash.Update(chunk);
  return hash.HexDigest();
}

}  // namespace reidbench
