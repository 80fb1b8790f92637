// For the modules that call OpenCV, which has an exception of its own for memory that is not there.
#pragma once

#include <new>
#include <opencv2/core.hpp>

namespace reidbench {

// What `work` returns. Throws std::bad_alloc where OpenCV finds no memory, so that commands say so
// as they do everywhere else; other exceptions pass.
template <typename Work>
auto WithOpencvMemory(const Work& work) {
  try {
    return work();
  } catch (const cv::Exception& error) {
    if (error.code == cv::Error::StsNoMem) throw std::bad_alloc();
    throw;
  }
}

}  // namespace reidbench
