// What the files of the module reidbench._core share: numpy arrays as views, computing without
// Python's lock, and values that may be absent.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "reidbench/core/embedding_set.h"

namespace reidbench::python {

namespace py = pybind11;

// Row-major and of exactly this type: the arguments' `noconvert` keeps pybind11 from copying
// others. reidbench/_arrays.py has converted them, and says what is wrong with an argument.
using Floats = py::array_t<float, py::array::c_style>;
using Doubles = py::array_t<double, py::array::c_style>;
using Integers = py::array_t<int64_t, py::array::c_style>;

// Of a matrix, which must stay as it is while the view is used.
FeatureView ViewOfArray(const Floats& matrix);

// Runs `compute` in a thread of its own and without Python's lock, so that other Python threads go
// on, and looks for Ctrl-C meanwhile: then what polls InterruptRequested() ends, and
// KeyboardInterrupt is thrown. Exceptions of `compute` are thrown here.
void RunInterruptible(const std::function<void()>& compute);

template <typename Compute>
auto Interruptible(const Compute& compute) {
  using Result = std::invoke_result_t<Compute>;
  if constexpr (std::is_void_v<Result>) {
    RunInterruptible(compute);
  } else {
    std::optional<Result> result;
    RunInterruptible([&] { result.emplace(compute()); });
    return std::move(*result);
  }
}

// Text that may hold bytes of file names: what is no UTF-8 is kept as Python keeps it in paths.
py::str DecodedText(std::string_view text);
py::list DecodedTexts(const std::vector<std::string>& texts);

// The value, or None.
template <typename T>
py::object OrNone(const std::optional<T>& value) {
  return value ? py::object(py::cast(*value)) : py::object(py::none());
}

// A new array of a vector's numbers.
template <typename T>
py::array_t<T> ArrayOf(const std::vector<T>& values) {
  return py::array_t<T>(static_cast<py::ssize_t>(values.size()), values.data());
}

[[noreturn]] void ThrowUnknownWord(std::string_view argument, std::string_view word,
                                   std::string_view expected);

// One of a few words, as parsed. Throws Error(kUsage) naming the argument where it is none.
template <typename Choice>
Choice ChoiceOf(std::string_view argument, const std::string& word,
                const std::optional<Choice>& choice, std::string_view expected) {
  if (!choice) ThrowUnknownWord(argument, word, expected);
  return *choice;
}

void BindRetrieval(py::module_* module);
void BindScores(py::module_* module);
void BindTrackers(py::module_* module);
void BindFiles(py::module_* module);
void BindRelinking(py::module_* module);

}  // namespace reidbench::python
