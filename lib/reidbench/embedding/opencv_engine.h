// Any ONNX re-ID network with one image input, run by OpenCV's DNN module (4.6 or newer) on the
// CPU. No OpenCV type shows here.
#pragma once

#include <filesystem>
#include <memory>
#include <string_view>

#include "reidbench/embedding/engine.h"

namespace reidbench {

// The network takes float32 [N x 3 x H x W] and its first output is [N x d]. Exports whose batch
// size is baked in, or whose output for several images is wrong (torchreid issues 316, 541, 585),
// are found by a trial run and then run with the one batch size that works; info().notes says so.
// Throws Error(kUsage) for a device other than "cpu", Error(kIo) when unreadable, Error(kModel)
// when OpenCV refuses the network or it is no embedding network.
std::unique_ptr<Engine> MakeOpencvEngine(const std::filesystem::path& onnx,
                                         std::string_view device);

}  // namespace reidbench
