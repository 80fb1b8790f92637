// The extension module reidbench._core: what the library computes, for arrays. The package's .py
// files check arguments and give results their names.
#include <exception>
#include <memory>
#include <mutex>
#include <string>

#include "binding.h"
#include "reidbench/core/error.h"
#include "reidbench/core/parallel.h"
#include "reidbench/core/version.h"

namespace reidbench::python {
namespace {

// Classes of reidbench/_errors.py. They live as long as the process: translators may run late.
struct ErrorClasses {
  py::object input;
  py::object io;
  py::object internal;
};
const ErrorClasses* error_classes = nullptr;

PyObject* ClassOf(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kUsage:
    case ErrorKind::kConfig:
    case ErrorKind::kInput:
    case ErrorKind::kModel:
      return error_classes->input.ptr();
    case ErrorKind::kIo:
      return error_classes->io.ptr();
    case ErrorKind::kInternal:
      break;
  }
  return error_classes->internal.ptr();
}

void Translate(std::exception_ptr thrown) {
  try {
    if (thrown) std::rethrow_exception(thrown);
  } catch (const Error& error) {
    PyErr_SetObject(ClassOf(error.kind()), DecodedText(error.what()).ptr());
  } catch (const Interrupted&) {
    PyErr_SetNone(PyExc_KeyboardInterrupt);
  }
}

void SetThreads(int threads) {
  static std::mutex mutex;
  static std::unique_ptr<ThreadLimit> limit;
  if (threads < 0) ThrowUsage("threads: expected 0 (all) or a positive number, found {}", threads);
  const std::lock_guard lock(mutex);
  limit.reset();
  if (threads > 0) limit = std::make_unique<ThreadLimit>(threads);
}

}  // namespace
}  // namespace reidbench::python

PYBIND11_MODULE(_core, module) {
  using namespace reidbench::python;  // NOLINT(google-build-using-namespace)
  module.doc() = "What reidbench's library computes; use the package's other modules.";
  const py::module_ errors = py::module_::import("reidbench._errors");
  error_classes = new ErrorClasses{errors.attr("InputError"), errors.attr("IoError"),
                                   errors.attr("InternalError")};
  py::register_exception_translator(Translate);
  module.def("version", [] { return std::string(reidbench::Version()); });
  module.def("set_data_dir", [](const std::string& folder) { reidbench::SetDataDir(folder); });
  module.def("data_dir", [] { return DecodedText(reidbench::DataDir().string()); });
  module.def("set_threads", SetThreads, py::arg("threads"));
  BindRetrieval(&module);
  BindScores(&module);
  BindTrackers(&module);
  BindFiles(&module);
  BindRelinking(&module);
}
