// Writes checkpoints that torch.load reads, in the zip format of torch.save (torch >= 1.6). Only
// the opcodes and globals that torch.load(weights_only=True) allows are used. The tensors of a dict
// share one storage per number type: an archive member for each would add 150 bytes to each of
// OSNet's 567 tensors.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace reidbench {

// Row-major. torch.FloatTensor, LongTensor or ByteTensor, by the type of the values.
struct SavedTensor {
  std::string name;
  std::vector<int64_t> shape;
  std::variant<std::vector<float>, std::vector<int64_t>, std::vector<uint8_t>> values;
};

// An OrderedDict of tensors.
struct SavedDict {
  std::string name;  // its key in the checkpoint: "state_dict"
  std::vector<SavedTensor> tensors;
};

struct SavedCheckpoint {
  std::vector<SavedDict> dicts;
  std::vector<std::pair<std::string, std::variant<int64_t, double, std::string>>> entries;
};

// The bytes of a file that holds {dict names: OrderedDict, entry names: int, float or str}. `root`
// is the folder inside the archive, which torch.save calls after the file. Equal arguments give
// equal bytes. Throws Error(kUsage) for archives of 4 GiB and more.
std::string TorchZipBytes(const SavedCheckpoint& checkpoint, std::string_view root = "archive");

}  // namespace reidbench
