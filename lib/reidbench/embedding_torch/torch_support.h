// What every user of LibTorch in this project needs. Shows LibTorch's types: for .cc files of
// modules that link it, not for their headers.
#pragma once

#include <ATen/ATen.h>

#include <string_view>

#include "reidbench/core/error.h"

namespace reidbench {

// "cpu", "cuda" or "cuda:N". Throws Error(kUsage) for a device that is not there.
at::Device ParseTorchDevice(std::string_view name);

// Makes LibTorch's operators use the calling thread alone; work is divided into tasks instead. To
// be called on every thread that runs a network.
void UseOneTorchThread();

// LibTorch rounds float32 to 10 bits (TF32) on CUDA unless told otherwise; fp32 shall mean it.
void ForbidTf32();

// LibTorch's exceptions end here, as Error(kModel): "libtorch failed while training: ...".
template <typename F>
auto TranslateTorchErrors(const char* doing, const F& f) {
  try {
    return f();
  } catch (const c10::Error& e) {
    const std::string_view what = e.what_without_backtrace();
    ThrowModel("libtorch failed while {}: {}", doing, what.substr(0, what.find('\n')));
  }
}

}  // namespace reidbench
