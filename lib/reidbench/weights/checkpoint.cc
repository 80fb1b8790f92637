#include "reidbench/weights/checkpoint.h"

#include <algorithm>

#include "reidbench/core/error.h"
#include "reidbench/core/files.h"
#include "reidbench/core/hash.h"
#include "reidbench/core/text.h"
#include "reidbench/weights/byte_reader.h"
#include "reidbench/weights/onnx_graph.h"
#include "reidbench/weights/torch_file.h"

namespace reidbench {
namespace {

namespace fs = std::filesystem;

// What people pass as weights by mistake, known by its first bytes; empty where nothing is
// recognised.
std::string DescribeForeignFile(std::span<const uint8_t> bytes) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const std::string_view head = text.substr(0, 512);
  const std::string_view trimmed = Trim(head.substr(StartsWith(head, "\xef\xbb\xbf") ? 3 : 0));
  if (StartsWith(head, "version https://git-lfs")) {
    return "a Git LFS pointer, not the file itself; fetch it with: git lfs pull";
  }
  if (StartsWith(trimmed, "<")) {
    return "a web page (HTML or XML), not weights: the download led to a page of the site (share "
           "links of Google Drive do); "
           "download it again in a browser";
  }
  if (StartsWith(trimmed, "{") || StartsWith(trimmed, "[")) return "JSON text, not weights";
  if (StartsWith(head, "\x1f\x8b")) return "gzip-compressed; unpack it first";
  if (StartsWith(head, "7z\xbc\xaf")) return "a 7-Zip archive; unpack it first";
  if (StartsWith(head, "Rar!")) return "a RAR archive; unpack it first";
  if (StartsWith(head,
                 "\xfd"
                 "7zXZ"))
    return "xz-compressed; unpack it first";
  if (StartsWith(head, "BZh")) return "bzip2-compressed; unpack it first";
  if (StartsWith(head, "\x89HDF"))
    return "an HDF5 file (Keras?), not a torch checkpoint or an ONNX model";
  if (StartsWith(head, "\x93NUMPY"))
    return "a numpy array, not a torch checkpoint or an ONNX model";
  if (head.size() > 8 && head.substr(4, 4) == "TFL3")
    return "a TensorFlow Lite model; an ONNX export is readable";
  if (head.size() > 9 && head[8] == '{') {
    return "a safetensors file; in Python: torch.save(safetensors.torch.load_file('file'), "
           "'weights.pth')";
  }
  if (text.size() > 262 && text.substr(257, 5) == "ustar") {
    return "a real tar archive: either several files packed together (unpack it and pass the one "
           "with the weights) or a "
           "checkpoint of torch 0.1, which torch 1.x can load and save anew";
  }
  if (StartsWith(head, "\x80")) {
    return "a plain Python pickle without torch's header; in Python: torch.save(state_dict, "
           "'weights.pth')";
  }
  return "";
}

}  // namespace

std::string_view CheckpointFormatName(CheckpointFormat format) {
  switch (format) {
    case CheckpointFormat::kTorchZip:
      return "torch zip";
    case CheckpointFormat::kTorchLegacy:
      return "torch legacy pickle";
    case CheckpointFormat::kOnnx:
      return "onnx";
  }
  return "";
}

Checkpoint ReadCheckpoint(const fs::path& path, std::string_view entry) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (fs::is_character_file(status) || fs::is_block_file(status)) {
    ThrowIo("{}: is a device, expected a file", path.string());
  }
  constexpr uintmax_t kMaxBytes = uintmax_t{8} << 30;
  if (fs::is_regular_file(status)) {
    const uintmax_t size = fs::file_size(path, error);
    if (!error && size > kMaxBytes) {
      ThrowModel("{}: {} bytes are too large for the weights of a re-ID network; the limit is {}",
                 path.string(), size, kMaxBytes);
    }
  }
  const std::vector<uint8_t> bytes = ReadFileBytes(path);
  Checkpoint checkpoint = ParseCheckpoint(bytes, path.string(), entry);
  checkpoint.sha256 = Sha256Hex({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  return checkpoint;
}

Checkpoint ParseCheckpoint(std::span<const uint8_t> bytes, std::string_view name,
                           std::string_view entry) {
  Checkpoint checkpoint;
  checkpoint.path = name;
  if (bytes.empty()) ThrowModel("{}: the file is empty; copy or download it again", name);
  const std::string_view head(reinterpret_cast<const char*>(bytes.data()),
                              std::min<size_t>(bytes.size(), 4));
  if (head == "PK\x03\x04" || head == "PK\x05\x06") {
    checkpoint.format = CheckpointFormat::kTorchZip;
    ReadTorchZip(bytes, name, entry, checkpoint);
  } else if (LooksLikeTorchLegacy(bytes)) {
    checkpoint.format = CheckpointFormat::kTorchLegacy;
    ReadTorchLegacy(bytes, name, entry, checkpoint);
  } else if (const std::string foreign = DescribeForeignFile(bytes); !foreign.empty()) {
    ThrowModel("{}: {}", name, foreign);
  } else if (LooksLikeOnnx(bytes) || EndsWith(ToLower(name), ".onnx")) {
    checkpoint.format = CheckpointFormat::kOnnx;
    checkpoint.graph =
        std::make_shared<const OnnxGraph>(ParseOnnx(bytes, name, checkpoint.tensors));
    const OnnxGraph& graph = *checkpoint.graph;
    checkpoint.notes.push_back(
        fmt::format("ONNX opset {} from {}, {} nodes", graph.opset,
                    graph.producer.empty() ? "an unnamed exporter" : Printable(graph.producer),
                    graph.nodes.size()));
  } else {
    ThrowModel("{}: neither a torch checkpoint (.pth, .pt, .pth.tar) nor an ONNX model", name);
  }
  return checkpoint;
}

}  // namespace reidbench
