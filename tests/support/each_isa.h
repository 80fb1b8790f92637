// Tests that run once on each instruction set: those that this processor has, up to a cap by
// REIDBENCH_ISA; the others are skipped by name.
//   using MyLoop = EachIsa;
//   TEST_P(MyLoop, ...) {...}
//   INSTANTIATE_TEST_SUITE_P(Isa, MyLoop, testing::ValuesIn(kAllIsas), IsaOf);
#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "reidbench/core/isa.h"

namespace reidbench {

class EachIsa : public testing::TestWithParam<Isa> {
 protected:
  void SetUp() override {
    if (GetParam() > ActiveIsa()) GTEST_SKIP() << "not on this processor, or capped";
    cap_.emplace(GetParam());
  }

 private:
  std::optional<ScopedIsaCap> cap_;
};

inline std::string IsaOf(const testing::TestParamInfo<Isa>& info) {
  return std::string(IsaName(info.param));
}

}  // namespace reidbench
