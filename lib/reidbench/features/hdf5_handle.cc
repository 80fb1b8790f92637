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

void QuietHdf5() { H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr); }

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

}  // namespace reidbench
