// The files of a correction: tracks as MOT text and the feature file of their boxes.
#pragma once

#include <filesystem>
#include <string>

#include "reidbench/features/feature_store.h"
#include "support/relink_scene.h"

namespace reidbench {

// "frame,id,left,top,width,height,score,-1,-1,-1", with decimals that a rewriter would change.
inline std::string TrackRows(const TrackSet& tracks) {
  std::string text;
  for (const TrackBox& box : tracks.boxes) {
    text += fmt::format("{},{},{:.2f},{:.2f},{:.2f},{:.3f},{:.4f},-1,-1,-1\n", box.frame.value,
                        box.id.value, box.box.left, box.box.top, box.box.width, box.box.height,
                        box.confidence);
  }
  return text;
}

// Ground truth of a scene: its persons, ids from 1.
inline std::string TruthRows(const RelinkScene& scene) {
  std::string text;
  for (size_t i = 0; i < scene.persons.size(); ++i) {
    const TrackBox& box = scene.tracks.boxes[i];
    text += fmt::format("{},{},{},{},{},{},1,1,1\n", box.frame.value, scene.persons[i] + 1,
                        box.box.left, box.box.top, box.box.width, box.box.height);
  }
  return text;
}

// Rows `first..` of the scene; `input` is what scene.Input gave.
inline std::filesystem::path WriteFeatures(const std::filesystem::path& path,
                                           const RelinkScene& scene, size_t first = 0) {
  FeatureLabels labels;
  for (size_t i = first; i < scene.tracks.boxes.size(); ++i) {
    labels.frame.push_back(scene.tracks.boxes[i].frame);
    labels.track_id.push_back(scene.tracks.boxes[i].id);
    labels.box_ltwh.push_back(scene.tracks.boxes[i].box);
  }
  std::filesystem::create_directories(path.parent_path());
  FeatureProvenance provenance;
  provenance.dataset = "S";
  FeatureFileWriter writer(path, RelinkScene::kDim, labels, provenance, {});
  const std::span<const float> rows(scene.embeddings.data(),
                                    static_cast<size_t>(scene.embeddings.size()));
  writer.Append(rows.subspan(first * RelinkScene::kDim));
  writer.Finish();
  return path;
}

}  // namespace reidbench
