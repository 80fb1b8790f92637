#include "reidbench/features/hdf5_reader.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>
#include <zlib.h>

#include <Eigen/Core>
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <limits>
#include <type_traits>

#include "reidbench/core/error.h"
#include "reidbench/core/text.h"
#include "reidbench/core/version.h"
#include "reidbench/features/hdf5_handle.h"

namespace reidbench {
namespace {

// Deflate shrinks at most 1032 times; more than this cannot be in a file of a given size.
constexpr uint64_t kMaxCompression = 1100;
constexpr uint64_t kMaxChunkBytes = 64 << 20;
constexpr size_t kStringRowsPerRead = 4096;

Hdf5Type HalfTypeBigEndian() {
  Hdf5Type half = HalfType();
  H5Tset_order(half.get(), H5T_ORDER_BE);
  return half;
}

template <typename T>
hid_t NativeType() {
  if constexpr (std::is_same_v<T, int64_t>) return H5T_NATIVE_INT64;
  if constexpr (std::is_same_v<T, uint64_t>) return H5T_NATIVE_UINT64;
  if constexpr (std::is_same_v<T, uint8_t>) return H5T_NATIVE_UINT8;
  if constexpr (std::is_same_v<T, float>) return H5T_NATIVE_FLOAT;
  if constexpr (std::is_same_v<T, double>) return H5T_NATIVE_DOUBLE;
}

bool IsAnyOf(hid_t type, std::initializer_list<hid_t> candidates) {
  return std::any_of(candidates.begin(), candidates.end(),
                     [&](hid_t candidate) { return H5Tequal(type, candidate) > 0; });
}

bool IsStandardInteger(hid_t type) {
  return IsAnyOf(
      type, {H5T_STD_I8LE, H5T_STD_I16LE, H5T_STD_I32LE, H5T_STD_I64LE, H5T_STD_I8BE, H5T_STD_I16BE,
             H5T_STD_I32BE, H5T_STD_I64BE, H5T_STD_U8LE, H5T_STD_U16LE, H5T_STD_U32LE,
             H5T_STD_U64LE, H5T_STD_U8BE, H5T_STD_U16BE, H5T_STD_U32BE, H5T_STD_U64BE});
}

bool IsFloat32Or64(hid_t type) {
  return IsAnyOf(type, {H5T_IEEE_F32LE, H5T_IEEE_F32BE, H5T_IEEE_F64LE, H5T_IEEE_F64BE});
}

bool IsFloat16(hid_t type) { return IsAnyOf(type, {HalfType().get(), HalfTypeBigEndian().get()}); }

// For messages: "float32", "uint8", "variable-length text".
std::string DescribeType(hid_t type) {
  const size_t bits = 8 * H5Tget_size(type);
  switch (H5Tget_class(type)) {
    case H5T_INTEGER:
      return fmt::format("{}int{}", H5Tget_sign(type) == H5T_SGN_NONE ? "u" : "", bits);
    case H5T_FLOAT:
      return fmt::format("float{}", bits);
    case H5T_STRING:
      return "text";
    case H5T_ENUM:
      return "an enumeration";
    case H5T_COMPOUND:
      return "a compound";
    default:
      return "another type";
  }
}

std::string DescribeShape(std::span<const hsize_t> shape) {
  return fmt::format("[{}]", fmt::join(shape, ", "));
}

struct OpenedDataset {
  Hdf5Dataset dataset;
  Hdf5Type type;
  std::vector<hsize_t> shape;
};

class FileColumns final : public ColumnSource {
 public:
  FileColumns(hid_t file, const RawFile& raw, int superblock_version)
      : file_(file),
        raw_(raw),
        file_bytes_(raw.bytes()),
        name_(raw.name()),
        superblock_version_(superblock_version) {}

  std::string Name(std::string_view column) const override {
    return fmt::format("dataset /{}", column);
  }

  bool Has(const char* dataset) const override {
    H5L_info_t link;
    const htri_t exists = H5Lexists(file_, dataset, H5P_DEFAULT);
    if (exists < 0) Damaged(fmt::format("/{}", dataset));
    if (exists == 0) return false;
    if (H5Lget_info(file_, dataset, &link, H5P_DEFAULT) < 0) Damaged(dataset);
    if (link.type != H5L_TYPE_HARD) {
      ThrowInput("{}: /{}: is a link to elsewhere, expected a dataset of this file", name_,
                 dataset);
    }
    return true;
  }

  // Opens a dataset whose elements are known to be in the file: its size has been held against the
  // file's.
  OpenedDataset Open(const char* dataset) const {
    H5O_info_t object;
    if (H5Oget_info_by_name(file_, dataset, &object, H5P_DEFAULT) < 0) Damaged(dataset);
    if (object.type != H5O_TYPE_DATASET) ThrowInput("{}: /{}: expected a dataset", name_, dataset);
    OpenedDataset opened;
    opened.dataset = Hdf5Dataset(H5Dopen2(file_, dataset, H5P_DEFAULT));
    if (!opened.dataset) Damaged(dataset);
    opened.type = Hdf5Type(H5Dget_type(opened.dataset.get()));
    const Hdf5Space space(H5Dget_space(opened.dataset.get()));
    if (!opened.type || !space) Damaged(dataset);
    if (H5Sget_simple_extent_type(space.get()) != H5S_SIMPLE) {
      ThrowInput("{}: /{}: a single value, expected an array", name_, dataset);
    }
    const int rank = H5Sget_simple_extent_ndims(space.get());
    if (rank < 1 || rank > 2) {
      ThrowInput("{}: /{}: {} dimensions, expected at most 2", name_, dataset, rank);
    }
    opened.shape.resize(static_cast<size_t>(rank));
    H5Sget_simple_extent_dims(space.get(), opened.shape.data(), nullptr);
    CheckStorage(dataset, opened);
    return opened;
  }

  void RequireShape(const char* dataset, const OpenedDataset& opened,
                    std::span<const hsize_t> expected) const {
    if (!std::equal(expected.begin(), expected.end(), opened.shape.begin(), opened.shape.end())) {
      ThrowInput("{}: /{}: shape {}, expected {} as /features has rows", name_, dataset,
                 DescribeShape(opened.shape), DescribeShape(expected));
    }
  }

  bool IsText(const char* dataset) const override {
    return H5Tget_class(Open(dataset).type.get()) == H5T_STRING;
  }

  // [n] integers of any width and sign.
  std::vector<int64_t> Integers(const char* dataset, uint64_t n) const override {
    const OpenedDataset opened = Open(dataset);
    RequireShape(dataset, opened, std::array<hsize_t, 1>{n});
    return Integers(dataset, opened);
  }

  std::vector<int64_t> Integers(const char* dataset, const OpenedDataset& opened) const {
    RequireIntegers(opened.type.get(), fmt::format("/{}", dataset));
    std::vector<int64_t> values(opened.shape[0]);
    ReadAll(dataset, opened, values.data());
    // HDF5 clips what does not fit.
    if (IsAnyOf(opened.type.get(), {H5T_STD_U64LE, H5T_STD_U64BE}) &&
        std::find(values.begin(), values.end(), std::numeric_limits<int64_t>::max()) !=
            values.end()) {
      ThrowInput("{}: /{}: values above 2^63, expected 64-bit signed integers", name_, dataset);
    }
    return values;
  }

  std::vector<double> Doubles(const char* dataset, uint64_t rows, uint64_t columns) const override {
    const OpenedDataset opened = Open(dataset);
    RequireShape(dataset, opened, std::array<hsize_t, 2>{rows, columns});
    if (!IsFloat32Or64(opened.type.get()) && !IsStandardInteger(opened.type.get())) {
      ThrowInput("{}: /{}: {}, expected float64", name_, dataset, DescribeType(opened.type.get()));
    }
    std::vector<double> values(rows * columns);
    ReadAll(dataset, opened, values.data());
    for (size_t i = 0; i < values.size(); ++i) {
      if (!std::isfinite(values[i])) {
        ThrowInput("{}: /{}: row {}: not a finite number", name_, dataset, i / columns);
      }
    }
    return values;
  }

  std::vector<std::string> Strings(const char* dataset, const OpenedDataset& opened) const {
    if (H5Tget_class(opened.type.get()) != H5T_STRING) {
      ThrowInput("{}: /{}: {}, expected text", name_, dataset, DescribeType(opened.type.get()));
    }
    std::vector<std::string> values;
    values.reserve(opened.shape[0]);
    const bool variable = H5Tis_variable_str(opened.type.get()) > 0;
    if (variable) RequireSoundTexts(dataset, opened);
    for (hsize_t begin = 0; begin < opened.shape[0]; begin += kStringRowsPerRead) {
      const hsize_t count = std::min<hsize_t>(kStringRowsPerRead, opened.shape[0] - begin);
      variable ? VariableStrings(dataset, opened, begin, count, &values)
               : FixedStrings(dataset, opened, begin, count, &values);
    }
    return values;
  }

  std::vector<std::string> Strings(const char* dataset, uint64_t n) const override {
    const OpenedDataset opened = Open(dataset);
    RequireShape(dataset, opened, std::array<hsize_t, 1>{n});
    return Strings(dataset, opened);
  }

  // Root attributes; "" where the file has none.
  std::string TextAttribute(const char* attribute) const {
    const Hdf5Attribute opened = OpenAttribute(attribute);
    if (!opened) return {};
    const Hdf5Type type(H5Aget_type(opened.get()));
    const Hdf5Space space(H5Aget_space(opened.get()));
    if (!type || !space) Damaged(attribute);
    if (H5Sget_simple_extent_type(space.get()) == H5S_NULL) return {};  // h5py.Empty
    if (H5Tget_class(type.get()) != H5T_STRING || H5Sget_simple_extent_npoints(space.get()) != 1) {
      ThrowInput("{}: attribute {}: expected one text", name_, attribute);
    }
    if (H5Tis_variable_str(type.get()) > 0) {
      CheckRootAttributes(raw_, superblock_version_, &Heaps());
      char* text = nullptr;
      if (H5Aread(opened.get(), type.get(), &text) < 0) Damaged(attribute);
      const std::string value = text == nullptr ? "" : text;
      H5free_memory(text);
      return value;
    }
    const size_t size = H5Tget_size(type.get());
    if (size > kMaxStringBytes)
      ThrowInput("{}: attribute {}: text of {} bytes", name_, attribute, size);
    std::string value(size, '\0');
    if (H5Aread(opened.get(), type.get(), value.data()) < 0) Damaged(attribute);
    return std::string(TrimFixed(value, type.get()));
  }

  std::optional<int64_t> IntegerAttribute(const char* attribute) const {
    const Hdf5Attribute opened = OpenAttribute(attribute);
    if (!opened) return std::nullopt;
    const Hdf5Type type(H5Aget_type(opened.get()));
    const Hdf5Space space(H5Aget_space(opened.get()));
    if (!type || !space) Damaged(attribute);
    if (H5Sget_simple_extent_npoints(space.get()) != 1) {
      ThrowInput("{}: attribute {}: expected one number", name_, attribute);
    }
    RequireIntegers(type.get(), fmt::format("attribute {}", attribute));
    int64_t value = 0;
    if (H5Aread(opened.get(), H5T_NATIVE_INT64, &value) < 0) Damaged(attribute);
    return value;
  }

  [[noreturn]] void Damaged(const std::string& what) const {
    ThrowInput("{}: {}: cannot read: {}; the file is damaged", name_, what, Hdf5Reason());
  }

 private:
  // h5py's bool is an enumeration of int8.
  void RequireIntegers(hid_t type, const std::string& what) const {
    const Hdf5Type base(H5Tget_class(type) == H5T_ENUM ? H5Tget_super(type) : H5Tcopy(type));
    if (!IsStandardInteger(base.get())) {
      ThrowInput("{}: {}: {}, expected integers", name_, what, DescribeType(type));
    }
  }

  Hdf5Attribute OpenAttribute(const char* attribute) const {
    const htri_t exists = H5Aexists(file_, attribute);
    if (exists < 0) Damaged(fmt::format("attribute {}", attribute));
    if (exists == 0) return {};
    Hdf5Attribute opened(H5Aopen(file_, attribute, H5P_DEFAULT));
    if (!opened) Damaged(fmt::format("attribute {}", attribute));
    return opened;
  }

  // Nothing is allocated for elements that the file is too small to hold, and no other file is
  // opened on its behalf.
  void CheckStorage(const char* dataset, const OpenedDataset& opened) const {
    const Hdf5Properties creation(H5Dget_create_plist(opened.dataset.get()));
    if (!creation) Damaged(dataset);
    const H5D_layout_t layout = H5Pget_layout(creation.get());
    if (layout == H5D_VIRTUAL ||
        (layout == H5D_CONTIGUOUS && H5Pget_external_count(creation.get()) != 0)) {
      ThrowInput("{}: /{}: refers to other files, expected data in this file", name_, dataset);
    }
    if (layout != H5D_COMPACT && layout != H5D_CONTIGUOUS && layout != H5D_CHUNKED)
      Damaged(dataset);
    // Space that was never written takes no room in the file; it is not data.
    uint64_t available = std::min<uint64_t>(H5Dget_storage_size(opened.dataset.get()), file_bytes_);
    const size_t element = H5Tget_size(opened.type.get());
    if (element == 0 || element > kMaxStringBytes) {
      ThrowInput("{}: /{}: {} bytes per element", name_, dataset, element);
    }
    if (layout == H5D_CHUNKED) {
      std::array<hsize_t, H5S_MAX_RANK> chunk{};
      const int rank = H5Pget_chunk(creation.get(), static_cast<int>(chunk.size()), chunk.data());
      uint64_t chunk_bytes = element;
      for (int i = 0; i < rank; ++i) {
        const hsize_t extent = std::max<hsize_t>(chunk[static_cast<size_t>(i)], 1);
        if (extent > kMaxChunkBytes / chunk_bytes) {
          ThrowInput("{}: /{}: chunks larger than {} MiB: rewrite the file with smaller chunks",
                     name_, dataset, kMaxChunkBytes >> 20);
        }
        chunk_bytes *= extent;
      }
      // Shuffle, deflate, fletcher32: those that every HDF5 has, in the order in which h5py applies
      // them.
      constexpr std::array kFilters = {H5Z_FILTER_SHUFFLE, H5Z_FILTER_DEFLATE,
                                       H5Z_FILTER_FLETCHER32};
      std::array<bool, 3> used{};
      const int filters = H5Pget_nfilters(creation.get());
      size_t position = 0;
      for (int i = 0; i < filters; ++i) {
        unsigned flags = 0, config = 0;
        size_t values = 0;
        char filter_name[64] = "";
        const H5Z_filter_t filter =
            H5Pget_filter2(creation.get(), static_cast<unsigned>(i), &flags, &values, nullptr,
                           sizeof filter_name, filter_name, &config);
        while (position < kFilters.size() && kFilters[position] != filter) ++position;
        if (position == kFilters.size()) {
          ThrowInput(
              "{}: /{}: compressed with '{}' (filter {}), which this program cannot read: rewrite "
              "it "
              "uncompressed or with gzip",
              name_, dataset, filter_name, filter);
        }
        used[position++] = true;
      }
      const bool compressed = used[1];
      if (filters > 0) RequireSoundChunks(dataset, opened, chunk_bytes, compressed, used[2]);
      if (compressed) available *= kMaxCompression;
    }
    uint64_t elements_left = available / element;
    bool fits = true;
    for (const hsize_t extent : opened.shape) {
      if (extent == 0) {
        fits = true;
        break;
      }
      fits = fits && extent <= elements_left;
      elements_left /= extent;
    }
    if (!fits) {
      ThrowInput(
          "{}: /{}: {} {} do not fit into a file of {} bytes: it is truncated or was not written "
          "whole",
          name_, dataset, DescribeShape(opened.shape), DescribeType(opened.type.get()),
          file_bytes_);
    }
  }

  template <typename T>
  void ReadAll(const char* dataset, const OpenedDataset& opened, T* out) const {
    if (std::find(opened.shape.begin(), opened.shape.end(), 0u) != opened.shape.end()) return;
    if (H5Dread(opened.dataset.get(), NativeType<T>(), H5S_ALL, H5S_ALL, H5P_DEFAULT, out) < 0) {
      Damaged(fmt::format("/{}", dataset));
    }
  }

  static std::string_view TrimFixed(std::string_view text, hid_t type) {
    const std::string_view whole = text.substr(0, text.find('\0'));
    if (H5Tget_strpad(type) != H5T_STR_SPACEPAD) return whole;
    return whole.substr(0, whole.find_last_not_of(' ') + 1);
  }

  static Hdf5Space SelectRange(hid_t dataset, hsize_t begin, hsize_t count) {
    Hdf5Space space(H5Dget_space(dataset));
    H5Sselect_hyperslab(space.get(), H5S_SELECT_SET, &begin, nullptr, &count, nullptr);
    return space;
  }

  void FixedStrings(const char* dataset, const OpenedDataset& opened, hsize_t begin, hsize_t count,
                    std::vector<std::string>* values) const {
    const size_t size = H5Tget_size(opened.type.get());
    // Fewer at a time when they are long: the scratch stays within kScratchBytes.
    const hsize_t step = std::max<hsize_t>(1, static_cast<hsize_t>(kScratchBytes) / size);
    std::vector<char> block(std::min(step, count) * size);
    for (hsize_t at = begin; at < begin + count; at += step) {
      const hsize_t rows = std::min(step, begin + count - at);
      const Hdf5Space file_space = SelectRange(opened.dataset.get(), at, rows);
      const Hdf5Space memory_space(H5Screate_simple(1, &rows, nullptr));
      if (H5Dread(opened.dataset.get(), opened.type.get(), memory_space.get(), file_space.get(),
                  H5P_DEFAULT, block.data()) < 0) {
        Damaged(fmt::format("/{}", dataset));
      }
      for (hsize_t i = 0; i < rows; ++i) {
        values->emplace_back(TrimFixed({block.data() + i * size, size}, opened.type.get()));
      }
    }
  }

  const GlobalHeaps& Heaps() const {
    if (!heaps_) heaps_ = std::make_unique<GlobalHeaps>(raw_);
    return *heaps_;
  }

  void RequireSoundTexts(const char* dataset, const OpenedDataset& opened) const {
    const Hdf5Properties creation(H5Dget_create_plist(opened.dataset.get()));
    if (H5Pget_layout(creation.get()) != H5D_CONTIGUOUS) {
      ThrowInput(
          "{}: /{}: variable-length text in chunks: store it contiguously or with a fixed length",
          name_, dataset);
    }
    if (opened.shape[0] == 0) return;
    std::vector<uint8_t> references(opened.shape[0] * kReferenceBytes);
    raw_.Read(H5Dget_offset(opened.dataset.get()), references);
    Heaps().Check(references, fmt::format("/{}", dataset));
  }

  // libhdf5 does not check that a chunk unpacks to the chunk's size, and reads behind its end when
  // it does not.
  void RequireSoundChunks(const char* dataset, const OpenedDataset& opened, uint64_t chunk_bytes,
                          bool deflated, bool checksummed) const {
    constexpr hsize_t kMaxChunks =
        20000;  // finding the next one takes HDF5 a walk over all before it
    const Hdf5Space space(H5Dget_space(opened.dataset.get()));
    hsize_t chunks = 0;
    if (H5Dget_num_chunks(opened.dataset.get(), space.get(), &chunks) < 0) Damaged(dataset);
    if (chunks > kMaxChunks) {
      ThrowInput(
          "{}: /{}: {} compressed chunks, expected at most {}: rewrite it uncompressed or in "
          "larger chunks",
          name_, dataset, chunks, kMaxChunks);
    }
    std::vector<uint8_t> packed, unpacked(chunk_bytes + 1);
    for (hsize_t i = 0; i < chunks; ++i) {
      std::array<hsize_t, H5S_MAX_RANK> offset{};
      unsigned filters_left_out = 0;
      haddr_t address = 0;
      hsize_t size = 0;
      if (H5Dget_chunk_info(opened.dataset.get(), space.get(), i, offset.data(), &filters_left_out,
                            &address, &size) < 0) {
        Damaged(dataset);
      }
      if (filters_left_out != 0 || size > file_bytes_ || (checksummed && size < 4))
        Damaged(dataset);
      packed.resize(size);
      raw_.Read(address, packed);
      if (checksummed) packed.resize(size - 4);
      uLongf unpacked_bytes = packed.size();
      if (deflated) {
        unpacked_bytes = unpacked.size();
        if (::uncompress(unpacked.data(), &unpacked_bytes, packed.data(), packed.size()) != Z_OK)
          unpacked_bytes = 0;
      }
      if (unpacked_bytes != chunk_bytes) {
        ThrowInput("{}: /{}: chunk {} is damaged: it does not unpack to {} bytes", name_, dataset,
                   i, chunk_bytes);
      }
    }
  }

  void VariableStrings(const char* dataset, const OpenedDataset& opened, hsize_t begin,
                       hsize_t count, std::vector<std::string>* values) const {
    const Hdf5Space file_space = SelectRange(opened.dataset.get(), begin, count);
    const Hdf5Space memory_space(H5Screate_simple(1, &count, nullptr));
    std::vector<char*> texts(count, nullptr);
    const herr_t status = H5Dread(opened.dataset.get(), opened.type.get(), memory_space.get(),
                                  file_space.get(), H5P_DEFAULT, texts.data());
    if (status >= 0) {
      for (const char* text : texts) values->emplace_back(text == nullptr ? "" : text);
    }
    H5Dvlen_reclaim(opened.type.get(), memory_space.get(), H5P_DEFAULT, texts.data());
    if (status < 0) Damaged(fmt::format("/{}", dataset));
  }

  hid_t file_;
  const RawFile& raw_;
  uint64_t file_bytes_;
  const std::string& name_;
  int superblock_version_;
  mutable std::unique_ptr<GlobalHeaps> heaps_;  // read when a variable-length text is
};

herr_t CollectName(hid_t, const char* name, const H5L_info_t*, void* names) {
  auto& list = *static_cast<std::vector<std::string>*>(names);
  list.emplace_back(name);
  return list.size() < 8 ? 0 : 1;
}

// "/a, /b", for messages on files that are not ours.
std::string RootNames(hid_t file) {
  std::vector<std::string> names;
  H5Literate(file, H5_INDEX_NAME, H5_ITER_INC, nullptr, CollectName, &names);
  if (names.empty()) return "nothing";
  return "/" + JoinText(names, ", /");
}

}  // namespace

struct Hdf5FeatureReader::Impl {
  const RawFile& raw;
  const std::string& name;
  Hdf5File file;
  Hdf5Dataset features;
  FeatureContent content;

  explicit Impl(const RawFile& file_bytes) : raw(file_bytes), name(file_bytes.name()) {}
  void Load(const FileColumns& reader);
  void CheckSchema(const FileColumns& reader) const;
};

void Hdf5FeatureReader::Impl::CheckSchema(const FileColumns& reader) const {
  const std::string schema = reader.TextAttribute("schema");
  if (!schema.empty() && schema != kFeatureSchema) {
    ThrowInput("{}: schema '{}', expected '{}': not a feature file", name, schema, kFeatureSchema);
  }
  const int64_t version = reader.IntegerAttribute("schema_version").value_or(kFeatureSchemaVersion);
  if (version > kFeatureSchemaVersion) {
    ThrowInput("{}: feature schema {}, this is reidbench {} that reads up to {}: update reidbench",
               name, version, Version(), kFeatureSchemaVersion);
  }
  if (version < 1) ThrowInput("{}: attribute schema_version: {}, expected 1", name, version);
}

void Hdf5FeatureReader::Impl::Load(const FileColumns& reader) {
  CheckSchema(reader);
  if (!reader.Has("features")) {
    ThrowInput("{}: no dataset /features: not a feature file (it holds {})", name,
               RootNames(file.get()));
  }
  OpenedDataset matrix = reader.Open("features");
  if (matrix.shape.size() != 2) {
    ThrowInput("{}: /features: shape {}, expected [rows, dimensions]", name,
               DescribeShape(matrix.shape));
  }
  if (matrix.shape[1] < 1 || matrix.shape[1] > kMaxFeatureDim) {
    ThrowInput("{}: /features: {} dimensions a row, expected 1 to {}", name, matrix.shape[1],
               kMaxFeatureDim);
  }
  const bool half = IsFloat16(matrix.type.get());
  if (!half && !IsFloat32Or64(matrix.type.get())) {
    ThrowInput("{}: /features: {}, expected float32 or float16", name,
               DescribeType(matrix.type.get()));
  }
  if (matrix.shape[0] > static_cast<hsize_t>(std::numeric_limits<int64_t>::max() / 64)) {
    ThrowInput("{}: /features: {} rows", name, matrix.shape[0]);
  }
  features = std::move(matrix.dataset);
  content.rows = static_cast<int64_t>(matrix.shape[0]);
  content.dim = static_cast<int>(matrix.shape[1]);
  content.type = half ? FeatureType::kFloat16 : FeatureType::kFloat32;
  const Hdf5Properties creation(H5Dget_create_plist(features.get()));
  if (H5Pget_layout(creation.get()) == H5D_CONTIGUOUS &&
      IsAnyOf(matrix.type.get(), {HalfType().get(), H5T_IEEE_F32LE})) {
    const haddr_t offset = H5Dget_offset(features.get());
    if (offset != HADDR_UNDEF) content.payload = offset;
  }
  LoadLabels(reader, name, true, &content);
  if (reader.Has("skipped")) content.skipped = reader.Strings("skipped", reader.Open("skipped"));
  FeatureProvenance& provenance = content.provenance;
  provenance.weights_sha256 = reader.TextAttribute("weights_sha256");
  provenance.weights_file = reader.TextAttribute("weights_file");
  provenance.architecture = reader.TextAttribute("architecture");
  provenance.preprocessing = reader.TextAttribute("preprocessing");
  provenance.engine = reader.TextAttribute("engine");
  provenance.precision = reader.TextAttribute("precision");
  provenance.normalized = reader.IntegerAttribute("normalized").value_or(0) != 0;
  provenance.dataset = reader.TextAttribute("dataset");
  provenance.dataset_fingerprint = reader.TextAttribute("dataset_fingerprint");
  provenance.reidbench_version = reader.TextAttribute("reidbench_version");
}

Hdf5FeatureReader::Hdf5FeatureReader(const RawFile& raw, int superblock_version)
    : impl_(std::make_unique<Impl>(raw)) {
  QuietHdf5();
  // Superblocks 0 and 1 go with groups that have no checksums.
  if (superblock_version <= 1) {
    CheckLocalHeaps(raw);
    CheckRootAttributes(raw, superblock_version, nullptr);
  }
  const Hdf5Properties access = FileAccess();
  if (const std::vector<uint8_t>& image = raw.image(); !image.empty()) {
    H5Pset_fapl_core(access.get(), 1 << 16, false);
    // HDF5 copies the image; the interface merely lacks a const.
    H5Pset_file_image(access.get(), const_cast<uint8_t*>(image.data()), image.size());
  }
  impl_->file = Hdf5File(H5Fopen(raw.name().c_str(), H5F_ACC_RDONLY, access.get()));
  if (!impl_->file) {
    const std::string reason = Hdf5Reason();
    if (raw.image().empty()) {
      const int descriptor = ::open(raw.name().c_str(), O_RDONLY | O_CLOEXEC);
      if (descriptor < 0) ThrowIo("{}: cannot open: {}", raw.name(), std::strerror(errno));
      ::close(descriptor);
    }
    ThrowInput("{}: cannot open as HDF5: {}; the file is damaged", raw.name(), reason);
  }
  impl_->Load(FileColumns(impl_->file.get(), raw, superblock_version));
}

Hdf5FeatureReader::~Hdf5FeatureReader() = default;

FeatureContent& Hdf5FeatureReader::content() { return impl_->content; }

void Hdf5FeatureReader::ReadRows(int64_t begin, int64_t count, float* out) const {
  const std::array<hsize_t, 2> start = {static_cast<hsize_t>(begin), 0};
  const std::array<hsize_t, 2> extent = {static_cast<hsize_t>(count),
                                         static_cast<hsize_t>(impl_->content.dim)};
  const Hdf5Space file_space(H5Dget_space(impl_->features.get()));
  const Hdf5Space memory_space(H5Screate_simple(2, extent.data(), nullptr));
  H5Sselect_hyperslab(file_space.get(), H5S_SELECT_SET, start.data(), nullptr, extent.data(),
                      nullptr);
  if (H5Dread(impl_->features.get(), H5T_NATIVE_FLOAT, memory_space.get(), file_space.get(),
              H5P_DEFAULT, out) < 0) {
    ThrowIo("{}: /features: rows {} to {}: cannot read: {}", impl_->name, begin, begin + count - 1,
            Hdf5Reason());
  }
}

}  // namespace reidbench
