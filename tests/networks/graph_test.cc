#include "reidbench/networks/graph.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/expect_error.h"

namespace reidbench {
namespace {

using ::testing::HasSubstr;

TEST(Graph, WindowsGiveTorchsSizes) {
  Window window = Window::Square(3, 2, 1);
  const auto sizes = [&](int64_t height, int64_t width) {
    Graph graph(height, width);
    graph.Apply(LayerOp::kMaxPool, {0}, window);
    return ShapesOf(graph, height, width).back();
  };
  EXPECT_EQ(sizes(16, 15), (ValueShape{3, 8, 8}));
  window.ceil = true;
  EXPECT_EQ(sizes(16, 15), (ValueShape{3, 9, 8}));
  window = Window::Square(2, 2);
  EXPECT_EQ(sizes(7, 6), (ValueShape{3, 3, 3}));
  window.ceil = true;
  EXPECT_EQ(sizes(7, 6), (ValueShape{3, 4, 3}));
  window = Window::Square(3);
  window.dilation = {2, 1};
  window.padding = {2, 0, 0, 1};
  EXPECT_EQ(sizes(10, 10), (ValueShape{3, 8, 9}));
  // A last window that would see padding alone is left out.
  window = Window::Square(2, 2, 1);
  window.ceil = true;
  EXPECT_EQ(sizes(3, 3), (ValueShape{3, 2, 2}));
}

// 8 x 6 pixels: two grouped convolutions of 3 to 6 to 9 channels, a linear layer of 4.
Graph SmallGraph() {
  Graph graph(8, 6);
  int x = graph.Convolution(0, "a", 6, Window::Square(3, 1, 1), 3, true);
  x = graph.BatchNorm(graph.Convolution(x, "b", 9, Window::Square(2, 2), 3), "n");
  graph.Linear(graph.Apply(LayerOp::kFlatten, {graph.Apply(LayerOp::kRelu, {x})}), "fc", 4);
  return graph;
}

TEST(Graph, CountsWhatItsLayersHaveAndDo) {
  const Graph graph = SmallGraph();
  std::vector<std::string> names;
  for (const TensorSpec& spec : TensorsOf(graph)) names.push_back(spec.name);
  EXPECT_THAT(names,
              testing::ElementsAre("a.weight", "a.bias", "b.weight", "n.weight", "n.bias",
                                   "n.running_mean", "n.running_var", "fc.weight", "fc.bias"));
  EXPECT_EQ(TensorsOf(graph)[2].shape, (std::vector<int64_t>{9, 2, 2, 2}));
  EXPECT_EQ(TensorsOf(graph)[7].shape, (std::vector<int64_t>{4, 9 * 4 * 3}));
  EXPECT_EQ(CountParameters(graph), 6 * 9 + 6 + 9 * 8 + 18 + 4 * 108 + 4);
  EXPECT_EQ(CountMacs(graph), 48 * 6 * (9 + 1) + 12 * 9 * 8 + 4 * (108 + 1));
  EXPECT_EQ(DimOf(graph), 4);
}

TEST(Graph, SharedLayersCountOnceAsParametersAndTwiceAsWork) {
  Graph graph(4, 4);
  const int a = graph.Convolution(0, "a", 3);
  const int b = graph.Convolution(a, "a", 3);
  graph.Apply(LayerOp::kAdd, {a, b});
  EXPECT_EQ(CountParameters(graph), 9);
  EXPECT_EQ(CountMacs(graph), 2 * 16 * 9);
}

TEST(Graph, TooSmallAnImageIsAnsweredWithTheSmallest) {
  Graph graph;
  int x = graph.Apply(LayerOp::kMaxPool, {0}, Window::Square(2, 2));
  graph.Apply(LayerOp::kMaxPool, {x}, Window::Square(3, 2));
  EXPECT_EQ(ShapesOf(graph, 6, 7).back(), (ValueShape{3, 1, 1}));
  EXPECT_THAT(MessageOf(ErrorKind::kInput, [&] { ShapesOf(graph, 5, 60, "toy"); }),
              HasSubstr("toy needs images of at least 6 x 6 pixels, got 5 x 60 (height x width)"));
}

TEST(Graph, LayersThatDoNotFitAreNamed) {
  const auto message = [](const std::function<void(Graph&)>& build) {
    Graph graph(8, 8);
    build(graph);
    return MessageOf(ErrorKind::kModel, [&] { ShapesOf(graph, 8, 8); });
  };
  EXPECT_THAT(
      message([](Graph& g) { g.Convolution(0, "stem", 4, {}, 2); }),
      HasSubstr("layer 'stem' (convolution): 3 to 4 channels cannot be split into 2 groups"));
  EXPECT_THAT(message([](Graph& g) { g.Linear(0, "fc", 4); }), HasSubstr("layer 'fc' (linear)"));
  EXPECT_THAT(message([](Graph& g) {
                g.Apply(LayerOp::kAdd, {0, g.Convolution(0, "a", 4)});
              }),
              HasSubstr("adds [3, 8, 8] and [4, 8, 8]"));
}

TEST(Graph, UnreadLayersAreDropped) {
  Graph graph(8, 8);
  const int kept = graph.Convolution(0, "kept", 4);
  graph.Convolution(kept, "unread", 5);
  const int last = graph.Apply(LayerOp::kRelu, {kept});
  graph.Apply(LayerOp::kSigmoid, {last});
  graph.output = last;
  DropUnread(&graph);
  ASSERT_EQ(graph.layers.size(), 3U);
  EXPECT_EQ(graph.layers.back().op, LayerOp::kRelu);
  EXPECT_EQ(graph.layers.back().inputs, std::vector<int>{1});
  EXPECT_EQ(graph.output, 2);
}

}  // namespace
}  // namespace reidbench
