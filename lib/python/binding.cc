#include "binding.h"

#include <chrono>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>

#include "reidbench/core/error.h"
#include "reidbench/core/interrupt.h"

namespace reidbench::python {
namespace {

constexpr std::chrono::milliseconds kSignalsEvery{50};

// The flag is the whole process's: it falls when the last computation that it could end has ended.
class Computation {
 public:
  Computation() {
    const std::lock_guard lock(mutex);
    ++running;
  }
  ~Computation() {
    const std::lock_guard lock(mutex);
    if (--running == 0) SetInterruptRequested(false);
  }
  Computation(const Computation&) = delete;
  Computation& operator=(const Computation&) = delete;

 private:
  static inline std::mutex mutex;
  static inline int running = 0;
};

}  // namespace

FeatureView ViewOfArray(const Floats& matrix) {
  REIDBENCH_CHECK(matrix.ndim() == 2);
  return {matrix.data(), matrix.shape(0), matrix.shape(1)};
}

void RunInterruptible(const std::function<void()>& compute) {
  std::mutex mutex;
  std::condition_variable changed;
  bool done = false;
  std::exception_ptr thrown;
  bool interrupted = false;
  {
    const py::gil_scoped_release without_lock;
    const Computation computation;
    std::thread worker([&] {
      try {
        compute();
      } catch (...) {
        thrown = std::current_exception();
      }
      const std::lock_guard lock(mutex);
      done = true;
      changed.notify_one();
    });
    {
      std::unique_lock lock(mutex);
      while (!changed.wait_for(lock, kSignalsEvery, [&] { return done; })) {
        if (interrupted) continue;
        lock.unlock();
        {
          const py::gil_scoped_acquire with_lock;
          interrupted = PyErr_CheckSignals() != 0;
        }
        if (interrupted) SetInterruptRequested(true);
        lock.lock();
      }
    }
    worker.join();
  }
  if (interrupted) throw py::error_already_set();  // as the handler of the signal left it
  if (thrown) std::rethrow_exception(thrown);
}

py::str DecodedText(std::string_view text) {
  PyObject* decoded =
      PyUnicode_DecodeUTF8(text.data(), static_cast<Py_ssize_t>(text.size()), "surrogateescape");
  if (decoded == nullptr) throw py::error_already_set();
  return py::reinterpret_steal<py::str>(decoded);
}

py::list DecodedTexts(const std::vector<std::string>& texts) {
  py::list list;
  for (const std::string& text : texts) list.append(DecodedText(text));
  return list;
}

void ThrowUnknownWord(std::string_view argument, std::string_view word, std::string_view expected) {
  ThrowUsage("{}: expected {}, found '{}'", argument, expected, word);
}

}  // namespace reidbench::python
