#include "reidbench/features/hdf5_process.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <ctime>
#include <exception>
#include <limits>
#include <stdexcept>
#include <string_view>
#include <type_traits>
#include <utility>

#include "reidbench/core/error.h"
#include "reidbench/core/interrupt.h"
#include "reidbench/features/hdf5_handle.h"
#include "reidbench/features/hdf5_reader.h"

namespace reidbench {
namespace {

// A message is its length (8 bytes) and its content, which begins with what it is.
constexpr uint8_t kResult = 0;
constexpr uint8_t kFirstKind = 1;  // plus the ErrorKind
constexpr size_t kStep = 1 << 20;

// One description for both directions: Writer and MessageReader have the same functions.
class Writer {
 public:
  explicit Writer(std::vector<uint8_t>* out) : out_(*out) {}
  void Bytes(const void* data, size_t size) {
    const auto* bytes = static_cast<const uint8_t*>(data);
    out_.insert(out_.end(), bytes, bytes + size);
  }
  template <typename T>
  void Plain(T* value) {
    static_assert(std::is_trivially_copyable_v<T>);
    Bytes(value, sizeof(T));
  }
  template <typename T>
  void Plains(std::vector<T>* values) {
    uint64_t count = values->size();
    Plain(&count);
    Bytes(values->data(), count * sizeof(T));
  }
  void Text(std::string* text) {
    uint64_t count = text->size();
    Plain(&count);
    Bytes(text->data(), count);
  }
  void Texts(std::vector<std::string>* texts) {
    std::vector<uint64_t> sizes;
    size_t bytes = 0;
    for (const std::string& text : *texts) bytes += sizes.emplace_back(text.size());
    Plains(&sizes);
    out_.reserve(out_.size() + bytes);
    for (const std::string& text : *texts) Bytes(text.data(), text.size());
  }

 private:
  std::vector<uint8_t>& out_;
};

// Throws std::length_error where the message is shorter than it says.
class MessageReader {
 public:
  explicit MessageReader(std::span<const uint8_t> bytes) : bytes_(bytes) {}
  std::span<const uint8_t> Take(uint64_t count, uint64_t size) {
    if (count > bytes_.size() / size) throw std::length_error("message");
    const std::span<const uint8_t> taken = bytes_.first(count * size);
    bytes_ = bytes_.subspan(count * size);
    return taken;
  }
  template <typename T>
  void Plain(T* value) {
    std::memcpy(value, Take(1, sizeof(T)).data(), sizeof(T));
  }
  template <typename T>
  void Plains(std::vector<T>* values) {
    uint64_t count = 0;
    Plain(&count);
    const std::span<const uint8_t> taken = Take(count, sizeof(T));
    values->resize(count);
    if (count > 0) std::memcpy(static_cast<void*>(values->data()), taken.data(), taken.size());
  }
  void Text(std::string* text) {
    uint64_t count = 0;
    Plain(&count);
    const std::span<const uint8_t> taken = Take(count, 1);
    text->assign(taken.begin(), taken.end());
  }
  void Texts(std::vector<std::string>* texts) {
    std::vector<uint64_t> sizes;
    Plains(&sizes);
    texts->reserve(sizes.size());
    for (const uint64_t size : sizes) {
      const std::span<const uint8_t> taken = Take(size, 1);
      texts->emplace_back(taken.begin(), taken.end());
    }
  }

 private:
  std::span<const uint8_t> bytes_;
};

template <typename Archive>
void Transfer(Archive* archive, FeatureContent* content) {
  archive->Plain(&content->rows);
  archive->Plain(&content->dim);
  archive->Plain(&content->type);
  uint64_t payload = content->payload.value_or(std::numeric_limits<uint64_t>::max());
  archive->Plain(&payload);
  content->payload =
      payload == std::numeric_limits<uint64_t>::max() ? std::nullopt : std::optional(payload);
  FeatureProvenance& provenance = content->provenance;
  for (std::string* text :
       {&provenance.weights_sha256, &provenance.weights_file, &provenance.architecture,
        &provenance.preprocessing, &provenance.engine, &provenance.precision, &provenance.dataset,
        &provenance.dataset_fingerprint, &provenance.reidbench_version}) {
    archive->Text(text);
  }
  uint8_t normalized = provenance.normalized ? 1 : 0;
  archive->Plain(&normalized);
  provenance.normalized = normalized != 0;
  FeatureLabels& labels = content->labels;
  archive->Plains(&labels.person_id);
  archive->Plains(&labels.camera_id);
  archive->Plains(&labels.split);
  archive->Plains(&labels.frame);
  archive->Plains(&labels.track_id);
  archive->Plains(&labels.box_ltwh);
  archive->Texts(&labels.path);
  archive->Texts(&content->skipped);
}

// Whether what was received may be used: a library that damage confused may say anything.
bool IsSound(const FeatureContent& content, uint64_t file_bytes) {
  const auto n = static_cast<uint64_t>(content.rows);
  const FeatureLabels& labels = content.labels;
  const auto whole = [&](size_t size) { return size == 0 || size == n; };
  const auto is_split = [](Split split) {
    return std::find(kFeatureSplits.begin(), kFeatureSplits.end(), split) != kFeatureSplits.end();
  };
  return content.rows >= 0 && content.rows <= std::numeric_limits<int64_t>::max() / 64 &&
         content.dim >= 1 && content.dim <= kMaxFeatureDim && whole(labels.person_id.size()) &&
         whole(labels.frame.size()) && whole(labels.path.size()) && whole(labels.box_ltwh.size()) &&
         labels.person_id.size() == labels.camera_id.size() &&
         labels.person_id.size() == labels.split.size() &&
         labels.frame.size() == labels.track_id.size() &&
         std::all_of(labels.split.begin(), labels.split.end(), is_split) &&
         (!content.payload ||
          (*content.payload <= file_bytes && n <= file_bytes / static_cast<uint64_t>(content.dim) &&
           content.payload_bytes() <= file_bytes - *content.payload));
}

bool SendAll(int socket, std::span<const uint8_t> bytes) {
  while (!bytes.empty()) {
    const ssize_t put = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) return false;
    bytes = bytes.subspan(static_cast<size_t>(put));
  }
  return true;
}

bool SendMessage(int socket, std::span<const uint8_t> message) {
  const uint64_t size = message.size();
  return SendAll(socket, {reinterpret_cast<const uint8_t*>(&size), sizeof size}) &&
         SendAll(socket, message);
}

struct Request {
  int64_t begin = 0;
  int64_t count = 0;
};

// Answers with what `work` appends to a message, or with its error.
template <typename Work>
bool Answer(int socket, const Work& work) {
  std::vector<uint8_t> message = {kResult};
  const auto fail = [&](ErrorKind kind, std::string_view text) {
    message.assign(1, static_cast<uint8_t>(kFirstKind + static_cast<int>(kind)));
    message.insert(message.end(), text.begin(), text.end());
  };
  try {
    work(&message);
  } catch (const Error& error) {
    fail(error.kind(), error.what());
  } catch (const std::bad_alloc&) {
    fail(ErrorKind::kIo, "out of memory");
  } catch (const std::exception& error) {
    fail(ErrorKind::kInternal, error.what());
  }
  return SendMessage(socket, message) && message.front() == kResult;
}

// Signals are the parent's affair, and so are its files, locks among them.
void Detach(int socket, int file, pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(0);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) ::signal(signal, SIG_IGN);
  // A crash is an answer: no core file, and no handler that reports it as a bug of this program.
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
  for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT}) ::signal(signal, SIG_DFL);
  const int nowhere = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  if (nowhere >= 0) {
    for (const int standard : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
      if (standard != socket && standard != file) ::dup2(nowhere, standard);
    }
  }
  unsigned from = STDERR_FILENO + 1;
  const int first = std::min(socket, file);
  const int second = std::max(socket, file);
  for (const int kept : {first, second}) {
    if (kept < static_cast<int>(from)) continue;
    if (static_cast<unsigned>(kept) > from) ::close_range(from, static_cast<unsigned>(kept) - 1, 0);
    from = static_cast<unsigned>(kept) + 1;
  }
  ::close_range(from, std::numeric_limits<unsigned>::max(), 0);
}

[[noreturn]] void Serve(const RawFile& raw, int superblock_version, int socket, pid_t parent) {
  Detach(socket, raw.descriptor(), parent);
  std::unique_ptr<Hdf5FeatureReader> reader;
  bool more = Answer(socket, [&](std::vector<uint8_t>* message) {
    reader = std::make_unique<Hdf5FeatureReader>(raw, superblock_version);
    Writer writer(message);
    Transfer(&writer, &reader->content());
  });
  more = more && !reader->content().payload;
  std::vector<float> rows;
  Request request;
  while (more && ::recv(socket, &request, sizeof request, MSG_WAITALL) == sizeof request) {
    more = Answer(socket, [&](std::vector<uint8_t>* message) {
      rows.resize(static_cast<size_t>(request.count * reader->content().dim));
      reader->ReadRows(request.begin, request.count, rows.data());
      Writer(message).Bytes(rows.data(), rows.size() * sizeof(float));
    });
  }
  // Not exit(): the parent's buffers and handlers are the parent's affair.
  ::_exit(0);
}

// Processor seconds of a process; 0 when it is gone.
double CpuSeconds(pid_t process) {
  clockid_t clock{};
  timespec used{};
  if (::clock_getcpuclockid(process, &clock) != 0 || ::clock_gettime(clock, &used) != 0) return 0;
  return static_cast<double>(used.tv_sec) + 1e-9 * static_cast<double>(used.tv_nsec);
}

// Unpacking runs at far more than 10 MB/s, and all else takes moments.
double CpuLimit(uint64_t bytes) { return 20 + static_cast<double>(bytes) / 1e7; }

}  // namespace

Hdf5Process::Hdf5Process(const RawFile& raw, int superblock_version) : raw_(raw) {
  std::array<int, 2> ends{};
  const auto cannot = [&](const char* what) {
    ThrowIo("{}: cannot read: {}: {}", raw.name(), what, std::strerror(errno));
  };
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
    cannot("no channel to a reading process");
  const pid_t parent = ::getpid();
  {
    const std::lock_guard lock(Hdf5Mutex());
    child_ = ::fork();
  }
  if (child_ == 0) Serve(raw, superblock_version, ends[1], parent);
  ::close(ends[1]);
  socket_ = ends[0];
  if (child_ < 0) {
    const int reason = errno;
    End();
    errno = reason;
    cannot("no reading process");
  }
  cpu_limit_s_ = CpuLimit(raw.bytes());
  try {
    const std::vector<uint8_t> message = ReceiveMessage();
    MessageReader reader(message);
    Transfer(&reader, &content_);
    if (!IsSound(content_, raw.bytes())) throw std::length_error("message");
  } catch (const std::length_error&) {
    End();
    ThrowLost();
  } catch (...) {
    End();
    throw;
  }
  if (content_.payload) End();
}

Hdf5Process::~Hdf5Process() { End(); }

void Hdf5Process::End() {
  if (socket_ >= 0) ::close(std::exchange(socket_, -1));
  if (child_ <= 0) return;
  ::kill(child_, SIGKILL);
  while (::waitpid(child_, nullptr, 0) < 0 && errno == EINTR) {
  }
  child_ = -1;
}

void Hdf5Process::ThrowLost() {
  ThrowInput(
      "{}: the file is damaged: the HDF5 library fails over it; extract the features again, or "
      "copy the file again from where it is whole",
      raw_.name());
}

void Hdf5Process::Receive(std::span<uint8_t> out) {
  while (!out.empty()) {
    pollfd waiting{socket_, POLLIN, 0};
    const int ready = ::poll(&waiting, 1, 200);
    if (InterruptRequested()) throw Interrupted("interrupted while features were read");
    if (ready == 0 && CpuSeconds(child_) > cpu_limit_s_) ThrowLost();
    if (ready <= 0) continue;
    const ssize_t got = ::recv(socket_, out.data(), out.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) {
      int status = 0;
      if (::waitpid(child_, &status, 0) == child_) {
        child_ = -1;
        if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
          ThrowIo("{}: the process that read it was killed: out of memory?", raw_.name());
      }
      ThrowLost();
    }
    out = out.subspan(static_cast<size_t>(got));
  }
}

std::vector<uint8_t> Hdf5Process::ReceiveMessage() {
  uint64_t left = 0;
  Receive({reinterpret_cast<uint8_t*>(&left), sizeof left});
  uint8_t kind = 0;
  if (left == 0) ThrowLost();
  Receive({&kind, 1});
  --left;
  // It grows with what has come, not with what was promised.
  std::vector<uint8_t> message;
  while (left > 0) {
    const size_t step = std::min<uint64_t>(left, std::max(kStep, message.size()));
    message.resize(message.size() + step);
    Receive(std::span(message).last(step));
    left -= step;
  }
  if (kind == kResult) return message;
  const int error = kind - kFirstKind;
  if (error > static_cast<int>(ErrorKind::kInternal)) ThrowLost();
  throw Error(static_cast<ErrorKind>(error), std::string(message.begin(), message.end()));
}

void Hdf5Process::ReadRows(int64_t begin, int64_t count, float* out) {
  const Request request{begin, count};
  cpu_limit_s_ = CpuSeconds(child_) + CpuLimit(raw_.bytes());
  if (socket_ < 0 ||
      !SendAll(socket_, {reinterpret_cast<const uint8_t*>(&request), sizeof request}))
    ThrowLost();
  const std::vector<uint8_t> message = ReceiveMessage();
  if (message.size() != static_cast<size_t>(count * content_.dim) * sizeof(float)) ThrowLost();
  std::memcpy(out, message.data(), message.size());
}

}  // namespace reidbench
