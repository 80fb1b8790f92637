// torch.save's two file formats, turned into named tensors: the zip archive (torch >= 1.6) and the
// legacy row of five pickles followed by raw storages. Internal to checkpoint.cc.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "reidbench/weights/checkpoint.h"

namespace reidbench {

bool LooksLikeTorchLegacy(std::span<const uint8_t> bytes);

// Both fill `checkpoint.tensors`, `.entry`, `.other_entries` and `.notes`, from the dict under the
// key `entry` or the tensors behind that prefix, or where it is empty from wherever the weights
// are. Throw Error(kModel).
void ReadTorchZip(std::span<const uint8_t> bytes, std::string_view name, std::string_view entry,
                  Checkpoint& checkpoint);
void ReadTorchLegacy(std::span<const uint8_t> bytes, std::string_view name, std::string_view entry,
                     Checkpoint& checkpoint);

}  // namespace reidbench
