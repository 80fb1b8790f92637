#include "reidbench/relinking/partition.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "relinking/street.h"

namespace reidbench {
namespace {

struct Scene {
  explicit Scene(const Street& street, const std::vector<int64_t>& frozen = {})
      : input(street.Input()), seen(Observe(input)), set(CutPieces(input, seen, {}, frozen)) {
    appearance = CalibrateAppearance(input, seen, set, {});
    motion = CalibrateMotion(seen);
  }
  RelinkInput input;
  Observations seen;
  PieceSet set;
  AppearanceModel appearance;
  MotionModel motion;
};

TEST(Partitioner, PutsNobodyTwiceIntoAFrame) {
  for (uint64_t seed = 1; seed < 5; ++seed) {
    Street street(seed);
    street.Damage(seed);
    const Scene scene(street);
    Partitioner partitioner(scene.seen, scene.set, scene.appearance, scene.motion, {});
    const std::vector<int32_t> person = partitioner.Solve();
    std::set<std::pair<int32_t, int64_t>> taken;
    for (size_t p = 0; p < person.size(); ++p) {
      const Piece& piece = scene.set.pieces[p];
      for (int32_t k = piece.begin; k < piece.end; ++k) {
        const int64_t frame = scene.seen.box[scene.seen.table.tracks[piece.track].boxes[k]].frame;
        EXPECT_TRUE(taken.insert({person[p], frame}).second);
      }
    }
  }
}

TEST(Partitioner, KeepsWhatIsDecided) {
  Street street(6);
  street.Interrupt(3, 60, 75, 100);
  // Decided long ago, and wrongly: persons 1 and 2 are named as the other from frame 30 to 90.
  std::vector<int64_t> frozen;
  for (const TrackBox& box : street.tracks().boxes) {
    int64_t id = box.frame.value <= 90 ? box.id.value : -1;
    if (box.frame.value >= 30 && (id == 1 || id == 2)) id = 3 - id;
    frozen.push_back(id);
  }
  const Scene scene(street, frozen);
  Partitioner partitioner(scene.seen, scene.set, scene.appearance, scene.motion, {});
  const std::vector<int32_t> person = partitioner.Solve();
  std::map<int64_t, int32_t> person_of;
  std::map<int32_t, int64_t> frozen_of;
  for (size_t p = 0; p < person.size(); ++p) {
    const int64_t id = scene.set.pieces[p].frozen_group;
    if (id < 0) continue;
    EXPECT_EQ(person_of.try_emplace(id, person[p]).first->second, person[p]);
    EXPECT_EQ(frozen_of.try_emplace(person[p], id).first->second, id);
  }
}

TEST(Partitioner, SaysWhyTwoPiecesAreNotOne) {
  const Street street(7);
  const Scene scene(street);
  const Partitioner partitioner(scene.seen, scene.set, scene.appearance, scene.motion, {});
  std::vector<int32_t> first_of_track;
  for (size_t p = 0; p < scene.set.pieces.size(); ++p) {
    if (scene.set.pieces[p].cut == CutKind::kTrackStart)
      first_of_track.push_back(static_cast<int32_t>(p));
  }
  const JoinEvidence e = partitioner.Compare({first_of_track[0]}, {first_of_track[1]});
  EXPECT_EQ(e.veto, JoinEvidence::Veto::kSameFrame);
  EXPECT_EQ(e.total, JoinEvidence::kNever);
}

TEST(FrameSet, MeetsWhereAFrameIsShared) {
  FrameSet a(200);
  FrameSet b(200);
  a.Add(3);
  a.Add(130);
  b.Add(4);
  EXPECT_FALSE(a.Meets(b));
  b.Add(130);
  EXPECT_TRUE(a.Meets(b));
  FrameSet c(200);
  c.Add(199);
  c.Join(b);
  EXPECT_TRUE(c.Meets(a));
}

}  // namespace
}  // namespace reidbench
