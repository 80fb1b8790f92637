// Reads network weights without Python: torch checkpoints (zip and legacy pickle, bare state_dict
// or training checkpoint) and ONNX graphs. The pickle machine executes nothing: any global outside
// its allow-list is refused.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace reidbench {

struct OnnxGraph;  // weights/onnx_graph.h

// Row-major, contiguous, converted to float32 whatever the stored type was (int64 counters too).
struct Tensor {
  std::vector<int64_t> shape;
  std::vector<float> values;
};

enum class CheckpointFormat { kTorchZip, kTorchLegacy, kOnnx };
std::string_view CheckpointFormatName(
    CheckpointFormat format);  // "torch zip", "torch legacy pickle", "onnx"

struct Checkpoint {
  std::string path;
  CheckpointFormat format = CheckpointFormat::kTorchZip;
  std::string sha256;  // of the file
  std::map<std::string, Tensor>
      tensors;  // torch: names without a "module." prefix; onnx: initialisers and constants
  std::shared_ptr<const OnnxGraph> graph;  // onnx only
  // torch, where the weights lay under a key or behind a prefix: which ("state_dict/model"), which
  // others hold weights too ("ema"), and tensors that are not behind the prefix (some of them).
  std::string entry;
  std::vector<std::string> other_entries;
  std::vector<std::string> left_out;
  std::vector<std::string> notes;  // what was unwrapped or skipped: "training checkpoint: weights
                                   // taken from 'state_dict', beside it: epoch 150, ...", ...
};

// Throws Error(kIo) when unreadable, Error(kModel) when it is not a checkpoint, is truncated, or
// asks for something that the allow-list lacks ("bad.pth: refused: the pickle asks for posix.system
// ..."). Memory stays within the file plus 16 times its size plus 16 MiB of tensors, whatever the
// file claims; a torch view of stride 0 or overlapping rows is read in full as long as it fits
// that. Files beyond 8 GiB are refused.
//
// Of a torch checkpoint one network is read: the dict itself, or what lies under one of the usual
// keys (state_dict, model, net_dict, ema, ...) or behind one of the usual prefixes ("model.",
// "backbone.") that most tensors have. `entry` names the key or prefix instead: "ema", "optimizer".
Checkpoint ReadCheckpoint(const std::filesystem::path& path, std::string_view entry = {});
// The same on bytes in memory, for tests and fuzzers; `name` appears in messages. Leaves sha256
// empty.
Checkpoint ParseCheckpoint(std::span<const uint8_t> bytes, std::string_view name,
                           std::string_view entry = {});

}  // namespace reidbench
