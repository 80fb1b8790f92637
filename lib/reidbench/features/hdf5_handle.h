// Owning wrappers of HDF5 identifiers, and HDF5's error stack as text. Private to
// lib/reidbench/features: the only header here that shows HDF5.
#pragma once

#include <hdf5.h>

#include <mutex>
#include <string>
#include <utility>

namespace reidbench {

// Of a buffer through which columns are read and written, and of one text in them.
inline constexpr int64_t kScratchBytes = 8 << 20;
inline constexpr size_t kMaxStringBytes = 64 << 10;

// Closes the identifier with Close; a negative identifier is "none".
template <herr_t (*Close)(hid_t)>
class Hdf5Handle {
 public:
  Hdf5Handle() = default;
  explicit Hdf5Handle(hid_t id) : id_(id) {}
  Hdf5Handle(Hdf5Handle&& other) noexcept : id_(std::exchange(other.id_, H5I_INVALID_HID)) {}
  Hdf5Handle& operator=(Hdf5Handle&& other) noexcept {
    std::swap(id_, other.id_);
    return *this;
  }
  ~Hdf5Handle() { Reset(); }

  hid_t get() const { return id_; }
  explicit operator bool() const { return id_ >= 0; }
  // False when HDF5 refused to close, for example because its last write failed.
  bool Reset() { return id_ < 0 || Close(std::exchange(id_, H5I_INVALID_HID)) >= 0; }

 private:
  hid_t id_ = H5I_INVALID_HID;
};

using Hdf5File = Hdf5Handle<H5Fclose>;
using Hdf5Dataset = Hdf5Handle<H5Dclose>;
using Hdf5Space = Hdf5Handle<H5Sclose>;
using Hdf5Type = Hdf5Handle<H5Tclose>;
using Hdf5Properties = Hdf5Handle<H5Pclose>;
using Hdf5Attribute = Hdf5Handle<H5Aclose>;

// IEEE binary16, little-endian.
Hdf5Type HalfType();

// How reidbench opens and makes files.
Hdf5Properties FileAccess();

// Held by whoever calls HDF5 in this program, and while it forks: a child that inherited HDF5's own
// lock from another thread would wait for ever.
std::mutex& Hdf5Mutex();

// Keeps HDF5 from printing its error stack to stderr. The setting is per thread: call it before
// HDF5 on every entry.
void QuietHdf5();

// The innermost reason on the calling thread's error stack ("No space left on device", "wrong
// B-tree signature"); empties the stack.
std::string Hdf5Reason();

}  // namespace reidbench
