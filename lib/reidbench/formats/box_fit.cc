// What each format can hold, and what becomes of the rest.
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <set>

#include "reidbench/config/utf8.h"
#include "reidbench/core/error.h"
#include "reidbench/core/text.h"
#include "reidbench/datasets/mot_header.h"
#include "reidbench/formats/box_format.h"
#include "reidbench/formats/format_parts.h"

namespace reidbench {
namespace {

// A format that lists every frame of a video, boxes or not, must not be made to list times.
constexpr int64_t kMostListedFrames = 10'000'000;

enum class HeldExtras { kNone, kKitti, kWorld, kAll };

struct Holds {
  bool ids = true, scores = true, marks = false;
  bool class_numbers = false, class_names = false;
  bool visibility = false, occluded = false, truncated = false;
  HeldExtras extras = HeldExtras::kNone;
  bool frame_counts = false, sizes = false, frame_rates = false;
  bool frame_names = false, frame_sizes = false;
  bool lists_frames = false;  // also those without boxes
};

struct Stated {
  explicit Stated(const BoxTable& table) {
    for (const BoxRow& row : table.rows) {
      if (row.track_id != kNoTrack) ++ids;
      if (HasValue(row.score)) ++scores;
      if (row.mark >= 0) ++marks;
      if (HasValue(row.occluded) || HasValue(row.truncated)) ++levels;
    }
  }
  int64_t ids = 0, scores = 0, marks = 0, levels = 0;
};

// "Ignored regions" and "ignored_regions" are one name.
std::string PlainName(std::string_view name) {
  std::string plain;
  for (const char c : ToLower(name)) {
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || static_cast<unsigned char>(c) >= 0x80)
      plain += c;
  }
  static const std::map<std::string, std::string> kSynonyms = {
      {"person", "pedestrian"},       {"motorcycle", "motorbike"},   {"motor", "motorbike"},
      {"ignoredregions", "dontcare"}, {"ignoredregion", "dontcare"}, {"ignoreregion", "dontcare"},
      {"ignore", "dontcare"}};
  const auto same = kSynonyms.find(plain);
  return same == kSynonyms.end() ? plain : same->second;
}

// Text that stands in one line of every format: valid UTF-8 without control characters, and without
// blanks around it.
std::string CleanText(std::string_view text) {
  std::string clean;
  while (!text.empty()) {
    const size_t length = Utf8Length(text);
    if (length == 0) {
      clean += "\xEF\xBF\xBD";  // U+FFFD
    } else if (length == 1 && (static_cast<unsigned char>(text[0]) < 0x20 || text[0] == 0x7F)) {
      clean += ' ';
    } else {
      clean += text.substr(0, length);
    }
    text.remove_prefix(std::max<size_t>(length, 1));
  }
  return std::string(Trim(clean));
}

bool IsIgnoredRegion(const BoxClass& box_class) { return PlainName(box_class.name) == "dontcare"; }

class Fitting {
 public:
  Fitting(const BoxTarget& target, BoxTable* table)
      : target_(target), info_(InfoOf(target.format)), table_(*table), stated_(*table) {}

  FittedBoxes Run() {
    if (table_.sequences.size() > 1 && !target_.is_folder && !info_.many_sequences) {
      ThrowUsage("{} sequences do not fit into one file of {}: --output a folder",
                 table_.sequences.size(), info_.title);
    }
    ChooseRows();
    Choose();
    CleanTexts();
    FitSequences();
    FitValues();
    FitClasses();
    table_.SortByFrame();
    return std::move(fitted_);
  }

 private:
  void Lose(std::string_view what, int64_t count, std::string_view why) {
    if (count > 0) fitted_.losses.push_back({std::string(what), count, std::string(why)});
  }
  void Note(std::string note) { fitted_.notes.push_back(std::move(note)); }

  std::string Title() const {
    if (target_.format != BoxFormat::kMot) return info_.title;
    return fitted_.rows == MotRows::kGroundTruth ? "MOT ground truth"
           : fitted_.rows == MotRows::kResults   ? "a MOT result"
                                                 : "MOT detections";
  }

  void ChooseRows() {
    fitted_.rows = target_.rows;
    if (target_.format == BoxFormat::kMotHeader) fitted_.rows = MotRows::kResults;
    if (fitted_.rows != MotRows::kAuto) return;
    fitted_.rows = stated_.ids == 0 && !table_.rows.empty() ? MotRows::kDetections
                   : stated_.scores > 0                     ? MotRows::kResults
                                                            : MotRows::kGroundTruth;
  }

  void Choose() {
    switch (target_.format) {
      case BoxFormat::kMot:
        holds_.ids = fitted_.rows != MotRows::kDetections;
        holds_.class_numbers = holds_.ids;
        if (fitted_.rows == MotRows::kGroundTruth) {
          holds_.scores = false;
          holds_.marks = holds_.visibility = true;
          if (IsMot15()) {
            holds_.class_numbers = holds_.visibility = false;
            holds_.extras = HeldExtras::kWorld;
          }
        }
        // A folder has a seqinfo.ini for each sequence.
        holds_.frame_counts = holds_.sizes = holds_.frame_rates =
            target_.is_folder && fitted_.rows != MotRows::kResults;
        break;
      case BoxFormat::kMotHeader:
        holds_.class_numbers = holds_.visibility = true;
        break;
      case BoxFormat::kSupervision:
        holds_.class_numbers = holds_.class_names = true;
        holds_.extras = HeldExtras::kAll;
        break;
      case BoxFormat::kKitti:
        holds_.class_names = holds_.occluded = holds_.truncated = true;
        holds_.extras = HeldExtras::kKitti;
        break;
      case BoxFormat::kYolo:
        holds_.class_numbers = holds_.class_names = true;
        holds_.frame_counts = holds_.frame_names = holds_.lists_frames = true;
        // Reading is told them.
        holds_.sizes = holds_.frame_sizes = true;
        break;
      case BoxFormat::kCoco:
        holds_.class_numbers = holds_.class_names = holds_.marks = true;
        holds_.visibility = holds_.occluded = holds_.truncated = true;
        holds_.extras = HeldExtras::kAll;
        holds_.frame_counts = holds_.sizes = holds_.frame_rates = true;
        holds_.frame_names = holds_.frame_sizes = holds_.lists_frames = true;
        break;
      case BoxFormat::kCvat:
        holds_.class_names = holds_.marks = true;
        holds_.visibility = holds_.occluded = holds_.truncated = true;
        holds_.extras = HeldExtras::kAll;
        holds_.frame_counts = holds_.sizes = holds_.frame_rates = true;
        holds_.frame_names = holds_.frame_sizes = holds_.lists_frames = stated_.ids == 0;
        break;
      case BoxFormat::kVisDrone:
        holds_.class_numbers = holds_.class_names = true;
        holds_.marks = holds_.occluded = holds_.truncated = stated_.scores == 0;
        break;
      case BoxFormat::kNumpy:
        break;
    }
  }

  // Boxes with places in the world and nothing that stands there in later years' files.
  bool IsMot15() const {
    return std::any_of(table_.extras.begin(), table_.extras.end(),
                       [](const ExtraColumn& extra) {
                         return IsWorldColumn(extra.name) && extra.words.empty() &&
                                std::any_of(extra.values.begin(), extra.values.end(),
                                            [](double v) { return HasValue(v) && v != -1; });
                       }) &&
           std::none_of(table_.rows.begin(), table_.rows.end(), [](const BoxRow& row) {
             return row.box_class != kNoClass || HasValue(row.visibility);
           });
  }

  void CleanTexts() {
    int64_t changed = 0;
    const auto clean = [&](std::string* text, const std::string& otherwise) {
      std::string better = CleanText(*text);
      if (better.empty() && !otherwise.empty()) better = otherwise;
      if (better == *text) return;
      ++changed;
      *text = std::move(better);
    };
    for (BoxClass& box_class : table_.classes) {
      if (!box_class.name.empty()) clean(&box_class.name, "unnamed");
    }
    for (BoxSequence& sequence : table_.sequences) {
      clean(&sequence.name, "unnamed");
      for (auto& [frame, name] : sequence.frame_names) clean(&name, "unnamed");
    }
    for (ExtraColumn& extra : table_.extras) {
      clean(&extra.name, "unnamed");
      for (std::string& word : extra.words) clean(&word, "");
      // Nothing is written for an empty text, and nothing is read.
      for (double& value : extra.values) {
        if (HasValue(value) && !extra.words.empty() &&
            extra.words[static_cast<size_t>(value)].empty())
          value = kNoValue;
      }
    }
    if (changed > 0)
      Note(fmt::format("{} texts without bytes that are no characters, and blanks around",
                       WithThousands(changed)));
  }

  // Whether a column of this name stays what it is beside those of supervision.
  static bool IsFreeName(const std::string& name) {
    if (name == "class_name" || name == "label" || StartsWith(ToLower(name), "unnamed") ||
        name.find_first_of("\",;\t") != std::string::npos)
      return false;
    try {
      const auto header = ReadMotHeader(
          "x_min,y_min,x_max,y_max,class_id,confidence,tracker_id,frame_index," + name,
          MotFileKind::kDetections, "", 1);
      return header &&
             std::find(header->field.begin(), header->field.end(), 8) == header->field.end();
    } catch (const Error&) {
      return false;  // it means the same as one of them
    }
  }

  // What is not of a row.
  void FitSequences() {
    const std::vector<int64_t> last = LastFrames(table_);
    int64_t empty_frames = 0, sizes = 0, other_sizes = 0, rates = 0, names = 0;
    std::set<std::string> used;
    for (size_t s = 0; s < table_.sequences.size(); ++s) {
      BoxSequence& sequence = table_.sequences[s];
      if (!info_.many_sequences) FitName(&sequence);
      if (!used.insert(sequence.name).second)
        ThrowInput("two sequences are called {}: rename one", sequence.name);
      if (holds_.frame_counts) {
        if (holds_.lists_frames || target_.format == BoxFormat::kMot)
          sequence.frame_count = std::max(sequence.frame_count, last[s]);
        if (target_.format == BoxFormat::kMot)
          sequence.frame_count = std::max<int64_t>(sequence.frame_count, 1);
        if (target_.format == BoxFormat::kCvat && sequence.frame_count == 0)
          sequence.frame_count = last[s];
        if (holds_.lists_frames && sequence.frame_count > kMostListedFrames) {
          ThrowInput(
              "sequence {}: {} would list {} frames, expected at most {}: are its frame "
              "numbers times?",
              sequence.name, info_.title, sequence.frame_count, kMostListedFrames);
        }
      } else {
        if (sequence.frame_count > last[s]) empty_frames += sequence.frame_count - last[s];
        sequence.frame_count = 0;
      }
      if (!holds_.frame_sizes) {
        other_sizes += static_cast<int64_t>(sequence.frame_sizes.size());
        sequence.frame_sizes.clear();
      }
      if (!holds_.sizes) {
        sizes += sequence.size.width > 0 ? 1 : 0;
        sequence.size = {};
      }
      if (!holds_.frame_rates) {
        rates += sequence.frame_rate ? 1 : 0;
        sequence.frame_rate.reset();
      }
      if (target_.format == BoxFormat::kYolo) {
        FitYoloNames(&sequence, &names);
        for (int64_t frame = 1; frame <= sequence.frame_count; ++frame) {
          if (sequence.SizeOf(frame).width > 0) continue;
          ThrowUsage(
              "sequence {}: YOLO's labels are shares of the picture, whose size is not known: "
              "--image-size WIDTHxHEIGHT, or --sequences with its seqinfo.ini",
              sequence.name);
        }
      } else if (!holds_.frame_names) {
        names += static_cast<int64_t>(sequence.frame_names.size());
        sequence.frame_names.clear();
      }
      if (target_.format == BoxFormat::kCvat && holds_.lists_frames && sequence.size.width == 0 &&
          sequence.frame_count > 0) {
        ThrowUsage(
            "sequence {}: CVAT for images states each picture's size, which is not known: "
            "--image-size WIDTHxHEIGHT, or --sequences with its seqinfo.ini",
            sequence.name);
      }
    }
    // What is not about boxes is said, and is no loss of any.
    if (empty_frames > 0) {
      Note(fmt::format("{} has no number of frames: {} without boxes at the end are not in it",
                       Title(), WithThousands(empty_frames)));
    }
    if (sizes > 0) Note(Title() + " has no picture size");
    if (rates > 0) Note(Title() + " has no frame rate");
    Lose("sizes of single pictures", other_sizes, Title() + " has one size a sequence");
    Lose("names of pictures", names, Title() + " numbers its frames");
  }

  // Names that become files.
  void FitName(BoxSequence* sequence) {
    std::string name = sequence->name;
    for (char& c : name) {
      if (c == '/' || c == '\\' || static_cast<unsigned char>(c) < 0x20) c = '_';
    }
    if (name.empty() || name[0] == '.') name.insert(0, "_");
    if (name == sequence->name) return;
    Note(fmt::format("sequence '{}' is called {}: its name is no file's", sequence->name, name));
    sequence->name = name;
  }

  // The stems of the pictures, if reading finds the same frames by them.
  void FitYoloNames(BoxSequence* sequence, int64_t* lost) {
    if (sequence->frame_names.empty()) return;
    std::map<std::string, int64_t> frames;  // by stem
    bool good = true;
    std::map<int64_t, std::string> stems;
    for (int64_t frame = 1; good && frame <= sequence->frame_count; ++frame) {
      const auto name = sequence->frame_names.find(frame);
      const std::string stem = name == sequence->frame_names.end()
                                   ? DefaultStem(frame)
                                   : std::string(StemOf(name->second));
      good = !stem.empty() && stem != "classes" && frames.emplace(stem, frame).second;
      if (stem != DefaultStem(frame)) stems[frame] = stem;
    }
    std::vector<std::string> sorted;
    for (const auto& [stem, frame] : frames) sorted.push_back(stem);
    if (good) {
      const std::vector<YoloFrame> placed = PlaceYoloFiles(sequence->name, sorted);
      for (size_t i = 0; i < sorted.size(); ++i) {
        good =
            good && placed[i].sequence == sequence->name && placed[i].frame == frames.at(sorted[i]);
      }
    }
    if (!good) {
      *lost += static_cast<int64_t>(sequence->frame_names.size());
      stems.clear();
    }
    sequence->frame_names = std::move(stems);
  }

  void FitValues() {
    int64_t scores = 0, ignored = 0, visibilities = 0, occlusions = 0, truncations = 0, ids = 0;
    for (BoxRow& row : table_.rows) {
      const auto drop = [](bool held, double* value, int64_t* count) {
        if (held || !HasValue(*value)) return;
        ++*count;
        *value = kNoValue;
      };
      drop(holds_.scores, &row.score, &scores);
      drop(holds_.visibility, &row.visibility, &visibilities);
      drop(holds_.occluded, &row.occluded, &occlusions);
      drop(holds_.truncated, &row.truncated, &truncations);
      if (!holds_.marks) {
        if (row.mark == 0) ++ignored;  // 1 is what every other box is
        row.mark = -1;
      }
      if (!holds_.ids && row.track_id != kNoTrack) {
        ++ids;
        row.track_id = kNoTrack;
      }
    }
    Lose("scores", scores, Title() + " has no score");
    Lose("marks of boxes that do not count", ignored, Title() + " has no such mark");
    Lose("visibilities", visibilities, Title() + " has none");
    Lose("occlusions", occlusions, Title() + " has none");
    Lose("truncations", truncations, Title() + " has none");
    Lose("track ids", ids, Title() + " has none");
    const auto held = [&](const ExtraColumn& extra) {
      if (target_.format == BoxFormat::kSupervision) return IsFreeName(extra.name);
      if (holds_.extras == HeldExtras::kAll) return true;
      return extra.words.empty() &&
             ((holds_.extras == HeldExtras::kKitti && IsKittiColumn(extra.name)) ||
              (holds_.extras == HeldExtras::kWorld && IsWorldColumn(extra.name)));
    };
    for (const ExtraColumn& extra : table_.extras) {
      if (held(extra)) continue;
      Lose(fmt::format("values of {}", extra.name),
           std::count_if(extra.values.begin(), extra.values.end(), HasValue),
           Title() + " has no such column");
    }
    std::erase_if(table_.extras, [&](const ExtraColumn& extra) { return !held(extra); });
    if (holds_.extras == HeldExtras::kWorld) {
      for (const char* name : {"world_x", "world_y", "world_z"}) {
        ExtraColumn& extra = table_.Extra(name);
        extra.values.resize(table_.rows.size(), kNoValue);
        for (double& value : extra.values) value = HasValue(value) ? value : -1;
      }
    }
    MakeUpValues();
  }

  // What a format cannot do without.
  void MakeUpValues() {
    const bool mot = target_.format == BoxFormat::kMot;
    const bool truth = mot && fitted_.rows == MotRows::kGroundTruth;
    bool needs_score = target_.format == BoxFormat::kNumpy ||
                       target_.format == BoxFormat::kMotHeader || (mot && !truth);
    // A column for all or none.
    if (target_.format == BoxFormat::kKitti || target_.format == BoxFormat::kVisDrone)
      needs_score = stated_.scores > 0;
    // Without it, a reader takes the id for it.
    if (target_.format == BoxFormat::kYolo) needs_score = stated_.ids > 0;
    const bool needs_id = (mot && fitted_.rows != MotRows::kDetections) ||
                          target_.format == BoxFormat::kMotHeader ||
                          (target_.format == BoxFormat::kCvat && stated_.ids > 0);
    const bool drone_truth = target_.format == BoxFormat::kVisDrone && stated_.scores == 0;
    int64_t scores = 0, ids = 0, levels = 0;
    std::vector<int64_t> next_id(table_.sequences.size(), 0);
    for (const BoxRow& row : table_.rows) {
      int64_t& next = next_id[static_cast<size_t>(row.sequence)];
      next = std::max(next, row.track_id + 1);
    }
    for (BoxRow& row : table_.rows) {
      if (needs_score && !HasValue(row.score)) {
        row.score = 1;
        ++scores;
      }
      if (needs_id && row.track_id == kNoTrack) {
        row.track_id = next_id[static_cast<size_t>(row.sequence)]++;
        ++ids;
      }
      if ((truth || drone_truth) && row.mark < 0) {
        const bool ignored = row.box_class != kNoClass &&
                             IsIgnoredRegion(table_.classes[static_cast<size_t>(row.box_class)]);
        row.mark = ignored ? 0 : 1;
      }
      if (drone_truth) {
        for (double* level : {&row.truncated, &row.occluded}) {
          if (HasValue(*level)) continue;
          *level = 0;
          ++levels;
        }
      }
    }
    if (scores > 0)
      Note(fmt::format("score 1 for {} boxes that state none", WithThousands(scores)));
    if (ids > 0)
      Note(fmt::format("a new track id for each of {} boxes that state none", WithThousands(ids)));
    if (levels > 0) {
      Note(fmt::format("truncation or occlusion 0 {} times where none is stated",
                       WithThousands(levels)));
    }
  }

  // The class of number or name that the format wants for one that was read.
  BoxClass FitClass(const BoxClass& read) {
    switch (target_.format) {
      case BoxFormat::kMotHeader:
        return {SchemeClass(read, MotClassNames(), 1, 14).number, ""};
      case BoxFormat::kMot:
        return SchemeClass(read, MotClassNames(), 1, 14);
      case BoxFormat::kVisDrone:
        return SchemeClass(read, VisDroneClassNames(), 0, 12);
      case BoxFormat::kKitti:
        return KittiClass(read);
      case BoxFormat::kCvat:
        return {-1, read.name.empty() ? fmt::format("class_{}", read.number) : read.name};
      case BoxFormat::kSupervision:
      case BoxFormat::kYolo:
        return read;
      case BoxFormat::kCoco:
        return {read.number >= 0 ? read.number : -2,
                read.name.empty() ? fmt::format("class_{}", read.number) : read.name};
      case BoxFormat::kNumpy:
        return {};
    }
    return read;
  }

  // By name, where the scheme has it; a number without a name stays; other names get numbers from
  // `free` on.
  BoxClass SchemeClass(const BoxClass& read, std::span<const std::string_view> names, int32_t first,
                       int32_t free) {
    if (read.name.empty()) {
      const int32_t index = read.number - first;
      return {read.number, index >= 0 && index < static_cast<int32_t>(names.size())
                               ? std::string(names[static_cast<size_t>(index)])
                               : std::string()};
    }
    const std::string plain = PlainName(read.name);
    for (size_t k = 0; k < names.size(); ++k) {
      if (PlainName(names[k]) == plain)
        return {first + static_cast<int32_t>(k), std::string(names[k])};
    }
    if (read.number >= free && !taken_.contains(read.number)) {
      taken_.insert(read.number);
      return {read.number, ""};
    }
    int32_t number = free;
    const auto is_read = [&](int32_t candidate) {
      return std::any_of(table_.classes.begin(), table_.classes.end(),
                         [&](const BoxClass& other) { return other.number == candidate; });
    };
    while (taken_.contains(number) || is_read(number)) ++number;
    taken_.insert(number);
    return {number, ""};
  }

  static BoxClass KittiClass(const BoxClass& read) {
    static const std::map<std::string, const char*> kTypes = {
        {"pedestrian", "Pedestrian"}, {"car", "Car"},   {"van", "Van"},
        {"truck", "Truck"},           {"tram", "Tram"}, {"cyclist", "Cyclist"},
        {"dontcare", "DontCare"}};
    const auto type = kTypes.find(PlainName(read.name));
    if (type != kTypes.end()) return {-1, type->second};
    std::string name = read.name.empty() ? fmt::format("class_{}", read.number) : read.name;
    for (char& c : name) {
      if (c == ' ' || c == '"') c = '_';
    }
    return {-1, name};
  }

  void FitClasses() {
    std::vector<int64_t> boxes(table_.classes.size(), 0);
    int64_t without = 0;
    for (const BoxRow& row : table_.rows)
      ++(row.box_class == kNoClass ? without : boxes[static_cast<size_t>(row.box_class)]);
    if (!holds_.class_numbers && !holds_.class_names) {
      const int64_t kinds =
          std::count_if(boxes.begin(), boxes.end(), [](int64_t count) { return count > 0; });
      int64_t stated = 0;
      for (const int64_t count : boxes) stated += count;
      // One class for all is what everybody knows.
      if (kinds > 1) Lose("classes of boxes", stated, Title() + " has no class");
      for (BoxRow& row : table_.rows) row.box_class = kNoClass;
      table_.classes.clear();
      return;
    }
    std::vector<BoxClass> fitted;
    std::vector<int32_t> index(table_.classes.size(), kNoClass);
    const auto add = [&](const BoxClass& box_class) {
      const auto known = std::find(fitted.begin(), fitted.end(), box_class);
      if (known != fitted.end()) return static_cast<int32_t>(known - fitted.begin());
      fitted.push_back(box_class);
      return static_cast<int32_t>(fitted.size() - 1);
    };
    for (size_t c = 0; c < table_.classes.size(); ++c) {
      if (boxes[c] > 0) index[c] = add(FitClass(table_.classes[c]));
    }
    const bool needs_class =
        (target_.format == BoxFormat::kMot && fitted_.rows == MotRows::kGroundTruth) ||
        (holds_.class_names && target_.format != BoxFormat::kSupervision);
    int32_t none = kNoClass;
    if (without > 0 && needs_class &&
        !(target_.format == BoxFormat::kVisDrone && stated_.scores > 0)) {
      BoxClass pedestrian = FitClass({-1, "pedestrian"});
      if (target_.format == BoxFormat::kCoco) pedestrian.number = -2;
      none = add(pedestrian);
      Note(fmt::format(
          "class pedestrian for {} boxes that state none: --classes none=NAME to change "
          "it",
          WithThousands(without)));
    }
    if (target_.format == BoxFormat::kCoco || target_.format == BoxFormat::kYolo)
      NumberClasses(&fitted);
    const bool result = target_.format == BoxFormat::kMot && fitted_.rows == MotRows::kResults;
    for (size_t c = 0; c < table_.classes.size(); ++c) {
      if (boxes[c] == 0) continue;
      const BoxClass& written = fitted[static_cast<size_t>(index[c])];
      const bool says_nothing = result && written.number == 0;
      fitted_.classes.push_back({table_.classes[c], says_nothing ? BoxClass() : written, boxes[c]});
      const bool known_number = target_.format == BoxFormat::kMotHeader && written.number >= 1 &&
                                written.number <= static_cast<int32_t>(MotClassNames().size());
      if (!table_.classes[c].name.empty() && written.name.empty() && !known_number) {
        Lose(fmt::format("class name '{}'", table_.classes[c].name), boxes[c],
             fmt::format("{} has numbers: it is {}", Title(), written.number));
      }
      if (says_nothing) {
        Lose("class 0", boxes[c], Title() + " takes it for 'not stated'");
        index[c] = kNoClass;
      }
    }
    for (BoxRow& row : table_.rows)
      row.box_class = row.box_class == kNoClass ? none : index[static_cast<size_t>(row.box_class)];
    table_.classes = std::move(fitted);
  }

  // Numbers for classes without one: COCO's from 1, YOLO's all from 0 on as names stand in its
  // list.
  void NumberClasses(std::vector<BoxClass>* classes) {
    if (target_.format == BoxFormat::kYolo) {
      const bool named = std::any_of(classes->begin(), classes->end(),
                                     [](const BoxClass& c) { return !c.name.empty(); });
      if (!named) return;
      std::vector<size_t> order(classes->size());
      for (size_t i = 0; i < order.size(); ++i) order[i] = i;
      std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
        return static_cast<uint32_t>((*classes)[a].number) <
               static_cast<uint32_t>((*classes)[b].number);
      });
      for (size_t k = 0; k < order.size(); ++k) {
        BoxClass& box_class = (*classes)[order[k]];
        if (box_class.name.empty()) box_class.name = fmt::format("class_{}", box_class.number);
        box_class.number = static_cast<int32_t>(k);
      }
      return;
    }
    std::set<int32_t> used;
    for (BoxClass& box_class : *classes) {
      if (box_class.number >= 0 && !used.insert(box_class.number).second) box_class.number = -2;
    }
    int32_t next = 1;
    for (BoxClass& box_class : *classes) {
      if (box_class.number >= 0) continue;
      while (used.contains(next)) ++next;
      used.insert(next);
      box_class.number = next;
    }
  }

  const BoxTarget& target_;
  const BoxFormatInfo& info_;
  BoxTable& table_;
  const Stated stated_;
  Holds holds_;
  FittedBoxes fitted_;
  std::set<int32_t> taken_;
};

}  // namespace

FittedBoxes FitToFormat(const BoxTarget& target, BoxTable* table) {
  return Fitting(target, table).Run();
}

}  // namespace reidbench
