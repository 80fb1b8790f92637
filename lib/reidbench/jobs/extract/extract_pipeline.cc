#include "reidbench/jobs/extract/extract_pipeline.h"

#include <tbb/parallel_pipeline.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <exception>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "reidbench/core/clock.h"
#include "reidbench/core/error.h"
#include "reidbench/core/files.h"
#include "reidbench/core/hash.h"
#include "reidbench/core/interrupt.h"
#include "reidbench/core/parallel.h"
#include "reidbench/core/text.h"
#include "reidbench/core/version.h"

namespace reidbench {
namespace {

namespace fs = std::filesystem;
constexpr std::chrono::milliseconds kProgressInterval(200);
constexpr int kMaxBatchSize = 4096;

bool RunsOnCpu(const EmbedderInfo& info) { return info.device.empty() || info.device == "cpu"; }

// What determines the bytes of the result, in words that a message can show.
JournalKey MakeKey(const FeatureLabels& labels, const EmbedderInfo& info,
                   const FeatureProvenance& provenance, int batch_size, FeatureType type) {
  Sha256 list;
  for (size_t i = 0; i < labels.person_id.size(); ++i) {
    list.Update(fmt::format("{}\n{} {} {}\n", labels.path[i], labels.person_id[i].value,
                            labels.camera_id[i].value, SplitName(labels.split[i])));
  }
  return {
      {"weights",
       fmt::format("{} (SHA-256 {})", provenance.weights_file, provenance.weights_sha256)},
      {"architecture", provenance.architecture},
      {"preprocessing", provenance.preprocessing},
      {"engine", provenance.engine},
      {"device", info.device},
      {"precision", provenance.precision},
      {"normalized", provenance.normalized ? "yes" : "no"},
      {"data set",
       fmt::format("{} (SHA-256 {})", provenance.dataset, provenance.dataset_fingerprint)},
      {"images", fmt::format("{} (SHA-256 {})", labels.person_id.size(), list.HexDigest())},
      {"batch size", std::to_string(batch_size)},
      {"feature type", type == FeatureType::kFloat16 ? "float16" : "float32"},
      {"reidbench", provenance.reidbench_version},
  };
}

// An image that --skip-corrupt would leave out.
class CorruptImage : public Error {
 public:
  using Error::Error;
};

// A fixed range of items on its way through the pipeline.
struct Batch {
  int64_t index = 0;
  JournalRecord record;
  std::vector<PendingImage> images;
  std::vector<float> pixels;  // [batch size x 3 x height x width]
  int count = 0;              // images in `pixels`: those that are not corrupt
  std::exception_ptr error;
  bool dropped = false;  // not computed: the run ends before it
  Preprocessor preprocessor;
  ImageScratch scratch;
  // Held by each stage. A batch is in one stage at a time, so nobody ever waits; but only this
  // shows the hand-over to ThreadSanitizer, which does not see into TBB.
  std::mutex mutex;

  explicit Batch(const PreprocessOptions& options) : preprocessor(options) {}
};

class Pipeline {
 public:
  Pipeline(ImageSource& source, Embedder& embedder, const ExtractPipelineOptions& options,
           int batch_size, ExtractionJournal* journal)
      : source_(source),
        embedder_(embedder),
        options_(options),
        journal_(*journal),
        items_(static_cast<int64_t>(source.labels().person_id.size())),
        batch_size_(batch_size),
        // Records end where batches end, so a resumed run goes on at a border.
        next_batch_((journal->items_done() + batch_size - 1) / batch_size),
        image_floats_(size_t{3} * static_cast<size_t>(options.preprocess.height) *
                      static_cast<size_t>(options.preprocess.width)) {}

  void Run(int threads, const ProgressCallback& progress);

 private:
  Batch* NextBatch();
  void Decode(Batch* batch);
  std::vector<float> CamerasOf(const Batch& batch) const;
  void Embed(Batch* batch);
  void Record(Batch* batch, const ProgressCallback& progress);
  bool IsUnwanted(const Batch& batch) const {
    return batch.index > last_wanted_.load(std::memory_order_relaxed);
  }
  // Batches behind `index` need not be computed any more.
  void StopBehind(int64_t index) {
    int64_t current = last_wanted_.load();
    while (index < current && !last_wanted_.compare_exchange_weak(current, index)) {
    }
  }

  ImageSource& source_;
  Embedder& embedder_;
  const ExtractPipelineOptions& options_;
  ExtractionJournal& journal_;
  const int64_t items_;
  const int batch_size_;
  int64_t next_batch_;
  const size_t image_floats_;
  std::vector<std::unique_ptr<Batch>> batches_;
  std::mutex mutex_;         // of next_batch_ and free_
  std::mutex record_mutex_;  // like Batch::mutex, for what only Record uses
  std::vector<Batch*> free_;
  std::atomic<int64_t> last_wanted_ = std::numeric_limits<int64_t>::max();
  bool closed_ = false;  // a batch in order was not recorded; neither are those behind it
  std::exception_ptr error_;
  Clock::time_point last_progress_;
};

// Serial. Pulls a batch's images; null ends the pipeline.
Batch* Pipeline::NextBatch() {
  std::unique_lock lock(mutex_);
  if (InterruptRequested()) StopBehind(-1);
  if (next_batch_ * batch_size_ >= items_ || next_batch_ > last_wanted_.load()) return nullptr;
  const int64_t index = next_batch_++;
  Batch* batch = free_.back();
  free_.pop_back();
  lock.unlock();
  const std::lock_guard in_stage(batch->mutex);
  const int64_t begin = index * batch_size_;
  batch->index = index;
  batch->record.begin = begin;
  batch->record.end = std::min(begin + batch_size_, items_);
  batch->record.skipped.clear();
  batch->count = 0;
  batch->error = nullptr;
  batch->dropped = false;
  batch->images.clear();
  try {
    for (int64_t item = batch->record.begin; item < batch->record.end; ++item)
      batch->images.push_back(source_.Next());
  } catch (const Interrupted&) {
    batch->dropped = true;
    StopBehind(-1);
  } catch (...) {
    batch->error = std::current_exception();
    StopBehind(index);
  }
  return batch;
}

// Parallel: reads, decodes and preprocesses the batch's images.
void Pipeline::Decode(Batch* batch) {
  const std::lock_guard in_stage(batch->mutex);
  if (batch->error) return;
  for (int64_t item = batch->record.begin; item < batch->record.end; ++item) {
    if (InterruptRequested()) StopBehind(-1);
    if (IsUnwanted(*batch)) {
      batch->dropped = true;
      return;
    }
    try {
      try {
        // Nothing of a frame is kept behind its last crop.
        std::exchange(batch->images[static_cast<size_t>(item - batch->record.begin)],
                      nullptr)(&batch->scratch);
      } catch (const Error& error) {
        if (error.kind() != ErrorKind::kInput) throw;
        if (!options_.skip_corrupt) throw CorruptImage(error.kind(), error.what());
        batch->record.skipped.push_back({item, error.what()});
        continue;
      }
      batch->preprocessor.Run(
          batch->scratch.image,
          batch->pixels.data() + static_cast<size_t>(batch->count) * image_floats_);
      ++batch->count;
    } catch (...) {
      batch->error = std::current_exception();
      StopBehind(batch->index);
      return;
    }
  }
}

// For networks that take the camera beside the image, which count cameras from 0.
std::vector<float> Pipeline::CamerasOf(const Batch& batch) const {
  std::vector<float> cameras;
  size_t skipped = 0;
  for (int64_t item = batch.record.begin; static_cast<int>(cameras.size()) < batch.count; ++item) {
    if (skipped < batch.record.skipped.size() && batch.record.skipped[skipped].item == item) {
      ++skipped;
      continue;
    }
    const auto camera = source_.labels().camera_id[static_cast<size_t>(item)].value;
    cameras.push_back(static_cast<float>(std::max<int64_t>(camera - 1, 0)));
  }
  return cameras;
}

// Parallel on a CPU, one batch per worker; serial on a device, which is one queue anyway.
void Pipeline::Embed(Batch* batch) {
  const std::lock_guard in_stage(batch->mutex);
  if (batch->error || batch->dropped) return;
  if (IsUnwanted(*batch)) {
    batch->dropped = true;
    return;
  }
  const auto dim = static_cast<size_t>(embedder_.info().dim);
  batch->record.embeddings.resize(static_cast<size_t>(batch->count) * dim);
  if (batch->count == 0) return;
  try {
    const std::vector<float> cameras = CamerasOf(*batch);
    embedder_.Embed({batch->pixels.data(), batch->count, options_.preprocess.height,
                     options_.preprocess.width, cameras.data()},
                    batch->record.embeddings.data());
    const auto bad = std::find_if(batch->record.embeddings.begin(), batch->record.embeddings.end(),
                                  [](float value) { return !std::isfinite(value); });
    if (bad != batch->record.embeddings.end()) {
      auto row =
          static_cast<int64_t>(static_cast<size_t>(bad - batch->record.embeddings.begin()) / dim);
      int64_t item = batch->record.begin + row;
      for (const SkippedItem& skipped : batch->record.skipped) item += skipped.item <= item ? 1 : 0;
      ThrowModel(
          "{}: the network's embedding holds {}: wrong weights, or a precision too low for them",
          source_.labels().path[static_cast<size_t>(item)],
          std::isnan(*bad) ? "NaN" : "an infinite value");
    }
  } catch (...) {
    batch->error = std::current_exception();
    StopBehind(batch->index);
  }
}

// Serial, in order.
void Pipeline::Record(Batch* batch, const ProgressCallback& progress) {
  const std::lock_guard in_order(record_mutex_);
  const std::lock_guard in_stage(batch->mutex);
  if (batch->error || batch->dropped) {
    if (!closed_) error_ = batch->error;
    closed_ = true;
  }
  if (!closed_) {
    try {
      journal_.Append(batch->record);
      const Clock::time_point now = Clock::now();
      if (progress &&
          (now - last_progress_ >= kProgressInterval || journal_.items_done() == items_)) {
        last_progress_ = now;
        progress(journal_.items_done(), items_);
      }
    } catch (...) {
      error_ = std::current_exception();
      closed_ = true;
      StopBehind(batch->index);
    }
  }
  const std::lock_guard lock(mutex_);
  free_.push_back(batch);
}

void Pipeline::Run(int threads, const ProgressCallback& progress) {
  source_.Skip(next_batch_ * batch_size_);
  // Some more batches than workers: finished ones wait for a slower one before them. This bounds
  // the memory.
  const auto tokens = static_cast<size_t>(threads + threads / 2 + 2);
  for (size_t i = 0; i < tokens; ++i) {
    Batch& batch = *batches_.emplace_back(std::make_unique<Batch>(options_.preprocess));
    batch.pixels.resize(static_cast<size_t>(batch_size_) * image_floats_);
    free_.push_back(&batch);
  }
  if (progress) progress(journal_.items_done(), items_);
  last_progress_ = Clock::now();
  const tbb::filter_mode embed_mode =
      RunsOnCpu(embedder_.info()) ? tbb::filter_mode::parallel : tbb::filter_mode::serial_in_order;
  const ThreadLimit limit(threads);
  tbb::task_arena arena(threads);
  arena.execute([&] {
    tbb::parallel_pipeline(
        tokens,
        tbb::make_filter<void, Batch*>(tbb::filter_mode::serial_in_order, [this](tbb::flow_control&
                                                                                     control) {
          Batch* batch = NextBatch();
          if (batch == nullptr) control.stop();
          return batch;
        }) & tbb::make_filter<Batch*, Batch*>(tbb::filter_mode::parallel, [this](Batch* batch) {
          Decode(batch);
          return batch;
        }) & tbb::make_filter<Batch*, Batch*>(embed_mode, [this](Batch* batch) {
          Embed(batch);
          return batch;
        }) & tbb::make_filter<Batch*, void>(tbb::filter_mode::serial_in_order, [&](Batch* batch) {
          Record(batch, progress);
        }));
  });
  const std::lock_guard done(record_mutex_);
  if (error_) std::rethrow_exception(error_);
}

template <typename T>
void EraseSkipped(const std::vector<SkippedItem>& skipped, std::vector<T>* labels) {
  if (labels->empty()) return;
  auto next = skipped.begin();
  size_t kept = 0;
  for (size_t i = 0; i < labels->size(); ++i) {
    if (next != skipped.end() && static_cast<size_t>(next->item) == i) {
      ++next;
    } else {
      if (kept != i) (*labels)[kept] = std::move((*labels)[i]);
      ++kept;
    }
  }
  labels->resize(kept);
}

void WriteFeatureFile(const ExtractionJournal& journal, FeatureLabels labels,
                      const ExtractPipelineOptions& options, const FeatureProvenance& provenance,
                      int dim) {
  std::vector<std::string> skipped_paths;
  const std::vector<SkippedItem>& skipped = journal.skipped();
  for (const SkippedItem& item : skipped)
    skipped_paths.push_back(labels.path[static_cast<size_t>(item.item)]);
  EraseSkipped(skipped, &labels.person_id);
  EraseSkipped(skipped, &labels.camera_id);
  EraseSkipped(skipped, &labels.split);
  EraseSkipped(skipped, &labels.path);
  EraseSkipped(skipped, &labels.frame);
  EraseSkipped(skipped, &labels.track_id);
  EraseSkipped(skipped, &labels.box_ltwh);
  FeatureFileWriter writer(options.output, dim, labels, provenance, skipped_paths, options.type);
  journal.ForEach([&](const JournalRecord& record) { writer.Append(record.embeddings); });
  writer.Finish();
}

}  // namespace

void RequireUsable(const ExtractPipelineOptions& options, const EmbedderInfo& info) {
  if (const std::vector<std::string> violations = options.preprocess.Validate();
      !violations.empty()) {
    ThrowUsage("preprocessing: {}", JoinText(violations, "; "));
  }
  if (options.batch_size < 0 || options.batch_size > kMaxBatchSize) {
    ThrowUsage("--batch-size {}: expected 1 to {}, or 0 for the engine's own", options.batch_size,
               kMaxBatchSize);
  }
  const PreprocessOptions& size = options.preprocess;
  if ((info.input_height != 0 && info.input_height != size.height) ||
      (info.input_width != 0 && info.input_width != size.width)) {
    ThrowUsage(
        "the network {} takes images of {}x{} (height x width), preprocessing '{}' makes them "
        "{}x{}",
        info.architecture, info.input_height, info.input_width, size.preset, size.height,
        size.width);
  }
}

DatasetImages::DatasetImages(const ReidDataset& dataset, ExifOrientation orientation)
    : root_(dataset.root), orientation_(orientation) {
  for (const ReidImage& image : dataset.images) {
    labels_.person_id.push_back(image.person);
    labels_.camera_id.push_back(image.camera);
    labels_.split.push_back(image.split);
    labels_.path.push_back(image.path);
  }
}

PendingImage DatasetImages::Next() {
  return [this, item = next_++](ImageScratch* scratch) {
    const fs::path path = root_ / labels_.path[item];
    ReadFileInto(path, &scratch->file_bytes);
    DecodeImage(scratch->file_bytes, path.string(), orientation_, &scratch->image);
  };
}

fs::path JournalPath(const fs::path& output) {
  fs::path path = output;
  path += ".partial";
  return path;
}

ExtractResult ExtractFeatures(ImageSource& source, Embedder& embedder, FeatureProvenance provenance,
                              const ExtractPipelineOptions& options,
                              const ProgressCallback& progress) {
  const EmbedderInfo& info = embedder.info();
  RequireUsable(options, info);
  RequireWritable(options.output, options.force);
  const FeatureLabels& labels = source.labels();
  if (labels.person_id.empty()) ThrowInput("{}: the data set has no images", provenance.dataset);

  provenance.weights_sha256 = info.weights_sha256;
  provenance.architecture = info.architecture;
  provenance.engine = info.engine;
  provenance.precision = info.precision;
  provenance.preprocessing = options.preprocess.Describe();
  provenance.reidbench_version = Version();

  ExtractResult result;
  result.output = options.output;
  result.provenance = provenance;
  result.images = static_cast<int64_t>(labels.person_id.size());
  result.dim = info.dim;
  result.batch_size = options.batch_size == 0 ? DefaultBatchSize(info) : options.batch_size;
  result.threads = ResolveThreads(options.threads);

  const Clock::time_point start = Clock::now();
  // Beside a device or a pipe there is no place, and nothing to go on with.
  std::optional<ScratchFolder> scratch;
  if (IsStream(options.output)) scratch.emplace();
  const fs::path journal_path = scratch ? scratch->path() / "journal" : JournalPath(options.output);
  ExtractionJournal journal(journal_path,
                            MakeKey(labels, info, provenance, result.batch_size, options.type),
                            result.images, info.dim, options.force);
  // Once more under the lock: another process may have finished the same extraction meanwhile.
  RequireWritable(options.output, options.force);
  result.resumed = journal.items_done();
  const auto kept = [&] {
    if (scratch) return std::string("nothing is kept, as the output is no file");
    return fmt::format("finished work is kept in {} ({} of {} images)", journal_path.string(),
                       WithThousands(journal.items_done()), WithThousands(result.images));
  };
  const auto stop_at_corrupt = [&](const std::string& message) {
    ThrowInput(
        "{}; {}: replace the image, or add --skip-corrupt to leave such images out, and run the "
        "command again",
        message, kept());
  };
  if (!options.skip_corrupt && !journal.skipped().empty())
    stop_at_corrupt(journal.skipped().front().reason);
  try {
    Pipeline(source, embedder, options, result.batch_size, &journal).Run(result.threads, progress);
  } catch (const CorruptImage& error) {
    stop_at_corrupt(error.what());
  }
  if (journal.items_done() < result.images) {
    throw Interrupted(fmt::format("interrupted; {}: run the same command again to resume", kept()));
  }
  result.skipped = journal.skipped();
  result.rows = result.images - static_cast<int64_t>(result.skipped.size());
  if (result.rows == 0)
    ThrowInput("all {} images are corrupt; the first: {}", result.images, result.skipped[0].reason);
  try {
    WriteFeatureFile(journal, labels, options, provenance, info.dim);
  } catch (const Error& error) {
    throw Error(error.kind(),
                fmt::format("{}; {}: run the same command again", error.what(), kept()));
  }
  journal.Remove();
  result.seconds = SecondsSince(start);
  return result;
}

}  // namespace reidbench
