#include "reidbench/relinking/corrections.h"

#include "reidbench/relinking/gallery_mean.h"
#include "reidbench/relinking/split_connect.h"

namespace reidbench {

const std::vector<Correction>& Corrections() {
  // A new correction adds its entry here.
  static const std::vector<Correction> corrections = {
      {MakeMethod<RelinkOptions, CorrectionRun>(
           "relink", "splits, swaps and links by the sequence's own evidence", {.embeddings = true},
           Relink),
       {{"+split/swap", {"motion_link", "appearance_link"}},
        {"+motion link", {"appearance_link"}}}},
      {MakeMethod<GalleryMeanOptions, CorrectionRun>(
           "gallery-mean", "a new track takes the identity of the nearest mean embedding",
           {.embeddings = true}, RelinkByGalleryMean),
       {}},
      {MakeMethod<SplitConnectOptions, CorrectionRun>(
           "split-connect",
           "clusters in time-blind tracks, joined by mean distance (Sun et al., 2024)",
           {.embeddings = true}, RelinkBySplitConnect),
       {}},
  };
  return corrections;
}

const Correction& CorrectionByName(std::string_view name) {
  return MethodByName(Corrections(), "method", name);
}

}  // namespace reidbench
