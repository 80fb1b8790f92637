#include <gtest/gtest.h>

#include <vector>

#include "reidbench/networks/architectures.h"

namespace reidbench {
namespace {

TEST(Osnet, SizesEqualTheReferenceTable) {
  struct Row {
    const char* name;
    int64_t parameters;
    int64_t macs;
    size_t keys;  // of torchreid's state_dict without num_batches_tracked and the two of the
                  // classifier
  };
  const Row rows[] = {
      {"osnet_x1_0", 2'169'508, 978'878'352, 567 - 80 - 2},
      {"osnet_x0_75", 1'285'754, 571'754'536, 567 - 80 - 2},
      {"osnet_x0_5", 630'034, 272'901'064, 567 - 80 - 2},
      {"osnet_x0_25", 201'864, 82'316'000, 567 - 80 - 2},
      {"osnet_ibn_x1_0", 2'170'532, 978'878'352, 568 - 79 - 2},
      {"osnet_ain_x1_0", 2'169'508, 978'878'352, 552 - 75 - 2},
      {"osnet_ain_x0_75", 1'285'754, 571'754'536, 552 - 75 - 2},
      {"osnet_ain_x0_5", 630'034, 272'901'064, 552 - 75 - 2},
      {"osnet_ain_x0_25", 201'864, 82'316'000, 552 - 75 - 2},
  };
  ASSERT_EQ(OsnetArchitectures().size(), std::size(rows));
  for (const Row& row : rows) {
    const Architecture& architecture = ArchitectureByName(row.name);
    EXPECT_EQ(CountParameters(architecture.graph), row.parameters) << row.name;
    EXPECT_EQ(CountMacs(architecture.graph), row.macs) << row.name;
    EXPECT_EQ(TensorsOf(architecture.graph).size(), row.keys) << row.name;
  }
}

TEST(Osnet, MacsGrowWithTheImageExceptForGatesAndHead) {
  const Architecture& architecture = ArchitectureByName("osnet_x0_25");
  // Gates: per block 4 * (r * (m + 1) + m * (r + 1)); head: 512 * (128 + 1).
  int64_t fixed = 512 * 129;
  for (const auto& [m, r] : {std::pair(16, 1), std::pair(24, 1), std::pair(32, 2)}) {
    fixed += 2 * 4 * (r * (m + 1) + m * (r + 1));
  }
  EXPECT_EQ(CountMacs(architecture.graph, 512, 256) - fixed,
            4 * (CountMacs(architecture.graph, 256, 128) - fixed));
}

}  // namespace
}  // namespace reidbench
