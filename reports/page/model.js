'use strict';
// The data of the page, brought into one shape: what `compare`, `rank`, `track` and `run` write differs, the parts below
// do not care.
//   comparisons  [{name, data: reidbench.compare/1, crops}]
//   rank         reidbench.rank/1 or null; ranked: {queries, pictures, note} or null
//   sweep        {select, rows: [{name, correction, options, HOTA, ..., frames_per_s}], leave_one_out} or null
//   stages       [{id, command, status, seconds, cpu_seconds, peak_rss_bytes}]
rb.readModel = (page) => {
  const parts = page.parts || {};
  const model = {
    title: page.title || 'reidbench report', version: page.version || '', parts, comparisons: [], rank: parts.rank || null,
    ranked: parts.ranked || null, sweep: null, stages: [], run: parts.run || null, warnings: [],
  };
  if (parts.compare) {
    model.comparisons.push({ name: `${parts.compare.plain} → ${parts.compare.corrected}`, data: parts.compare,
      crops: parts.crops || null });
    model.warnings.push(...(parts.compare.warnings || []));
  }
  if (parts.track) model.sweep = rb.sweepOfTrack(parts.track);
  if (parts.run) {
    const results = parts.run.results || {};
    model.stages = parts.run.stages || [];
    model.rank = model.rank || results.retrieval || null;
    for (const entry of results.tracking || []) {
      for (const correction of entry.corrections || []) {
        if (correction.compare && correction.compare.COMBINED) {
          model.comparisons.push({ name: `${entry.name} · ${correction.name}`, data: correction.compare,
            crops: (parts.run_crops || {})[`${entry.name}/${correction.name}`] || null });
        }
      }
    }
    if (results.sweep && (results.sweep.rows || []).length) {
      const options = Object.fromEntries((results.tracking || []).map((t) => [t.name, { tracker: t.tracker, detections: t.detections, ...t.options }]));
      model.sweep = { ...results.sweep,
        rows: results.sweep.rows.map((row) => ({ ...row, options: options[row.name] || {} })) };
    }
    for (const stage of model.stages) {
      for (const warning of stage.warnings || []) model.warnings.push(`${stage.id}: ${warning}`);
    }
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

rb.sequenceNames = (comparison) => Object.keys(comparison.data.sequences || {});
// All switches of a comparison once: those of the plain run, and those that correction introduced.
rb.switchesOf = (comparison) => {
  const all = [];
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
