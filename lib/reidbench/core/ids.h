// Identifier types that do not convert into each other: passing a camera where a person is meant
// does not compile.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>

namespace reidbench {

template <typename Tag>
struct Id {
  int64_t value = 0;

  Id() = default;
  constexpr explicit Id(int64_t v) : value(v) {}
  friend constexpr auto operator<=>(const Id&, const Id&) = default;
};

using PersonId =
    Id<struct PersonTag>;  // re-ID identity; 0 = distractor, -1 = junk (Market-1501's rule)
using CameraId = Id<struct CameraTag>;   // as in the file names, usually from 1
using TrackId = Id<struct TrackTag>;     // identity given by a tracker or by MOT ground truth
using FrameIndex = Id<struct FrameTag>;  // from 1, as in MOT files

}  // namespace reidbench

template <typename Tag>
struct std::hash<reidbench::Id<Tag>> {
  size_t operator()(const reidbench::Id<Tag>& id) const { return std::hash<int64_t>{}(id.value); }
};
