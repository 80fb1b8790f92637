'use strict';
// The data of the page, brought into one shape: what `compare`, `rank`, `track` and `run` write differs, the parts below
// do not care.
//   comparisons  [{name, data: reidbench.compare/1, crops, details, decisions, left_out}]; a run keeps switches and time lines
//                apart (details), as columns and rows, until the reader asks for them
//   rank         reidbench.rank/1 or null; ranked: {queries, pictures, note} or null
//   joint        the change of mean IDF1 of a run's trackers, with one interval: {trackers, plain, corrected, delta, ci95} or null
//   sweep        {select, rows: [{name, correction, options, HOTA, ..., frames_per_s}], leave_one_out} or null
//   profile, plan  reidbench.profile/1 and reidbench.plan/1, or null
//   stages       [{id, command, status, seconds, cpu_seconds, peak_rss_bytes}]
rb.readModel = (page) => {
  const parts = page.parts || {};
  rb.metrics = page.metrics || {};
  const model = {
    title: page.title || 'reidbench report', version: page.version || '', parts, comparisons: [], rank: parts.rank || null,
    ranked: parts.ranked || null, sweep: null, joint: null, stages: [], run: parts.run || null, warnings: [],
    profile: parts.profile || null, plan: parts.plan || null,
  };
  if (parts.compare) {
    model.comparisons.push({ name: `${parts.compare.plain} → ${parts.compare.corrected}`, data: parts.compare,
      crops: parts.crops || null, decisions: (parts.decisions || {}).sequences || null });
    model.warnings.push(...(parts.compare.warnings || []));
  }
  if (parts.track) model.sweep = rb.sweepOfTrack(parts.track);
  if (parts.run) {
    const results = parts.run.results || {};
    model.stages = parts.run.stages || [];
    model.rank = model.rank || results.retrieval || null;
    model.joint = results.joint || null;
    (results.tracking || []).forEach((entry, i) => (entry.corrections || []).forEach((correction, j) => {
      if (!correction.compare || !correction.compare.COMBINED) return;
      const of = (part) => (parts[part] || {})[`${i}/${j}`] || null;
      const details = of('run_details');
      model.comparisons.push({ name: `${entry.name} · ${correction.name}`, data: correction.compare, crops: of('run_crops'),
        details, decisions: (of('run_decisions') || {}).sequences || null, left_out: Boolean(parts.run_details) && !details });
    }));
    if (results.sweep && (results.sweep.rows || []).length) {
      const options = Object.fromEntries((results.tracking || []).map((t) => [t.name, { tracker: t.tracker, detections: t.detections, ...t.options }]));
      model.sweep = { ...results.sweep,
        rows: results.sweep.rows.map((row) => ({ ...row, options: options[row.name] || {} })) };
    }
    // What several stages say is said once.
    const said = new Map();
    for (const stage of model.stages) {
      for (const warning of stage.warnings || []) said.set(warning, [...(said.get(warning) || []), stage.id]);
    }
    for (const [warning, ids] of said) model.warnings.push(`${ids.length > 2 ? `${ids[0]} and ${rb.count(ids.length - 1)} more stages` : ids.join(', ')}: ${warning}`);
  }
  return model;
};

// `track --sweep`: options are the swept ones, speed is that of the tracker alone.
rb.sweepOfTrack = (track) => {
  const rows = (track.runs || []).map((run) => {
    const all = run.ALL || {};
    const named = Object.entries(run.options || {}).map(([key, value]) => `${key}=${value}`).join(' ');
    return { name: named || track.tracker, correction: null, options: run.options || {}, ...(all.scores || {}), tracks: all.tracks,
      frames_per_s: all.tracker_seconds > 0 ? all.frames / all.tracker_seconds : null };
  });
  if (rows.length < 2) return null;
  const one = track.leave_one_out;
  return { select: one ? one.select : 'HOTA', tracker: track.tracker, rows,
    leave_one_out: one && { scores: one.scores, chosen_on_the_others: Object.fromEntries(
      Object.entries(one.chosen_on_the_others).map(([sequence, name]) => [sequence, { name, correction: null }])) } };
};

// A list of objects, or {columns, rows} of one.
rb.objectsOf = (list) => {
  if (!list || Array.isArray(list)) return list || [];
  return list.rows.map((row) => Object.fromEntries(list.columns.map((column, i) => [column, row[i]])));
};
// Puts the switches and time lines of a comparison where `compare` has them.
rb.loadDetails = (comparison) => {
  for (const [sequence, details] of Object.entries(comparison.details || {})) {
    const entry = comparison.data.sequences[sequence];
    if (details.switches) {
      entry.switches.list = Object.fromEntries(Object.entries(details.switches).map(([run, list]) => [run, rb.objectsOf(list)]));
    }
    if (details.timelines) entry.timelines = rb.objectsOf(details.timelines);
  }
  comparison.details = null;
  return comparison;
};
const inDetails = (comparison, wanted) => Object.values(comparison.details || {}).some(wanted);
rb.hasSwitches = (comparison) => inDetails(comparison, (d) => d.switches) ||
  Object.values(comparison.data.sequences || {}).some((s) => s.switches && s.switches.list);
rb.hasTimelines = (comparison) => inDetails(comparison, (d) => d.timelines && d.timelines.rows.length) ||
  Object.values(comparison.data.sequences || {}).some((s) => (s.timelines || []).length);
rb.leftOutNote = (comparison) => (comparison.left_out
  ? 'Left out here, to keep this file small: run.json beside it has them, and reidbench compare --html makes a page of one comparison.' : null);

// The best corrected scores first.
rb.bestComparisons = (model) => {
  const score = (c) => { const v = c.data.COMBINED.corrected; return rb.known(v.HOTA) ? v.HOTA : v.IDF1 || 0; };
  return model.comparisons.map((c, i) => [c, i]).sort((a, b) => score(b[0]) - score(a[0]) || a[1] - b[1]).map(([c]) => c);
};

rb.sequenceNames = (comparison) => Object.keys(comparison.data.sequences || {});
// All switches of a comparison once: those of the plain run, and those that correction introduced.
rb.switchesOf = (comparison) => {
  const all = [];
  rb.loadDetails(comparison);
  for (const [sequence, entry] of Object.entries(comparison.data.sequences || {})) {
    const list = (entry.switches || {}).list;
    if (!list) continue;
    const crops = (comparison.crops && comparison.crops.sequences && comparison.crops.sequences[sequence]) || {};
    (list.plain || []).forEach((s, i) => all.push({ ...s, sequence, run: 'plain', crop: (crops.plain || [])[i] }));
    (list.corrected || []).forEach((s, i) => {
      if (s.status === 'introduced') all.push({ ...s, sequence, run: 'corrected', crop: (crops.corrected || [])[i] });
    });
  }
  all.sort((a, b) => a.sequence < b.sequence ? -1 : a.sequence > b.sequence ? 1 : a.frame - b.frame || a.gt_id - b.gt_id);
  all.forEach((s, i) => { s.key = i; });
  return all;
};

// ---- evidence -----------------------------------------------------------------------------------------------------------
// The ids that the plain tracks gave the person before and after a switch: decisions speak of those.
const plainIds = (s, comparison) => {
  if (s.run === 'plain') return [s.old_track, s.new_track];
  const line = ((comparison.data.sequences[s.sequence] || {}).timelines || []).find((t) => t.gt_id === s.gt_id);
  const at = (frame) => { const run = line && line.plain.find(([first, last]) => first <= frame && frame <= last); return run ? run[2] : null; };
  return [at(s.last_frame), at(s.frame)];
};
// What relink decided about a switch, taken or refused, the nearest first: about these two ids; splits and swaps of one of
// them at that time; and the links of either id to the pieces between.
rb.evidenceOf = (s, comparison, most = 4) => {
  const list = (comparison.decisions || {})[s.sequence];
  if (!list) return null;
  comparison.decided = comparison.decided || {};
  const all = comparison.decided[s.sequence] = comparison.decided[s.sequence] || rb.objectsOf(list);
  const [a, b] = plainIds(s, comparison);
  const slack = Math.max(25, s.frame - s.last_frame);
  const isNear = (d) => d.frame_after >= s.last_frame - slack && d.frame_before <= s.frame + slack;
  const rank = (d) => {
    const ids = [d.track_before, d.track_after];
    if (d.kind === 'link') {
      if (a !== b && ids.includes(a) && ids.includes(b)) return 0;
      if (!d.accepted || a === b) return null;
      const leaves = d.track_before === a && d.frame_before >= s.last_frame - slack && d.frame_before <= s.frame;
      const arrives = d.track_after === b && d.frame_after <= s.frame + slack && d.frame_after >= s.last_frame;
      return leaves || arrives ? 2 : null;
    }
    return isNear(d) && (ids.includes(a) || ids.includes(b)) ? 1 : null;
  };
  const distance = (d) => Math.abs(d.frame_before - s.last_frame) + Math.abs(d.frame_after - s.frame);
  return all.map((d) => ({ ...d, rank: rank(d) })).filter((d) => d.rank !== null)
    .sort((x, y) => x.rank - y.rank || distance(x) - distance(y)).slice(0, most);
};
