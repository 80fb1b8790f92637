#include "reidbench/results/flow.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "reidbench/core/error.h"
#include "reidbench/core/files.h"
#include "reidbench/core/version.h"
#include "reidbench/results/schemas.h"

namespace reidbench {
namespace {

std::string Seconds(std::optional<double> value) { return Number(value, 1); }

std::string FlowIntervalText(const std::optional<ConfidenceInterval>& interval, int decimals) {
  if (!interval) return "";
  return fmt::format("{:.{}f} .. {:.{}f}", interval->low, decimals, interval->high, decimals);
}

Json FlowIntervalJson(const std::optional<ConfidenceInterval>& interval) {
  if (!interval) return nullptr;
  return Json::array({interval->low, interval->high});
}

Json StaysJson(const StayStatistics& s) {
  Json out = Json::object();
  out["count"] = s.count;
  out["ended"] = s.ended;
  out["mean"] = OrNull(s.mean);
  out["median"] = OrNull(s.median);
  out["p90"] = OrNull(s.p90);
  out["max"] = OrNull(s.most);
  out["km_median"] = OrNull(s.km_median);
  out["km_p90"] = OrNull(s.km_p90);
  out["restricted_mean"] = OrNull(s.restricted_mean);
  out["horizon"] = s.horizon;
  out["mean_interval"] = FlowIntervalJson(s.mean_interval);
  out["median_interval"] = FlowIntervalJson(s.median_interval);
  out["p90_interval"] = FlowIntervalJson(s.p90_interval);
  return out;
}

Json MatrixJson(const FlowMatrix& matrix) {
  Json out = Json::object();
  for (const auto& [way, count] : matrix) out[way.first][way.second] = count;
  return out;
}

Json EventErrorsJson(const EventErrors& e) {
  Json out = Json::object();
  out["truth"] = e.truth;
  out["count"] = e.found;
  out["matched"] = e.matched;
  out["precision"] = OrNull(e.precision());
  out["recall"] = OrNull(e.recall());
  out["F1"] = OrNull(e.f1());
  out["net"] = e.net();
  out["gross"] = e.gross();
  Json causes = Json::object();
  for (const auto& [cause, count] : e.causes) causes[std::string(EventCauseName(cause))] = count;
  out["causes"] = std::move(causes);
  return out;
}

Json BiasJson(const FlowDifference::Bias& b) {
  const auto pair = [](const std::optional<double>& truth, const std::optional<double>& found) {
    Json out = Json::object();
    out["truth"] = OrNull(truth);
    out["found"] = OrNull(found);
    out["bias"] = truth && found ? Json(*found - *truth) : Json(nullptr);
    return out;
  };
  Json out = Json::object();
  out["mean"] = pair(b.truth_mean, b.found_mean);
  out["median"] = pair(b.truth_median, b.found_median);
  out["p90"] = pair(b.truth_p90, b.found_p90);
  out["restricted_mean"] = pair(b.truth_restricted, b.found_restricted);
  return out;
}

Json DifferenceJson(const FlowDifference& d) {
  Json out = Json::object();
  out["lines"] = Json::object();
  for (const auto& [name, errors] : d.lines) out["lines"][name] = EventErrorsJson(errors);
  out["all_lines"] = EventErrorsJson(d.all_lines);
  out["zones"] = Json::object();
  for (const auto& [name, errors] : d.zones) out["zones"][name] = EventErrorsJson(errors);
  out["all_zones"] = EventErrorsJson(d.all_zones);
  out["dwell_s"] = Json::object();
  for (const FlowDifference::Bias& bias : d.dwell) out["dwell_s"][bias.zone] = BiasJson(bias);
  out["waiting_s"] = Json::object();
  for (const FlowDifference::Bias& bias : d.waiting) out["waiting_s"][bias.zone] = BiasJson(bias);
  out["presence_s"] = BiasJson(d.presence);
  Json unique = Json::object();
  unique["truth"] = d.unique_truth;
  unique["count"] = d.unique_found;
  unique["net"] = d.unique_found - d.unique_truth;
  unique["over_count"] = OrNull(d.over_count());
  unique["splits"] = d.identities.splits;
  unique["merges"] = d.identities.merges;
  unique["gross"] = d.identities.splits + d.identities.merges;
  out["unique"] = std::move(unique);
  out["od"] = {{"truth", d.od_truth}, {"gross", d.od_gross}};
  out["occupancy_mean_error"] = d.occupancy_error;
  return out;
}

Json ToolJson(const ToolCounts& tool, const FlowSummary& summary) {
  Json out = Json::object();
  out["version"] = tool.version;
  out["lines"] = Json::object();
  for (size_t l = 0; l < tool.lines.size(); ++l) {
    out["lines"][summary.lines[l].name] = {{"in", OrNull(tool.lines[l].in)},
                                           {"out", OrNull(tool.lines[l].out)}};
  }
  out["zones"] = Json::object();
  for (size_t z = 0; z < tool.zones.size(); ++z) {
    out["zones"][summary.zones[z].name] = {{"entered", OrNull(tool.zones[z].entered)},
                                           {"inside_mean", OrNull(tool.zones[z].inside_mean)},
                                           {"time_s", OrNull(tool.zones[z].time_s)}};
  }
  out["unique"] = OrNull(tool.unique);
  return out;
}

Json AuditJson(const FlowAudit& a) {
  Json out = Json::object();
  out["boxes"] = a.boxes;
  out["ids"] = a.ids;
  out["teleport_rate"] = OrNull(a.teleport_rate);
  out["twice_rate"] = OrNull(a.twice_rate);
  out["nameless_rate"] = OrNull(a.nameless_rate);
  out["births_inside"] = OrNull(a.births_inside);
  out["deaths_inside"] = OrNull(a.deaths_inside);
  out["renamed"] = OrNull(a.renamed);
  out["conservation"] = a.conservation;
  out["little"] = Json::object();
  for (const auto& [zone, residual] : a.little) out["little"][zone] = OrNull(residual);
  out["over_count"] = a.over_count ? Json(*a.over_count) : Json("cannot tell");
  out["over_count_interval"] = FlowIntervalJson(a.over_count_interval);
  out["reason"] = a.reason;
  return out;
}

Json FlowRunJson(const FlowRunResult& run) {
  const FlowSummary& s = run.summary;
  Json out = Json::object();
  out["lines"] = Json::object();
  for (const LineSummary& line : s.lines) {
    out["lines"][line.name] = {{"in", line.in},
                               {"out", line.out},
                               {"per_hour", line.per_hour},
                               {"interval", FlowIntervalJson(line.interval)}};
  }
  out["zones"] = Json::object();
  for (const ZoneSummary& zone : s.zones) {
    Json& z = out["zones"][zone.name] = Json::object();
    z["kind"] = std::string(ZoneKindName(zone.kind));
    z["visits"] = zone.visits;
    z["visitors"] = zone.visitors;
    z["re_entries"] = zone.re_entries;
    z["closed"] = zone.closed;
    z["open"] = zone.open;
    z["censored"] = zone.censored;
    z["dwell_s"] = StaysJson(zone.dwell);
    z["visit_s"] = StaysJson(zone.visit);
    z["occupancy"] = {{"mean", zone.occupancy_mean}, {"max", zone.occupancy_most}};
    if (zone.waiting) {
      z["waiting_s"] = StaysJson(zone.waiting->waiting);
      z["served"] = zone.waiting->served;
      z["abandoned"] = zone.waiting->abandoned;
      z["passed"] = zone.waiting->passed;
      z["lost"] = zone.waiting->lost;
    }
  }
  out["unique"] = s.unique;
  out["presence_s"] = StaysJson(s.presence);
  out["occupancy"] = {{"mean", s.present_mean}, {"max", s.present_most}};
  out["od"] = MatrixJson(s.od);
  out["transitions"] = MatrixJson(s.transitions);
  Json times = Json::object();
  for (const auto& [way, seconds] : s.transition_s) times[way.first][way.second] = seconds;
  out["transition_s"] = std::move(times);
  out["speed"] = OrNull(s.speed);
  out["seconds"] = s.seconds;
  if (run.errors) out["errors"] = DifferenceJson(*run.errors);
  for (const ToolCounts& tool : run.tools) out["rules"][tool.tool] = ToolJson(tool, s);
  if (run.audit) out["audit"] = AuditJson(*run.audit);
  return out;
}

std::vector<const FlowRunResult*> AllRuns(const FlowResult& result) {
  std::vector<const FlowRunResult*> runs;
  if (result.truth) runs.push_back(&*result.truth);
  for (const FlowRunResult& run : result.runs) runs.push_back(&run);
  return runs;
}

std::string CauseText(const EventErrors& errors) {
  std::vector<std::string> parts;
  for (const auto& [cause, count] : errors.causes)
    parts.push_back(fmt::format("{} {}", EventCauseName(cause), count));
  return fmt::format("{}", fmt::join(parts, ", "));
}

Table LinesTable(const std::vector<const FlowRunResult*>& runs) {
  Table table({{"run", Align::kLeft},
               {"line", Align::kLeft},
               {"in"},
               {"out"},
               {"an hour"},
               {"interval of both"}},
              "Crossings");
  for (const FlowRunResult* run : runs) {
    for (const LineSummary& line : run->summary.lines) {
      table.AddRow({run->name, line.name, std::to_string(line.in), std::to_string(line.out),
                    Number(line.per_hour, 0), FlowIntervalText(line.interval, 0)});
    }
  }
  return table;
}

Table ZonesTable(const std::vector<const FlowRunResult*>& runs) {
  Table table({{"run", Align::kLeft},
               {"zone", Align::kLeft},
               {"visits"},
               {"visitors"},
               {"closed"},
               {"open"},
               {"censored"},
               {"mean s"},
               {"median s"},
               {"p90 s"},
               {"median interval"},
               {"occupancy"},
               {"most"}},
              "Visits: time of a visitor inside");
  for (const FlowRunResult* run : runs) {
    for (const ZoneSummary& z : run->summary.zones) {
      table.AddRow({run->name, z.name, std::to_string(z.visits), std::to_string(z.visitors),
                    std::to_string(z.closed), std::to_string(z.open), std::to_string(z.censored),
                    Seconds(z.dwell.mean), Seconds(z.dwell.median), Seconds(z.dwell.p90),
                    FlowIntervalText(z.dwell.median_interval, 1), Number(z.occupancy_mean, 2),
                    std::to_string(z.occupancy_most)});
    }
  }
  return table;
}

Table WaitingTable(const std::vector<const FlowRunResult*>& runs) {
  Table table({{"run", Align::kLeft},
               {"queue", Align::kLeft},
               {"served"},
               {"abandoned"},
               {"passed"},
               {"lost"},
               {"median s"},
               {"p90 s"},
               {"mean s"}},
              "Waiting: from joining to being served (Kaplan-Meier; who gave up or was lost waited "
              "longer)");
  for (const FlowRunResult* run : runs) {
    for (const ZoneSummary& z : run->summary.zones) {
      if (!z.waiting) continue;
      const WaitingSummary& w = *z.waiting;
      table.AddRow({run->name, z.name, std::to_string(w.served), std::to_string(w.abandoned),
                    std::to_string(w.passed), std::to_string(w.lost), Seconds(w.waiting.km_median),
                    Seconds(w.waiting.km_p90), Seconds(w.waiting.restricted_mean)});
    }
  }
  return table;
}

Table PeopleTable(const std::vector<const FlowRunResult*>& runs) {
  Table table({{"run", Align::kLeft},
               {"unique"},
               {"over-count"},
               {"splits"},
               {"merges"},
               {"presence mean s"},
               {"median s"},
               {"present"},
               {"most"},
               {"OD error"}},
              "People");
  for (const FlowRunResult* run : runs) {
    const FlowSummary& s = run->summary;
    const auto& d = run->errors;
    table.AddRow({run->name, std::to_string(s.unique), d ? Number(d->over_count(), 2) : "",
                  d ? std::to_string(d->identities.splits) : "",
                  d ? std::to_string(d->identities.merges) : "", Seconds(s.presence.mean),
                  Seconds(s.presence.median), Number(s.present_mean, 2),
                  std::to_string(s.present_most), d ? std::to_string(d->od_gross) : ""});
  }
  return table;
}

Table ErrorsTable(const std::vector<const FlowRunResult*>& runs) {
  Table table({{"run", Align::kLeft},
               {"of", Align::kLeft},
               {"truth"},
               {"count"},
               {"net"},
               {"gross"},
               {"precision %", Align::kRight, Better::kHigher},
               {"recall %", Align::kRight, Better::kHigher},
               {"F1 %", Align::kRight, Better::kHigher},
               {"causes", Align::kLeft}},
              "Errors, event by event");
  for (const FlowRunResult* run : runs) {
    if (!run->errors) continue;
    const auto row = [&](const std::string& name, const EventErrors& e) {
      table.AddRow({run->name, name, std::to_string(e.truth), std::to_string(e.found),
                    fmt::format("{:+}", e.net()), std::to_string(e.gross()), Percent(e.precision()),
                    Percent(e.recall()), Percent(e.f1()), CauseText(e)});
    };
    for (const auto& [name, errors] : run->errors->lines) row("line " + name, errors);
    if (run->errors->lines.size() > 1) row("all lines", run->errors->all_lines);
    for (const auto& [name, errors] : run->errors->zones) row("zone " + name, errors);
  }
  return table;
}

Table MatrixTable(const std::vector<const FlowRunResult*>& runs) {
  Table table({{"run", Align::kLeft}, {"from", Align::kLeft}, {"to", Align::kLeft}, {"people"}},
              "Origin and destination");
  for (const FlowRunResult* run : runs) {
    for (const auto& [way, count] : run->summary.od)
      table.AddRow({run->name, way.first, way.second, std::to_string(count)});
  }
  return table;
}

std::string ToolCountText(const std::optional<int64_t>& value) {
  return value ? std::to_string(*value) : "";
}

// How far from the truth, where there is one.
std::string OffText(const std::optional<int64_t>& count, const std::optional<int64_t>& truth) {
  if (!count || !truth) return "";
  return fmt::format("{:+}", *count - *truth);
}

Table ToolsTable(const FlowResult& result) {
  Table table({{"run", Align::kLeft},
               {"program", Align::kLeft},
               {"of", Align::kLeft},
               {"in"},
               {"out"},
               {"off in"},
               {"off out"}},
              "Who counts what: the same tracks by the rules of other programs");
  for (const FlowRunResult& run : result.runs) {
    if (run.tools.empty()) continue;
    const FlowSummary* truth = result.truth ? &result.truth->summary : nullptr;
    const auto lines = [&](const std::string& tool, size_t l, std::optional<int64_t> in,
                           std::optional<int64_t> out) {
      std::optional<int64_t> true_in, true_out;
      if (truth != nullptr) {
        true_in = truth->lines[l].in;
        true_out = truth->lines[l].out;
      }
      if (in || out)
        table.AddRow({run.name, tool, "line " + run.summary.lines[l].name, ToolCountText(in),
                      ToolCountText(out), OffText(in, true_in), OffText(out, true_out)});
    };
    for (size_t l = 0; l < run.summary.lines.size(); ++l) {
      lines("reidbench", l, run.summary.lines[l].in, run.summary.lines[l].out);
      for (const ToolCounts& tool : run.tools)
        lines(tool.tool, l, tool.lines[l].in, tool.lines[l].out);
    }
    const auto people = [&](const std::string& tool, const std::string& of,
                            std::optional<int64_t> n, std::optional<int64_t> true_n) {
      if (n) table.AddRow({run.name, tool, of, ToolCountText(n), "", OffText(n, true_n), ""});
    };
    for (size_t z = 0; z < run.summary.zones.size(); ++z) {
      std::optional<int64_t> visitors;
      if (truth != nullptr) visitors = truth->zones[z].visitors;
      const std::string of = "zone " + run.summary.zones[z].name;
      people("reidbench", of, run.summary.zones[z].visitors, visitors);
      for (const ToolCounts& tool : run.tools)
        people(tool.tool, of, tool.zones[z].entered, visitors);
    }
    std::optional<int64_t> unique;
    if (truth != nullptr) unique = truth->unique;
    people("reidbench", "people", run.summary.unique, unique);
    for (const ToolCounts& tool : run.tools) people(tool.tool, "people", tool.unique, unique);
  }
  return table;
}

Table AuditTable(const FlowResult& result) {
  Table table({{"run", Align::kLeft},
               {"ids"},
               {"teleports %"},
               {"twice %"},
               {"no id %"},
               {"born inside %"},
               {"lost inside %"},
               {"renamed %"},
               {"over-count"},
               {"between"},
               {"why", Align::kLeft}},
              "Audit, without ground truth");
  for (const FlowRunResult& run : result.runs) {
    if (!run.audit) continue;
    const FlowAudit& a = *run.audit;
    table.AddRow({run.name, std::to_string(a.ids), Percent(a.teleport_rate), Percent(a.twice_rate),
                  Percent(a.nameless_rate), Percent(a.births_inside, 1),
                  Percent(a.deaths_inside, 1), Percent(a.renamed, 1),
                  a.over_count ? Number(a.over_count, 2) : "cannot tell",
                  FlowIntervalText(a.over_count_interval, 2), a.reason});
  }
  return table;
}

std::string_view EndName(VisitEnd end) {
  return end == VisitEnd::kSeen ? "seen" : end == VisitEnd::kLost ? "lost" : "open";
}

std::string EventsCsv(const FlowResult& result) {
  std::string out =
      "run,camera,kind,place,direction,id,frame,time_s,x,y,duration_s,begin,end,served_s\n";
  for (const FlowRunResult* run : AllRuns(result)) {
    for (const CameraFlow& camera : run->cameras) {
      const std::string head = CsvCell(run->name) + "," + CsvCell(camera.name) + ",";
      for (const FlowCrossing& c : camera.events.crossings) {
        out += fmt::format("{}crossing,{},{},{},{},{:.3f},{:.3f},{:.3f},,,,\n", head,
                           CsvCell(camera.scene.zones.lines[c.line].name), c.in ? "in" : "out",
                           c.id, c.frame, c.time_s, c.at.x, c.at.y);
      }
      for (const FlowVisit& v : camera.events.visits) {
        out += fmt::format("{}visit,{},,{},{},{:.3f},,,{:.3f},{},{},{}\n", head,
                           CsvCell(camera.scene.zones.zones[v.zone].name), v.id, v.first_frame,
                           v.enter_s, v.dwell_s(), EndName(v.begin), EndName(v.end),
                           v.served_s ? fmt::format("{:.3f}", *v.served_s) : "");
      }
    }
  }
  return out;
}

std::string OccupancyCsv(const FlowResult& result) {
  std::string out = "run,camera,zone,second,people\n";
  for (const FlowRunResult* run : AllRuns(result)) {
    for (const CameraFlow& camera : run->cameras) {
      const auto add = [&](const std::string& zone, const Occupancy& occupancy) {
        for (size_t k = 0; k < occupancy.by_second.size(); ++k) {
          out += fmt::format("{},{},{},{:.0f},{:.3f}\n", CsvCell(run->name), CsvCell(camera.name),
                             CsvCell(zone),
                             std::floor(camera.events.begin_s + 1e-9) + static_cast<double>(k),
                             occupancy.by_second[k]);
        }
      };
      add("", camera.events.present);
      for (size_t z = 0; z < camera.events.occupancy.size(); ++z)
        add(camera.scene.zones.zones[z].name, camera.events.occupancy[z]);
    }
  }
  return out;
}

// Bars of doubling width from a quarter second: dwell spans from glances to hours.
std::string HistogramsCsv(const FlowResult& result) {
  std::string out = "run,zone,from_s,to_s,visits\n";
  for (const FlowRunResult* run : AllRuns(result)) {
    for (const ZoneSummary& zone : run->summary.zones) {
      std::vector<int64_t> bars;
      for (const CameraFlow& camera : run->cameras) {
        for (const FlowVisit& v : camera.events.visits) {
          if (camera.scene.zones.zones[v.zone].name != zone.name) continue;
          const double doublings = std::log2(std::max(v.dwell_s(), 0.25) / 0.25);
          const auto bar = static_cast<size_t>(std::floor(doublings + 1e-9));
          if (bars.size() <= bar) bars.resize(bar + 1, 0);
          ++bars[bar];
        }
      }
      for (size_t k = 0; k < bars.size(); ++k) {
        out += fmt::format("{},{},{:g},{:g},{}\n", CsvCell(run->name), CsvCell(zone.name),
                           k == 0 ? 0 : std::ldexp(0.25, static_cast<int>(k)),
                           std::ldexp(0.25, static_cast<int>(k) + 1), bars[k]);
      }
    }
  }
  return out;
}

std::string ErrorsCsv(const FlowResult& result) {
  std::string out = "run,kind,place,side,direction,frame,time_s,id,cause\n";
  for (const FlowRunResult& run : result.runs) {
    if (!run.errors) continue;
    const auto add = [&](const std::string& kind, const auto& places) {
      for (const auto& [name, errors] : places) {
        for (const UnmatchedEvent& e : errors.unmatched) {
          out += fmt::format("{},{},{},{},{},{},{:.3f},{},{}\n", CsvCell(run.name), kind,
                             CsvCell(name), e.missed ? "missed" : "extra",
                             kind == "visit" ? ""
                             : e.in          ? "in"
                                             : "out",
                             e.frame, e.time_s, e.id, EventCauseName(e.cause));
        }
      }
    };
    add("crossing", run.errors->lines);
    add("visit", run.errors->zones);
  }
  return out;
}

}  // namespace

std::string RenderFlowTables(const FlowResult& result, TableFormat format) {
  const auto runs = AllRuns(result);
  std::string out;
  for (const Table& table :
       {LinesTable(runs), ZonesTable(runs), WaitingTable(runs), PeopleTable(runs),
        MatrixTable(runs), ErrorsTable(runs), ToolsTable(result), AuditTable(result)}) {
    if (table.empty()) continue;
    if (!out.empty()) out += "\n";
    out += table.Render(format);
  }
  if (const std::string verdict = FlowVerdict(result); !verdict.empty())
    out += "\n" + verdict + "\n";
  return out;
}

std::string RenderFlowCsv(const FlowResult& result) {
  std::string out = "run,of,name,metric,value\n";
  const auto add = [&](const std::string& run, const std::string& of, const std::string& name,
                       const std::string& metric, const std::optional<double>& value) {
    out += fmt::format("{},{},{},{},{}\n", CsvCell(run), of, CsvCell(name), metric,
                       value ? fmt::format("{}", *value) : "");
  };
  const auto stays = [&](const std::string& run, const std::string& of, const std::string& name,
                         const std::string& what, const StayStatistics& s) {
    add(run, of, name, what + "_mean", s.mean);
    add(run, of, name, what + "_median", s.median);
    add(run, of, name, what + "_p90", s.p90);
    add(run, of, name, what + "_km_median", s.km_median);
  };
  for (const FlowRunResult* run : AllRuns(result)) {
    const FlowSummary& s = run->summary;
    for (const LineSummary& line : s.lines) {
      add(run->name, "line", line.name, "in", static_cast<double>(line.in));
      add(run->name, "line", line.name, "out", static_cast<double>(line.out));
    }
    for (const ZoneSummary& z : s.zones) {
      add(run->name, "zone", z.name, "visits", static_cast<double>(z.visits));
      add(run->name, "zone", z.name, "visitors", static_cast<double>(z.visitors));
      stays(run->name, "zone", z.name, "dwell_s", z.dwell);
      if (z.waiting) stays(run->name, "zone", z.name, "waiting_s", z.waiting->waiting);
    }
    add(run->name, "people", "", "unique", static_cast<double>(s.unique));
    stays(run->name, "people", "", "presence_s", s.presence);
    if (!run->errors) continue;
    for (const auto& [name, e] : run->errors->lines) {
      add(run->name, "line", name, "F1", e.f1());
      add(run->name, "line", name, "net", static_cast<double>(e.net()));
      add(run->name, "line", name, "gross", static_cast<double>(e.gross()));
    }
    add(run->name, "people", "", "over_count", run->errors->over_count());
  }
  return out;
}

std::string RenderFlowJson(const FlowResult& result) {
  Json out = Json::object();
  out["schema"] = kFlowSchema;
  out["version"] = std::string(Version());
  out["zones"] = result.zones;
  out["units"] = result.units;
  out["tolerance_s"] = result.tolerance_s;
  out["cameras"] = result.cameras;
  if (result.truth) out["truth"] = FlowRunJson(*result.truth);
  Json runs = Json::object();
  for (const FlowRunResult& run : result.runs) runs[run.name] = FlowRunJson(run);
  out["runs"] = std::move(runs);
  if (const std::string verdict = FlowVerdict(result); !verdict.empty()) out["verdict"] = verdict;
  out["warnings"] = result.warnings;
  return DumpJson(out);
}

std::string FlowVerdict(const FlowResult& result) {
  if (!result.corrected || !result.truth || result.runs.size() < 2) return "";
  const FlowRunResult& plain = result.runs.front();
  const auto found = std::find_if(result.runs.begin(), result.runs.end(),
                                  [&](const auto& run) { return run.name == *result.corrected; });
  if (found == result.runs.end() || !plain.errors || !found->errors) return "";
  const FlowDifference& a = *plain.errors;
  const FlowDifference& b = *found->errors;
  const auto off = [](const FlowDifference& d) {
    const auto& p = d.presence;
    return p.truth_median && p.found_median ? std::abs(*p.found_median - *p.truth_median) : 0.0;
  };
  return fmt::format(
      "Re-ID correction moved the count of unique people from {} to {} (truth {}), the error of "
      "the median presence from {:.1f} to {:.1f} s, and wrong crossings from {} to {}.",
      a.unique_found, b.unique_found, a.unique_truth, off(a), off(b), a.all_lines.gross(),
      b.all_lines.gross());
}

std::vector<std::string> FlowFileNames(bool with_truth) {
  std::vector<std::string> names = {"events.csv", "occupancy.csv", "histograms.csv", "summary.json",
                                    "summary.txt"};
  if (with_truth) names.emplace_back("errors.csv");
  return names;
}

void WriteFlowFiles(const FlowResult& result, const std::filesystem::path& folder) {
  WriteFileAtomically(folder / "events.csv", EventsCsv(result));
  WriteFileAtomically(folder / "occupancy.csv", OccupancyCsv(result));
  WriteFileAtomically(folder / "histograms.csv", HistogramsCsv(result));
  WriteFileAtomically(folder / "summary.json", RenderFlowJson(result));
  WriteFileAtomically(folder / "summary.txt", RenderFlowTables(result, TableFormat::kText));
  if (result.truth) WriteFileAtomically(folder / "errors.csv", ErrorsCsv(result));
}

}  // namespace reidbench
