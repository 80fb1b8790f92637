#include "reidbench/features/hdf5_handle.h"

#include <string_view>

namespace reidbench {
namespace {

herr_t TakeInnermost(unsigned, const H5E_error2_t* entry, void* text) {
  std::string& reason = *static_cast<std::string*>(text);
  if (reason.empty() && entry->desc != nullptr) reason = entry->desc;
  return 0;
}

}  // namespace

std::mutex& Hdf5Mutex() {
  static std::mutex mutex;
  return mutex;
}

void QuietHdf5() {
  // A file that could not be closed, on a full disk, would be closed once more at exit(), which
  // crashes there. Every file is closed before.
  [[maybe_unused]] static const herr_t once = H5dont_atexit();
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
}

std::string Hdf5Reason() {
  std::string reason;
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, TakeInnermost, &reason);
  H5Eclear2(H5E_DEFAULT);
  // Failed system calls come with time, addresses and buffer pointers around the one thing of
  // interest.
  constexpr std::string_view kBefore = "error message = '";
  if (const size_t begin = reason.find(kBefore); begin != std::string::npos) {
    const size_t end = reason.find('\'', begin + kBefore.size());
    return reason.substr(begin + kBefore.size(), end - begin - kBefore.size());
  }
  return reason.empty() ? "HDF5 gives no reason" : reason;
}

Hdf5Type HalfType() {
  Hdf5Type half(H5Tcopy(H5T_IEEE_F32LE));
  H5Tset_fields(half.get(), 15, 10, 5, 0, 10);
  H5Tset_size(half.get(), 2);
  H5Tset_ebias(half.get(), 15);
  return half;
}

Hdf5Properties FileAccess() {
  Hdf5Properties access(H5Pcreate(H5P_FILE_ACCESS));
  // Files of HDF5 1.8 (2008) and newer read them, and their metadata carry checksums.
  H5Pset_libver_bounds(access.get(), H5F_LIBVER_V18, H5F_LIBVER_V18);
  // Finished files never change and unfinished ones have a name of their own; locks only fail on
  // network file systems.
  H5Pset_file_locking(access.get(), false, true);
  // Closing the file closes all that is in it, so that an error never leaves it open.
  H5Pset_fclose_degree(access.get(), H5F_CLOSE_STRONG);
  return access;
}

}  // namespace reidbench
