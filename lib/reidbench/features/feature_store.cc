#include "reidbench/features/feature_store.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <Eigen/Core>
#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <numeric>
#include <utility>

#include "reidbench/core/error.h"
#include "reidbench/core/files.h"
#include "reidbench/core/text.h"
#include "reidbench/features/checksums.h"
#include "reidbench/features/feature_content.h"
#include "reidbench/features/hdf5_guard.h"
#include "reidbench/features/hdf5_handle.h"
#include "reidbench/features/hdf5_process.h"
#include "reidbench/features/hdf5_reader.h"
#include "reidbench/features/numpy_file.h"

namespace reidbench {
namespace {

namespace fs = std::filesystem;

// Rows not asked for are read along when they cost less than a further call.
constexpr int64_t kGapBytes = 64 << 10;
constexpr size_t kMaxAttributeBytes = 60 << 10;  // an object header message holds 64 KiB

// UTF-8 of a fixed number of bytes, padded with zeros.
Hdf5Type TextType(size_t bytes) {
  Hdf5Type text(H5Tcopy(H5T_C_S1));
  H5Tset_size(text.get(), bytes);
  H5Tset_strpad(text.get(), H5T_STR_NULLPAD);
  H5Tset_cset(text.get(), H5T_CSET_UTF8);
  return text;
}

// Values must be finite: exponent bits all ones mean NaN or infinity.
bool AllFinite(std::span<const float> values) {
  // Branch-free, so that it runs at the speed of memory.
  uint32_t worst = 0;
  for (const float value : values) {
    worst |= static_cast<uint32_t>((std::bit_cast<uint32_t>(value) & 0x7f800000u) == 0x7f800000u);
  }
  return worst == 0;
}

std::string RowName(int64_t row, const FeatureLabels& labels) {
  if (labels.path.empty()) return fmt::format("row {}", row);
  return fmt::format("row {} ({})", row, labels.path[static_cast<size_t>(row)]);
}

[[noreturn]] void ThrowNotFinite(const std::string& name, int64_t row,
                                 std::span<const float> values, const FeatureLabels& labels) {
  size_t column = 0;
  while (std::isfinite(values[column])) ++column;
  ThrowInput("{}: /features: {}: value {} is {}; extract this image again", name,
             RowName(row, labels), column, std::isnan(values[column]) ? "NaN" : "infinite");
}

}  // namespace

std::vector<std::string> ProvenanceDifferences(const FeatureProvenance& a,
                                               const FeatureProvenance& b) {
  std::vector<std::string> differences;
  const auto shown = [](const std::string& value) {
    return value.empty() ? "not recorded" : fmt::format("'{}'", value);
  };
  const auto compare = [&](std::string_view field, const std::string& left,
                           const std::string& right) {
    if (left != right)
      differences.push_back(fmt::format("{}: {} against {}", field, shown(left), shown(right)));
  };
  const auto entry = [](const FeatureProvenance& p) {
    const size_t at = p.weights_file.rfind('#');
    return at == std::string::npos ? "" : p.weights_file.substr(at);
  };
  if (a.weights_sha256 != b.weights_sha256 || entry(a) != entry(b)) {
    const auto weights = [&](const FeatureProvenance& p) {
      return p.weights_sha256.empty()
                 ? "not recorded"
                 : fmt::format("'{}' (SHA-256 {:.12})", p.weights_file, p.weights_sha256);
    };
    differences.push_back(fmt::format("weights: {} against {}", weights(a), weights(b)));
  }
  compare("architecture", a.architecture, b.architecture);
  compare("preprocessing", a.preprocessing, b.preprocessing);
  compare("engine", a.engine, b.engine);
  compare("precision", a.precision, b.precision);
  compare("normalized", a.normalized ? "yes" : "no", b.normalized ? "yes" : "no");
  return differences;
}

// ---- FeatureFile ----

struct FeatureFile::Impl {
  std::unique_ptr<RawFile> raw;
  FeatureContent content;
  // Who reads the features: the bytes themselves, proven where the file has checksums; else one of
  // the other two.
  std::optional<FileChecksums> checksums;
  std::unique_ptr<Hdf5Process> process;
  std::unique_ptr<NumpyFeatures> numpy;

  const std::string& name() const { return raw->name(); }
  void Open(std::unique_ptr<RawFile> opened);
  void ReadRange(int64_t begin, int64_t count, float* out, std::vector<uint16_t>* half_scratch);
  void ReadStored(int64_t begin, int64_t count, float* out, std::vector<uint16_t>* half_scratch);
};

void FeatureFile::Impl::Open(std::unique_ptr<RawFile> opened) {
  raw = std::move(opened);
  std::vector<uint8_t> head(std::min<uint64_t>(128, raw->bytes()));
  raw->Read(0, head);
  const std::string_view text(reinterpret_cast<const char*>(head.data()), head.size());
  if (StartsWith(text, "\x93NUMPY") || StartsWith(text, "PK\x03\x04")) {
    std::vector<uint8_t> bytes(raw->bytes());
    raw->Read(0, bytes);
    raw->RequireUnchanged();
    numpy = std::make_unique<NumpyFeatures>(std::move(bytes), name());
    content = std::move(numpy->content());
    return;
  }
  if (const std::string foreign = DescribeForeignFeatures(head, name()); !foreign.empty())
    ThrowInput("{}: {}", name(), foreign);
  const Superblock superblock = CheckSuperblock(*raw);
  checksums = FileChecksums::Find(*raw, superblock.end);
  if (checksums) {
    // All that libhdf5 walks over is proven.
    const std::lock_guard lock(Hdf5Mutex());
    content = std::move(Hdf5FeatureReader(*raw, superblock.version).content());
  } else {
    process = std::make_unique<Hdf5Process>(*raw, superblock.version);
    content = std::move(process->content());
    if (content.payload) process.reset();
  }
  const Payload found{content.payload.value_or(0), content.payload_bytes()};
  if (checksums && content.rows > 0 &&
      (!content.payload || found.begin != checksums->payload().begin ||
       found.bytes != checksums->payload().bytes)) {
    ThrowInput("{}: the file is damaged: /features lies elsewhere than its checksums say", name());
  }
  raw->RequireUnchanged();
}

FeatureFile::FeatureFile(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
FeatureFile::~FeatureFile() = default;
FeatureFile::FeatureFile(FeatureFile&&) noexcept = default;

FeatureFile::FeatureFile(const fs::path& path) : impl_(std::make_unique<Impl>()) {
  std::error_code error;
  if (fs::is_directory(path, error))
    ThrowIo("{}: is a folder, expected a feature file", path.string());
  impl_->Open(std::make_unique<RawFile>(path));
}

FeatureFile FeatureFile::FromBytes(std::span<const uint8_t> bytes, const std::string& name) {
  auto impl = std::make_unique<Impl>();
  impl->Open(std::make_unique<RawFile>(bytes, name));
  return FeatureFile(std::move(impl));
}

int64_t FeatureFile::rows() const { return impl_->content.rows; }
int FeatureFile::dim() const { return impl_->content.dim; }
const std::string& FeatureFile::path() const { return impl_->name(); }
const FeatureProvenance& FeatureFile::provenance() const { return impl_->content.provenance; }
const FeatureLabels& FeatureFile::labels() const { return impl_->content.labels; }
const std::vector<std::string>& FeatureFile::skipped() const { return impl_->content.skipped; }
std::string FeatureFile::HowToLabel() const {
  return impl_->numpy == nullptr ? "" : impl_->numpy->how_to_label();
}

// Rows [begin, begin + count) to `out`.
void FeatureFile::Impl::ReadRange(int64_t begin, int64_t count, float* out,
                                  std::vector<uint16_t>* half_scratch) {
  if (numpy != nullptr) return numpy->ReadRows(begin, count, out);
  ReadStored(begin, count, out, half_scratch);
  raw->RequireUnchanged();
}

void FeatureFile::Impl::ReadStored(int64_t begin, int64_t count, float* out,
                                   std::vector<uint16_t>* half_scratch) {
  if (process != nullptr) return process->ReadRows(begin, count, out);
  const bool half = content.type == FeatureType::kFloat16;
  const uint64_t element = half ? sizeof(uint16_t) : sizeof(float);
  const auto values = static_cast<size_t>(count * content.dim);
  uint8_t* target = reinterpret_cast<uint8_t*>(out);
  if (half) {
    half_scratch->resize(values);
    target = reinterpret_cast<uint8_t*>(half_scratch->data());
  }
  const std::span<uint8_t> bytes(target, values * element);
  const uint64_t offset = content.payload.value_or(0) + static_cast<uint64_t>(begin) *
                                                            static_cast<uint64_t>(content.dim) *
                                                            element;
  if (checksums) {
    checksums->Read(offset, bytes);
  } else {
    raw->Read(offset, bytes);
  }
  if (half) {
    Eigen::Map<Eigen::ArrayXf>(out, static_cast<Eigen::Index>(values)) =
        Eigen::Map<const Eigen::Array<Eigen::half, Eigen::Dynamic, 1>>(
            reinterpret_cast<const Eigen::half*>(half_scratch->data()),
            static_cast<Eigen::Index>(values))
            .cast<float>();
  }
}

std::vector<size_t> FeatureFile::ReadRowsUnchecked(std::span<const int64_t> rows,
                                                   float* out) const {
  const int64_t dim = impl_->content.dim;
  const int64_t row_bytes = dim * static_cast<int64_t>(sizeof(float));
  const int64_t max_rows = std::max<int64_t>(1, kScratchBytes / row_bytes);
  const int64_t max_gap = kGapBytes / row_bytes;
  std::vector<int64_t> order(rows.size());  // positions in `rows`, by ascending row
  std::iota(order.begin(), order.end(), 0);
  const auto row_at = [&](size_t i) { return rows[static_cast<size_t>(order[i])]; };
  if (!std::is_sorted(rows.begin(), rows.end())) {
    std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
      return rows[static_cast<size_t>(a)] < rows[static_cast<size_t>(b)];
    });
  }
  if (!rows.empty())
    REIDBENCH_CHECK(row_at(0) >= 0 && row_at(rows.size() - 1) < impl_->content.rows);

  std::vector<size_t> not_finite;
  const auto check = [&](int64_t position) {
    const std::span<const float> span(out + position * dim, static_cast<size_t>(dim));
    if (!AllFinite(span)) not_finite.push_back(static_cast<size_t>(position));
  };
  std::vector<float> scratch;
  std::vector<uint16_t> half_scratch;
  for (size_t begin = 0; begin < rows.size();) {
    // One read for [begin, end): rows near enough to each other that the gaps may be read along.
    const int64_t first = row_at(begin);
    size_t end = begin + 1;
    bool direct = true;  // consecutive rows that stay consecutive in `out`
    while (end < rows.size()) {
      const int64_t row = row_at(end);
      if (row - row_at(end - 1) > max_gap + 1 || row - first >= max_rows) break;
      direct = direct && row == row_at(end - 1) + 1 && order[end] == order[end - 1] + 1;
      ++end;
    }
    const int64_t count = row_at(end - 1) - first + 1;
    if (direct) {
      float* target = out + order[begin] * dim;
      impl_->ReadRange(first, count, target, &half_scratch);
      for (int64_t i = 0; i < count; ++i) check(order[begin] + i);
    } else {
      scratch.resize(static_cast<size_t>(count * dim));
      impl_->ReadRange(first, count, scratch.data(), &half_scratch);
      for (size_t i = begin; i < end; ++i) {
        const float* values = scratch.data() + (row_at(i) - first) * dim;
        std::copy_n(values, dim, out + order[i] * dim);
        check(order[i]);
      }
    }
    begin = end;
  }
  std::sort(not_finite.begin(), not_finite.end());
  return not_finite;
}

void FeatureFile::ReadRows(std::span<const int64_t> rows, float* out) const {
  const std::vector<size_t> bad = ReadRowsUnchecked(rows, out);
  if (bad.empty()) return;
  // The first in the file, whatever the order asked for.
  const size_t first = *std::min_element(bad.begin(), bad.end(),
                                         [&](size_t a, size_t b) { return rows[a] < rows[b]; });
  const auto dim = static_cast<size_t>(impl_->content.dim);
  ThrowNotFinite(impl_->name(), rows[first], std::span<const float>(out + first * dim, dim),
                 impl_->content.labels);
}

FeatureMatrix FeatureFile::ReadRows(std::span<const int64_t> rows) const {
  FeatureMatrix features(static_cast<int64_t>(rows.size()), impl_->content.dim);
  ReadRows(rows, features.data());
  return features;
}

// ---- FeatureFileWriter ----

struct FeatureFileWriter::Impl {
  AtomicFile target;
  std::string name;
  FeatureLabels labels;
  int64_t rows = 0;
  int64_t written = 0;
  int dim = 0;
  FeatureType type = FeatureType::kFloat32;
  Hdf5File file;
  Hdf5Dataset features;
  std::vector<uint16_t> half_scratch;

  explicit Impl(const fs::path& path) : target(path), name(path.string()) {}
  ~Impl();

  [[noreturn]] void WriteFailed() const { ThrowIo("{}: write failed: {}", name, Hdf5Reason()); }
  hid_t Checked(hid_t id) const {
    if (id < 0) WriteFailed();
    return id;
  }

  int64_t CountRows() const;
  void RequireSpace(const std::vector<std::string>& skipped) const;
  void Create();
  Hdf5Dataset CreateDataset(const char* dataset, hid_t element,
                            std::span<const hsize_t> shape) const;
  template <typename T>
  void WriteColumn(const char* dataset, hid_t element, const std::vector<T>& values,
                   hsize_t columns = 0) const;
  void WriteStrings(const char* dataset, std::span<const std::string> values) const;
  void WriteTextAttribute(hid_t object, const char* attribute, std::span<const std::string> values,
                          bool array) const;
  void WriteAttributes(const FeatureProvenance& provenance) const;
};

int64_t FeatureFileWriter::Impl::CountRows() const {
  const size_t n = std::max(labels.person_id.size(), labels.track_id.size());
  const auto whole = [&](size_t size) { return size == 0 || size == n; };
  REIDBENCH_CHECK(whole(labels.person_id.size()) && whole(labels.camera_id.size()) &&
                  whole(labels.split.size()) && whole(labels.path.size()) &&
                  whole(labels.frame.size()) && whole(labels.track_id.size()) &&
                  whole(labels.box_ltwh.size()));
  REIDBENCH_CHECK(labels.person_id.size() == labels.camera_id.size() &&
                  labels.person_id.size() == labels.split.size() &&
                  labels.frame.size() == labels.track_id.size());
  return static_cast<int64_t>(n);
}

// HDF5 finds out late that a file does not fit, so ask first.
void FeatureFileWriter::Impl::RequireSpace(const std::vector<std::string>& skipped) const {
  const uint64_t element = type == FeatureType::kFloat16 ? 2 : 4;
  uint64_t needed = uint64_t{1} << 20;  // more than attributes and HDF5's own structures take
  needed += static_cast<uint64_t>(rows) * (static_cast<uint64_t>(dim) * element + 80);
  needed += needed / 4096;  // the checksums
  for (const std::vector<std::string>* texts : {&labels.path, &skipped}) {
    size_t longest = 1;
    for (const std::string& text : *texts) longest = std::max(longest, text.size());
    needed += texts->size() * longest;
  }
  const int descriptor =
      ::open(target.temporary_path().c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (descriptor < 0) ThrowIo("{}: cannot create: {}", name, std::strerror(errno));
  int status = 0;
  do {
    status = ::fallocate(descriptor, 0, 0, static_cast<off_t>(needed));
  } while (status != 0 && errno == EINTR);
  const int reason = errno;
  ::close(descriptor);
  // Some file systems cannot reserve; there the first write tells.
  if (status != 0 && reason != EOPNOTSUPP && reason != ENOSYS) {
    ThrowIo("{}: write failed: cannot reserve {} bytes: {}", name,
            WithThousands(static_cast<int64_t>(needed)), std::strerror(reason));
  }
}

// HDF5 writes what it still holds when it closes a file. Where that fails it keeps the identifier
// of a file that is gone, and the process crashes at exit; so an unfinished file is closed into
// memory that nobody sees.
FeatureFileWriter::Impl::~Impl() {
  if (!file) return;
  void* handle = nullptr;
  if (H5Fget_vfd_handle(file.get(), H5P_DEFAULT, &handle) < 0 || handle == nullptr) return;
  const int nowhere = ::memfd_create("reidbench", MFD_CLOEXEC);
  if (nowhere < 0) return;
  ::dup3(nowhere, *static_cast<int*>(handle), O_CLOEXEC);
  ::close(nowhere);
}

void FeatureFileWriter::Impl::Create() {
  // No object keeps the time it was made: equal content is equal bytes.
  const Hdf5Properties creation(H5Pcreate(H5P_FILE_CREATE));
  H5Pset_obj_track_times(creation.get(), false);
  const Hdf5Properties access = FileAccess();
  file = Hdf5File(
      H5Fcreate(target.temporary_path().c_str(), H5F_ACC_TRUNC, creation.get(), access.get()));
  if (!file) ThrowIo("{}: cannot create: {}", name, Hdf5Reason());
}

Hdf5Dataset FeatureFileWriter::Impl::CreateDataset(const char* dataset, hid_t element,
                                                   std::span<const hsize_t> shape) const {
  const Hdf5Properties creation(H5Pcreate(H5P_DATASET_CREATE));
  H5Pset_obj_track_times(creation.get(), false);
  H5Pset_alloc_time(creation.get(), H5D_ALLOC_TIME_EARLY);
  H5Pset_fill_time(creation.get(), H5D_FILL_TIME_NEVER);
  const Hdf5Space space(
      Checked(H5Screate_simple(static_cast<int>(shape.size()), shape.data(), nullptr)));
  return Hdf5Dataset(Checked(H5Dcreate2(file.get(), dataset, element, space.get(), H5P_DEFAULT,
                                        creation.get(), H5P_DEFAULT)));
}

// `columns` numbers of type `element` in each T; 0 makes a one-dimensional dataset.
template <typename T>
void FeatureFileWriter::Impl::WriteColumn(const char* dataset, hid_t element,
                                          const std::vector<T>& values, hsize_t columns) const {
  if (values.empty() && rows > 0) return;
  const std::array<hsize_t, 2> shape = {values.size(), columns};
  const Hdf5Dataset created =
      CreateDataset(dataset, element, std::span(shape).first(columns == 0 ? 1 : 2));
  if (!values.empty() &&
      H5Dwrite(created.get(), element, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()) < 0) {
    WriteFailed();
  }
}

// Fixed-length UTF-8, padded with zeros: small, fast, and the same bytes every time, unlike HDF5's
// heap of variable ones.
void FeatureFileWriter::Impl::WriteStrings(const char* dataset,
                                           std::span<const std::string> values) const {
  size_t longest = 1;
  for (const std::string& value : values) longest = std::max(longest, value.size());
  if (longest > kMaxStringBytes) ThrowInput("{}: /{}: text of {} bytes", name, dataset, longest);
  const Hdf5Type text = TextType(longest);
  const hsize_t n = values.size();
  const Hdf5Dataset created = CreateDataset(dataset, text.get(), std::span(&n, 1));
  const hsize_t step = std::max<hsize_t>(1, static_cast<hsize_t>(kScratchBytes) / longest);
  std::vector<char> block;
  for (hsize_t begin = 0; begin < n; begin += step) {
    const hsize_t count = std::min(step, n - begin);
    block.assign(count * longest, '\0');
    for (hsize_t i = 0; i < count; ++i) {
      std::copy(values[begin + i].begin(), values[begin + i].end(),
                block.begin() + static_cast<int64_t>(i * longest));
    }
    const Hdf5Space file_space(H5Dget_space(created.get()));
    const Hdf5Space memory_space(H5Screate_simple(1, &count, nullptr));
    H5Sselect_hyperslab(file_space.get(), H5S_SELECT_SET, &begin, nullptr, &count, nullptr);
    if (H5Dwrite(created.get(), text.get(), memory_space.get(), file_space.get(), H5P_DEFAULT,
                 block.data()) < 0) {
      WriteFailed();
    }
  }
}

// Of fixed length: variable-length text lies in HDF5's heap, which has no checksum, and damage
// there crashes libhdf5 1.10.
void FeatureFileWriter::Impl::WriteTextAttribute(hid_t object, const char* attribute,
                                                 std::span<const std::string> values,
                                                 bool array) const {
  size_t longest = 1;
  for (const std::string& value : values) longest = std::max(longest, value.size());
  if (longest > kMaxAttributeBytes)
    ThrowInput("{}: attribute {}: text of {} bytes", name, attribute, longest);
  const Hdf5Type text = TextType(longest);
  const hsize_t n = values.size();
  const Hdf5Space space(Checked(array ? H5Screate_simple(1, &n, nullptr) : H5Screate(H5S_SCALAR)));
  const Hdf5Attribute created(
      Checked(H5Acreate2(object, attribute, text.get(), space.get(), H5P_DEFAULT, H5P_DEFAULT)));
  std::string padded;
  for (const std::string& value : values)
    padded += value + std::string(longest - value.size(), '\0');
  if (H5Awrite(created.get(), text.get(), padded.data()) < 0) WriteFailed();
}

void FeatureFileWriter::Impl::WriteAttributes(const FeatureProvenance& provenance) const {
  const auto text = [&](const char* attribute, const std::string& value) {
    WriteTextAttribute(file.get(), attribute, std::span(&value, 1), false);
  };
  text("schema", kFeatureSchema);
  const Hdf5Space scalar(Checked(H5Screate(H5S_SCALAR)));
  const Hdf5Attribute version(Checked(H5Acreate2(file.get(), "schema_version", H5T_STD_I64LE,
                                                 scalar.get(), H5P_DEFAULT, H5P_DEFAULT)));
  const int64_t schema_version = kFeatureSchemaVersion;
  if (H5Awrite(version.get(), H5T_NATIVE_INT64, &schema_version) < 0) WriteFailed();
  text("weights_sha256", provenance.weights_sha256);
  text("weights_file", provenance.weights_file);
  text("architecture", provenance.architecture);
  text("preprocessing", provenance.preprocessing);
  text("engine", provenance.engine);
  text("precision", provenance.precision);
  // As h5py stores numpy.bool_.
  const Hdf5Type boolean(H5Tenum_create(H5T_STD_I8LE));
  for (int8_t value : {0, 1}) H5Tenum_insert(boolean.get(), value == 0 ? "FALSE" : "TRUE", &value);
  const Hdf5Attribute normalized(Checked(
      H5Acreate2(file.get(), "normalized", boolean.get(), scalar.get(), H5P_DEFAULT, H5P_DEFAULT)));
  const int8_t is_normalized = provenance.normalized;
  if (H5Awrite(normalized.get(), boolean.get(), &is_normalized) < 0) WriteFailed();
  text("dataset", provenance.dataset);
  text("dataset_fingerprint", provenance.dataset_fingerprint);
  text("reidbench_version", provenance.reidbench_version);
}

FeatureFileWriter::FeatureFileWriter(const fs::path& path, int dim, const FeatureLabels& labels,
                                     const FeatureProvenance& provenance,
                                     const std::vector<std::string>& skipped, FeatureType type)
    : impl_(std::make_unique<Impl>(path)) {
  static_assert(sizeof(PersonId) == 8 && sizeof(BoxLtwh) == 32 && sizeof(Split) == 1,
                "written as plain arrays");
  const std::lock_guard lock(Hdf5Mutex());
  QuietHdf5();
  REIDBENCH_CHECK(dim >= 1 && dim <= kMaxFeatureDim);
  Impl& file = *impl_;
  file.labels = labels;
  file.rows = file.CountRows();
  file.dim = dim;
  file.type = type;
  file.RequireSpace(skipped);
  file.Create();
  file.WriteAttributes(provenance);
  const Hdf5Type half = HalfType();
  const std::array<hsize_t, 2> shape = {static_cast<hsize_t>(file.rows), static_cast<hsize_t>(dim)};
  file.features = file.CreateDataset(
      "features", type == FeatureType::kFloat16 ? half.get() : H5T_IEEE_F32LE, shape);
  const bool persons = !labels.person_id.empty() || labels.track_id.empty();
  if (persons) {
    file.WriteColumn("person_id", H5T_STD_I64LE, labels.person_id);
    file.WriteColumn("camera_id", H5T_STD_I64LE, labels.camera_id);
    file.WriteColumn("split", H5T_STD_U8LE, labels.split);
    const Hdf5Dataset split(file.Checked(H5Dopen2(file.file.get(), "split", H5P_DEFAULT)));
    std::vector<std::string> names;
    for (const Split value : kFeatureSplits) names.emplace_back(SplitName(value));
    file.WriteTextAttribute(split.get(), "names", names, true);
  }
  if (!labels.path.empty()) file.WriteStrings("path", labels.path);
  if (!labels.track_id.empty()) {
    file.WriteColumn("frame", H5T_STD_I64LE, labels.frame);
    file.WriteColumn("track_id", H5T_STD_I64LE, labels.track_id);
  }
  if (!labels.box_ltwh.empty()) file.WriteColumn("box_ltwh", H5T_IEEE_F64LE, labels.box_ltwh, 4);
  file.WriteStrings("skipped", skipped);
}

FeatureFileWriter::~FeatureFileWriter() {
  const std::lock_guard lock(Hdf5Mutex());
  QuietHdf5();
  impl_.reset();
}

void FeatureFileWriter::Append(std::span<const float> rows) {
  const std::lock_guard lock(Hdf5Mutex());
  QuietHdf5();
  Impl& file = *impl_;
  const auto dim = static_cast<size_t>(file.dim);
  REIDBENCH_CHECK(rows.size() % dim == 0);
  const auto count = static_cast<int64_t>(rows.size() / dim);
  REIDBENCH_CHECK(count <= file.rows - file.written);
  if (count == 0) return;
  if (!AllFinite(rows)) {
    for (int64_t i = 0; i < count; ++i) {
      const std::span<const float> row = rows.subspan(static_cast<size_t>(i) * dim, dim);
      if (!AllFinite(row)) ThrowNotFinite(file.name, file.written + i, row, file.labels);
    }
  }
  const std::array<hsize_t, 2> start = {static_cast<hsize_t>(file.written), 0};
  const std::array<hsize_t, 2> extent = {static_cast<hsize_t>(count), static_cast<hsize_t>(dim)};
  const Hdf5Space file_space(file.Checked(H5Dget_space(file.features.get())));
  const Hdf5Space memory_space(file.Checked(H5Screate_simple(2, extent.data(), nullptr)));
  H5Sselect_hyperslab(file_space.get(), H5S_SELECT_SET, start.data(), nullptr, extent.data(),
                      nullptr);
  herr_t status = 0;
  if (file.type == FeatureType::kFloat16) {
    file.half_scratch.resize(rows.size());
    for (size_t i = 0; i < rows.size(); ++i) {
      const Eigen::half half(rows[i]);
      if (!(Eigen::numext::isfinite)(half)) {
        ThrowInput(
            "{}: /features: {}: value {} does not fit float16 (largest 65504): write float32",
            file.name, RowName(file.written + static_cast<int64_t>(i / dim), file.labels), rows[i]);
      }
      file.half_scratch[i] = Eigen::numext::bit_cast<uint16_t>(half);
    }
    status = H5Dwrite(file.features.get(), HalfType().get(), memory_space.get(), file_space.get(),
                      H5P_DEFAULT, file.half_scratch.data());
  } else {
    status = H5Dwrite(file.features.get(), H5T_NATIVE_FLOAT, memory_space.get(), file_space.get(),
                      H5P_DEFAULT, rows.data());
  }
  if (status < 0) file.WriteFailed();
  file.written += count;
}

void FeatureFileWriter::Finish() {
  const std::lock_guard lock(Hdf5Mutex());
  QuietHdf5();
  Impl& file = *impl_;
  REIDBENCH_CHECK(file.written == file.rows);
  const haddr_t features_at = H5Dget_offset(file.features.get());
  const Payload payload{features_at == HADDR_UNDEF ? 0 : features_at,
                        H5Dget_storage_size(file.features.get())};
  if (!file.features.Reset() || H5Fflush(file.file.get(), H5F_SCOPE_GLOBAL) < 0 ||
      !file.file.Reset()) {
    file.WriteFailed();
  }
  AppendChecksums(file.target.temporary_path(), payload, file.name);
  // On disk before it gets its name: after a power failure the name never stands for half a file.
  const int descriptor = ::open(file.target.temporary_path().c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0 || ::fsync(descriptor) != 0) {
    const int reason = errno;
    if (descriptor >= 0) ::close(descriptor);
    ThrowIo("{}: write failed: {}", file.name, std::strerror(reason));
  }
  ::close(descriptor);
  file.target.Commit();
}

}  // namespace reidbench
