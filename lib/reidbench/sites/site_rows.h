// Text files of one camera of a site: "frame,id,left,top,width,height,mark or score[,x,y,z]", ids
// global over the cameras, x and y on the ground in metres. Unlike datasets/mot_files.h these may
// count frames from 0, and columns 8 and 9 are a place, not a class.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "reidbench/sites/site_tracks.h"

namespace reidbench {

// What columns 8 and 9 mean.
enum class GroundColumns {
  kTold,     // a place, unless columns 8 to 10 are all -1
  kGuessed,  // the same where a row has column 10; with fewer they are a class and a visibility
  kNone,     // nothing that matters
};

struct SiteRows {
  std::vector<SiteBox> boxes;  // in the order of the file
  int64_t zero_marks = 0;      // rows whose column 7 is 0
};

// Columns are separated by commas, semicolons, tabs or blanks. Throws Error(kInput) with file:line,
// expected, found and the number of bad rows: for what is no number, frames below 0, ids below 0,
// negative sizes.
SiteRows ParseSiteRows(std::string_view text, const std::filesystem::path& source,
                       GroundColumns ground);
// "camera id frame left top width height[ x y]", all cameras of a site in one file, as the AI City
// challenge has its results and, since 2024, its ground truth; by the number of the camera. Places
// -1, -1 are none. Throws as ParseSiteRows.
std::map<int64_t, SiteRows> ParseAiCityRows(std::string_view text,
                                            const std::filesystem::path& source);

// `text` with `ids` in place of the ids of its rows, every other byte as it is. Throws as
// ParseSiteRows.
std::string WithOtherIds(std::string_view text, const std::filesystem::path& source,
                         std::span<const int64_t> ids);

// Throws also Error(kIo).
SiteRows ReadSiteRows(const std::filesystem::path& path, GroundColumns ground);

}  // namespace reidbench
