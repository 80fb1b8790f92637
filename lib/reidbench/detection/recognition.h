// Which kind of detector an ONNX file is, from the shapes and names of its outputs, its operators
// and what the exporter wrote into it.
#pragma once

#include <string>
#include <vector>

#include "reidbench/detection/description.h"
#include "reidbench/detection/output_decoder.h"
#include "reidbench/weights/checkpoint.h"

namespace reidbench {

// What the nodes say before any shape is computed.
struct GraphHints {
  // Non-maximum suppression is part of the file: these values of it are computed, and the rest is
  // done here.
  std::string nms_boxes, nms_scores;
  double nms_iou = 0.5;
  double nms_score = 0;
  int nms_max = 0;  // detections that are kept; 0: nobody says
  BoxForm nms_form = BoxForm::kCorners;
  // The picture's size in the exporter's words, 0 where it says nothing.
  int width = 0, height = 0;    // px
  std::vector<int> strides;     // not used by most
  int person = -1;              // the class called "person"; -1: nobody says
  bool by_ultralytics = false;  // the exporter's name
  bool has_exponential = false;
  bool ends_in_corners = false;  // the output is [a - b, a + b, scores]
  std::vector<std::string> side_inputs;
};

// Throws Error(kModel) for a checkpoint that is no ONNX graph.
GraphHints LookAtGraph(const Checkpoint& checkpoint);

struct RecognisedDetector {
  DetectorDescription description;  // with the input's size; names are bound later
  std::string why;                  // "yolox: 'output' has a row of 85 for each of 3,549 cells"
  bool certain = true;              // false: colours and scale are a guess
};

// `outputs`: those that the network computes, for pictures of width x height. Throws Error(kConfig)
// that lists the outputs and the presets where nothing is recognised.
RecognisedDetector RecogniseDetector(const GraphHints& hints,
                                     const std::vector<OutputShape>& outputs, int width,
                                     int height);

}  // namespace reidbench
