#include "reidbench/features/feature_store.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

#include <Eigen/Core>
#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>
#include <type_traits>
#include <utility>

#include "reidbench/core/error.h"
#include "reidbench/core/files.h"
#include "reidbench/core/text.h"
#include "reidbench/core/version.h"
#include "reidbench/features/hdf5_guard.h"
#include "reidbench/features/hdf5_handle.h"

namespace reidbench {
namespace {

namespace fs = std::filesystem;

constexpr const char* kSchema = "reidbench.features";
constexpr std::array<Split, 5> kSplits = {Split::kTrain, Split::kVal, Split::kQuery,
                                          Split::kGallery, Split::kNone};

constexpr int64_t kScratchBytes = 8 << 20;
// Rows not asked for are read along when they cost less than a further call.
constexpr int64_t kGapBytes = 64 << 10;
// Deflate shrinks at most 1032 times; more than this cannot be in a file of a given size.
constexpr uint64_t kMaxCompression = 1100;
constexpr uint64_t kMaxChunkBytes = 64 << 20;
constexpr size_t kMaxStringBytes = 64 << 10;
constexpr size_t kMaxAttributeBytes = 60 << 10;  // an object header message holds 64 KiB
constexpr int64_t kMaxDim = 1 << 20;
constexpr size_t kStringRowsPerRead = 4096;

Hdf5Type HalfType() {
  Hdf5Type half(H5Tcopy(H5T_IEEE_F32LE));
  H5Tset_fields(half.get(), 15, 10, 5, 0, 10);
  H5Tset_size(half.get(), 2);
  H5Tset_ebias(half.get(), 15);
  return half;
}

Hdf5Type HalfTypeBigEndian() {
  Hdf5Type half = HalfType();
  H5Tset_order(half.get(), H5T_ORDER_BE);
  return half;
}

// UTF-8 of a fixed number of bytes, padded with zeros.
Hdf5Type TextType(size_t bytes) {
  Hdf5Type text(H5Tcopy(H5T_C_S1));
  H5Tset_size(text.get(), bytes);
  H5Tset_strpad(text.get(), H5T_STR_NULLPAD);
  H5Tset_cset(text.get(), H5T_CSET_UTF8);
  return text;
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

// ---- Reading ----

struct OpenedDataset {
  Hdf5Dataset dataset;
  Hdf5Type type;
  std::vector<hsize_t> shape;
};

class Reader {
 public:
  Reader(hid_t file, const RawFile& raw, int superblock_version)
      : file_(file),
        raw_(raw),
        file_bytes_(raw.bytes()),
        name_(raw.name()),
        superblock_version_(superblock_version) {}

  bool Has(const char* dataset) const {
    H5L_info_t link;
    if (H5Lexists(file_, dataset, H5P_DEFAULT) <= 0) return false;
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

  // [n] integers of any width and sign.
  std::vector<int64_t> Integers(const char* dataset, hsize_t n) const {
    const OpenedDataset opened = Open(dataset);
    RequireShape(dataset, opened, std::array{n});
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

  std::vector<double> Doubles(const char* dataset, hsize_t rows, hsize_t columns) const {
    const OpenedDataset opened = Open(dataset);
    RequireShape(dataset, opened, std::array{rows, columns});
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

  std::vector<std::string> Strings(const char* dataset, hsize_t n) const {
    const OpenedDataset opened = Open(dataset);
    RequireShape(dataset, opened, std::array{n});
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
  if (a.weights_sha256 != b.weights_sha256) {
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
  std::string name;
  Hdf5File file;
  Hdf5Dataset features;
  bool half = false;
  int64_t rows = 0;
  int dim = 0;
  FeatureProvenance provenance;
  FeatureLabels labels;
  std::vector<std::string> skipped;

  void Open(std::unique_ptr<RawFile> opened);
  void Load(const Reader& reader);
  void LoadLabels(const Reader& reader);
  void CheckSchema(const Reader& reader) const;
  void ReadRange(int64_t begin, int64_t count, float* out,
                 std::vector<uint16_t>* half_scratch) const;
};

void FeatureFile::Impl::CheckSchema(const Reader& reader) const {
  const std::string schema = reader.TextAttribute("schema");
  if (!schema.empty() && schema != kSchema) {
    ThrowInput("{}: schema '{}', expected '{}': not a feature file", name, schema, kSchema);
  }
  const int64_t version = reader.IntegerAttribute("schema_version").value_or(kFeatureSchemaVersion);
  if (version > kFeatureSchemaVersion) {
    ThrowInput("{}: feature schema {}, this is reidbench {} that reads up to {}: update reidbench",
               name, version, Version(), kFeatureSchemaVersion);
  }
  if (version < 1) ThrowInput("{}: attribute schema_version: {}, expected 1", name, version);
}

void FeatureFile::Impl::LoadLabels(const Reader& reader) {
  const auto n = static_cast<hsize_t>(rows);
  const auto read_ids = [&](const char* dataset, auto* ids) {
    if (!reader.Has(dataset)) return;
    const std::vector<int64_t> values = reader.Integers(dataset, n);
    ids->reserve(values.size());
    for (const int64_t value : values) ids->emplace_back(value);
  };
  read_ids("person_id", &labels.person_id);
  read_ids("camera_id", &labels.camera_id);
  read_ids("frame", &labels.frame);
  read_ids("track_id", &labels.track_id);
  if (reader.Has("split")) {
    const OpenedDataset split = reader.Open("split");
    reader.RequireShape("split", split, std::array{n});
    labels.split.reserve(n);
    const auto add = [&](std::optional<Split> value, const auto& found) {
      if (!value) {
        ThrowInput("{}: /split: row {}: {}, expected 0 train, 1 val, 2 query, 3 gallery or 4 none",
                   name, labels.split.size(), found);
      }
      labels.split.push_back(*value);
    };
    if (H5Tget_class(split.type.get()) == H5T_STRING) {
      for (const std::string& text : reader.Strings("split", split)) add(ParseSplit(text), text);
    } else {
      for (const int64_t value : reader.Integers("split", split)) {
        const bool known = value >= 0 && value < static_cast<int64_t>(kSplits.size());
        add(known ? std::optional(kSplits[static_cast<size_t>(value)]) : std::nullopt, value);
      }
    }
  }
  if (reader.Has("path")) labels.path = reader.Strings("path", n);
  if (reader.Has("box_ltwh")) {
    const std::vector<double> boxes = reader.Doubles("box_ltwh", n, 4);
    for (size_t i = 0; i < boxes.size(); i += 4) {
      labels.box_ltwh.push_back({boxes[i], boxes[i + 1], boxes[i + 2], boxes[i + 3]});
    }
  }
  // Either kind of labels must be whole.
  const bool tracks = reader.Has("track_id") || reader.Has("frame");
  const bool persons = reader.Has("person_id") || reader.Has("camera_id") || reader.Has("split");
  for (const char* dataset : {"person_id", "camera_id", "split"}) {
    if ((persons || !tracks) && !reader.Has(dataset)) {
      ThrowInput("{}: no dataset /{}: expected one of shape [{}]", name, dataset, rows);
    }
  }
  for (const char* dataset : {"frame", "track_id"}) {
    if (tracks && !reader.Has(dataset)) {
      ThrowInput("{}: no dataset /{}: expected one of shape [{}]", name, dataset, rows);
    }
  }
}

void FeatureFile::Impl::Open(std::unique_ptr<RawFile> opened) {
  raw = std::move(opened);
  name = raw->name();
  // Superblocks 0 and 1 go with groups that have no checksums.
  const int superblock_version = CheckSuperblock(*raw);
  if (superblock_version <= 1) {
    CheckLocalHeaps(*raw);
    CheckRootAttributes(*raw, superblock_version, nullptr);
  }
  const Hdf5Properties access = FileAccess();
  if (const std::vector<uint8_t>& image = raw->image(); !image.empty()) {
    H5Pset_fapl_core(access.get(), 1 << 16, false);
    // HDF5 copies the image; the interface merely lacks a const.
    H5Pset_file_image(access.get(), const_cast<uint8_t*>(image.data()), image.size());
  }
  file = Hdf5File(H5Fopen(name.c_str(), H5F_ACC_RDONLY, access.get()));
  if (!file) ThrowInput("{}: cannot open as HDF5: {}; the file is damaged", name, Hdf5Reason());
  Load(Reader(file.get(), *raw, superblock_version));
}

void FeatureFile::Impl::Load(const Reader& reader) {
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
  if (matrix.shape[1] < 1 || matrix.shape[1] > kMaxDim) {
    ThrowInput("{}: /features: {} dimensions a row, expected 1 to {}", name, matrix.shape[1],
               kMaxDim);
  }
  half = IsFloat16(matrix.type.get());
  if (!half && !IsFloat32Or64(matrix.type.get())) {
    ThrowInput("{}: /features: {}, expected float32 or float16", name,
               DescribeType(matrix.type.get()));
  }
  if (matrix.shape[0] > static_cast<hsize_t>(std::numeric_limits<int64_t>::max() / 64)) {
    ThrowInput("{}: /features: {} rows", name, matrix.shape[0]);
  }
  features = std::move(matrix.dataset);
  rows = static_cast<int64_t>(matrix.shape[0]);
  dim = static_cast<int>(matrix.shape[1]);
  LoadLabels(reader);
  if (reader.Has("skipped")) skipped = reader.Strings("skipped", reader.Open("skipped"));
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

FeatureFile::FeatureFile(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
FeatureFile::~FeatureFile() {
  if (impl_) QuietHdf5();
}
FeatureFile::FeatureFile(FeatureFile&&) noexcept = default;

FeatureFile::FeatureFile(const fs::path& path) : impl_(std::make_unique<Impl>()) {
  QuietHdf5();
  std::error_code error;
  if (fs::is_directory(path, error))
    ThrowIo("{}: is a folder, expected a feature file", path.string());
  impl_->Open(std::make_unique<RawFile>(path));
}

FeatureFile FeatureFile::FromBytes(std::span<const uint8_t> bytes, const std::string& name) {
  QuietHdf5();
  auto impl = std::make_unique<Impl>();
  impl->Open(std::make_unique<RawFile>(bytes, name));
  return FeatureFile(std::move(impl));
}

int64_t FeatureFile::rows() const { return impl_->rows; }
int FeatureFile::dim() const { return impl_->dim; }
const std::string& FeatureFile::path() const { return impl_->name; }
const FeatureProvenance& FeatureFile::provenance() const { return impl_->provenance; }
const FeatureLabels& FeatureFile::labels() const { return impl_->labels; }
const std::vector<std::string>& FeatureFile::skipped() const { return impl_->skipped; }

// Rows [begin, begin + count) to `out`, checked.
void FeatureFile::Impl::ReadRange(int64_t begin, int64_t count, float* out,
                                  std::vector<uint16_t>* half_scratch) const {
  const std::array<hsize_t, 2> start = {static_cast<hsize_t>(begin), 0};
  const std::array<hsize_t, 2> extent = {static_cast<hsize_t>(count), static_cast<hsize_t>(dim)};
  const Hdf5Space file_space(H5Dget_space(features.get()));
  const Hdf5Space memory_space(H5Screate_simple(2, extent.data(), nullptr));
  H5Sselect_hyperslab(file_space.get(), H5S_SELECT_SET, start.data(), nullptr, extent.data(),
                      nullptr);
  const size_t values = extent[0] * extent[1];
  herr_t status = 0;
  if (half) {
    // HDF5 converts float16 in software, value by value; Eigen uses the processor's instruction.
    half_scratch->resize(values);
    status = H5Dread(features.get(), HalfType().get(), memory_space.get(), file_space.get(),
                     H5P_DEFAULT, half_scratch->data());
    const auto* halves = reinterpret_cast<const Eigen::half*>(half_scratch->data());
    if (status >= 0) {
      Eigen::Map<Eigen::ArrayXf>(out, static_cast<Eigen::Index>(values)) =
          Eigen::Map<const Eigen::Array<Eigen::half, Eigen::Dynamic, 1>>(
              halves, static_cast<Eigen::Index>(values))
              .cast<float>();
    }
  } else {
    status = H5Dread(features.get(), H5T_NATIVE_FLOAT, memory_space.get(), file_space.get(),
                     H5P_DEFAULT, out);
  }
  if (status < 0) {
    ThrowIo("{}: /features: rows {} to {}: cannot read: {}", name, begin, begin + count - 1,
            Hdf5Reason());
  }
}

std::vector<size_t> FeatureFile::ReadRowsUnchecked(std::span<const int64_t> rows,
                                                   float* out) const {
  QuietHdf5();
  const int64_t dim = impl_->dim;
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
  if (!rows.empty()) REIDBENCH_CHECK(row_at(0) >= 0 && row_at(rows.size() - 1) < impl_->rows);

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
  const auto dim = static_cast<size_t>(impl_->dim);
  ThrowNotFinite(impl_->name, rows[first], std::span<const float>(out + first * dim, dim),
                 impl_->labels);
}

FeatureMatrix FeatureFile::ReadRows(std::span<const int64_t> rows) const {
  FeatureMatrix features(static_cast<int64_t>(rows.size()), impl_->dim);
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
  text("schema", kSchema);
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
  QuietHdf5();
  REIDBENCH_CHECK(dim >= 1 && dim <= kMaxDim);
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
    for (const Split value : kSplits) names.emplace_back(SplitName(value));
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
  if (impl_) QuietHdf5();
}

void FeatureFileWriter::Append(std::span<const float> rows) {
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
  QuietHdf5();
  Impl& file = *impl_;
  REIDBENCH_CHECK(file.written == file.rows);
  if (!file.features.Reset() || H5Fflush(file.file.get(), H5F_SCOPE_GLOBAL) < 0 ||
      !file.file.Reset()) {
    file.WriteFailed();
  }
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
