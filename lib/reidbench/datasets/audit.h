// What is in a re-ID data set and whether it can be trusted: counts against the published figures,
// queries that no evaluator can score and why, identities shared between training and test, images
// that do not decode. torchreid asserts without a reason on single-camera data and retries a
// corrupt image for ever; this says what is wrong, once, before any computation.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "reidbench/core/finding.h"
#include "reidbench/datasets/reid_dataset.h"

namespace reidbench {

struct AuditOptions {
  // Decodes one image and returns what is wrong with it, nullopt if nothing. Called from several
  // threads at once; an Error it throws counts as its text. Empty: images are not decoded.
  std::function<std::optional<std::string>(const std::filesystem::path&)> decode = nullptr;
  // Called with (done, total) from several threads at once, for a progress bar. May be empty.
  std::function<void(int64_t, int64_t)> progress = nullptr;
  int max_examples = 5;  // paths named per finding
};

struct ReidAudit {
  struct SplitCounts {
    Split split = Split::kNone;
    int64_t images = 0;             // used ones, distractors included
    int64_t persons = 0;            // without the distractors' 0
    int64_t distractors = 0;        // images of person 0
    int64_t junk = 0;               // dropped images
    std::vector<CameraId> cameras;  // sorted
  };
  // One published figure.
  struct CountCheck {
    std::string what;  // "train images", "train+val persons"
    int64_t expected = 0;
    int64_t found = 0;
    bool verified = true;  // false: the published figure itself is uncertain
    bool matches() const { return expected == found; }
  };
  // Queries without a valid match are skipped by evaluators.
  struct Matching {
    int64_t queries = 0;
    int64_t valid = 0;
    int64_t without_person = 0;    // no gallery image of that person at all
    int64_t same_camera_only = 0;  // gallery images of that person, all by the query's own camera
    std::vector<std::string> without_person_examples;
    std::vector<std::string> same_camera_examples;
    int64_t persons_without_query = 0;  // in the gallery, without distractors
  };
  struct CorruptImage {
    std::string path;  // relative to the root
    std::string reason;
  };

  bool ok = true;                   // no problem was found
  std::vector<SplitCounts> splits;  // those that hold images, used or junk, in order
  std::vector<CountCheck> official;
  std::string official_source;
  std::optional<Matching> matching;  // when query and gallery were loaded
  int64_t train_test_persons = 0;    // persons in train or val and in query or gallery
  std::vector<int64_t> train_test_examples;
  int64_t query_gallery_images = 0;   // images that are in query and in gallery
  int64_t decoded_images = 0;         // 0 when images were not decoded
  std::vector<CorruptImage> corrupt;  // all of them, sorted by path
  std::vector<Finding> findings;      // any problem makes ok false

  std::vector<std::string> problems() const;  // the messages of these findings
  std::vector<std::string> notes() const;
};

// Deterministic for any number of threads. Throws Interrupted when Ctrl-C comes while images are
// decoded.
ReidAudit AuditReidDataset(const ReidDataset& dataset, const AuditOptions& options = {});

}  // namespace reidbench
