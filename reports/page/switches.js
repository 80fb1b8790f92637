'use strict';
// Switch browser: every identity switch with its cause, its pictures and the evidence.

// What happened, in a sentence.
rb.storyOf = (s) => {
  const who = `Person ${s.gt_id}`;
  const ids = `id ${s.old_track} became ${s.new_track}`;
  const gap = s.gap_frames > 1 ? `${rb.plural(s.gap_frames - 1, 'frame')} in between` : 'from one frame to the next';
  switch (s.cause) {
    case 'duplicate': return `Both ids lay on ${who.toLowerCase()} at once: ${ids}.`;
    case 'swapped': return `${who} and ${s.other_gt === null || s.other_gt === undefined ? 'another person' : 'person ' + s.other_gt} exchanged ids: ${ids}, ${gap}.`;
    case 'left': return `${who} was out of the picture for ${rb.plural(s.absent_frames, 'frame')} and came back as somebody else: ${ids}.`;
    case 'occluded': {
      const by = s.occluder_gt === null || s.occluder_gt === undefined ? '' : ` behind person ${s.occluder_gt}`;
      return `${who} was hidden${by} (${rb.percent(s.hidden_share, 0)} % at most), and ${ids}, ${gap}.`;
    }
    case 'missed': return `${who} was visible, but no box was on it: ${ids}, ${gap}.`;
    case 'renamed': return `${who} was visible and found in every frame, and still ${ids}.`;
    default: return `${who}: ${ids}.`;
  }
};
rb.outcomeOf = (s) => ({
  fixed: 'After correction both stretches carry one id.', remaining: 'The corrected tracks still switch here.',
  introduced: 'Only the corrected tracks switch here: correction made this mistake.',
})[s.status] || '';

rb.switchSection = (model, section) => {
  const perPage = 100;
  const filter = { sequence: 'all', cause: 'all', status: 'all' };
  let page = 0, selected = null, filtered = [];
  const content = rb.h('div');
  const list = rb.h('ul', { class: 'list', role: 'listbox', tabindex: 0, 'aria-label': 'Identity switches' });
  const detail = rb.h('div', { class: 'panel', 'aria-live': 'polite', id: 'switch-detail' });
  section.append(content);
  const option = (s) => `switch-${s.key}`;

  const show = () => {
    const all = rb.view.switches;
    const leftOut = rb.leftOutNote(rb.view.comparison);
    if (leftOut) { selected = null; content.replaceChildren(rb.h('p', { class: 'note' }, leftOut)); return; }
    const values = (key) => [...new Set(all.map((s) => s[key]))];
    for (const key of Object.keys(filter)) if (filter[key] !== 'all' && !values(key).includes(filter[key])) filter[key] = 'all';
    filtered = all.filter((s) => Object.keys(filter).every((key) => filter[key] === 'all' || s[key] === filter[key]));
    const pages = Math.max(1, Math.ceil(filtered.length / perPage));
    if (selected && !filtered.includes(selected)) selected = null;
    if (!selected && filtered.length) selected = filtered[0];
    page = selected ? Math.floor(filtered.indexOf(selected) / perPage) : 0;
    const choose = (key, title, order) => {
      const present = order ? order.filter((v) => values(key).includes(v)) : values(key);
      const names = { cause: rb.causeNames };
      return rb.select(title, [['all', 'all'], ...present.map((v) => [v, ((names[key] || {})[v] || v) + ` (${all.filter((s) => s[key] === v).length})`])], filter[key], (v) => { filter[key] = v; show(); });
    };
    const controls = rb.h('div', { class: 'controls' },
      values('sequence').length > 1 ? choose('sequence', 'Sequence') : null, choose('cause', 'Cause', Object.keys(rb.causeNames)),
      choose('status', 'Status', ['fixed', 'remaining', 'introduced']),
      rb.csvButton('switches', () => filtered.map(({ crop, boxes, key, ...row }) => row)),
      rb.h('span', { class: 'spread', role: 'status' }, `${rb.count(filtered.length)} of ${rb.plural(all.length, 'switch', 'switches')}`));
    fill();
    const focused = document.activeElement === list;
    content.replaceChildren(...[controls, rb.notes(),
      filtered.length ? rb.h('div', { class: 'browser' }, rb.h('div', {}, list, rb.pager('switches', page, pages, (p) => { selected = filtered[p * perPage]; show(); })), detail)
        : rb.h('p', { class: 'note' }, 'No switch is of this kind.')].filter(Boolean));
    if (focused) list.focus();
  };

  const fill = () => {
    list.replaceChildren(...filtered.slice(page * perPage, (page + 1) * perPage).map((s) => rb.h('li', {
      id: option(s), role: 'option', 'aria-selected': String(s === selected), onclick: () => pick(s),
    }, rb.h('span', {}, `Person ${s.gt_id}: ${s.old_track} → ${s.new_track}`), rb.badge(s.status),
    rb.h('span', { class: 'where' }, `${rb.causeNames[s.cause] || s.cause} · frame ${rb.count(s.frame)} · ${s.sequence}`))));
    if (selected) list.setAttribute('aria-activedescendant', option(selected));
    describe();
  };

  const pick = (s, quiet) => {
    if (!s) return;
    const before = page;
    selected = s;
    if (!filtered.includes(s)) { for (const key of Object.keys(filter)) filter[key] = 'all'; show(); }
    page = Math.floor(filtered.indexOf(s) / perPage);
    if (page !== before) show();
    for (const item of list.children) item.setAttribute('aria-selected', String(item.id === option(s)));
    list.setAttribute('aria-activedescendant', option(s));
    const item = document.getElementById(option(s));
    // Only the list scrolls, not the page.
    if (item) {
      const top = item.offsetTop - list.offsetTop;
      if (top < list.scrollTop) list.scrollTop = top;
      else if (top + item.offsetHeight > list.scrollTop + list.clientHeight) list.scrollTop = top + item.offsetHeight - list.clientHeight;
    }
    describe();
    if (!quiet) rb.emit('switch', s, 'browser');
  };

  const describe = () => {
    if (!selected) { detail.replaceChildren(); return; }
    const s = selected;
    const optional = (v, text) => (v === null || v === undefined ? null : text || String(v));
    detail.replaceChildren(...[
      rb.h('h3', {}, `Person ${s.gt_id}, id ${s.old_track} → ${s.new_track} `, rb.badge(s.status)),
      rb.h('p', { class: 'story' }, rb.storyOf(s) + ' ' + rb.outcomeOf(s)), rb.strip(s),
      rb.evidence(s),
      rb.facts([['sequence', s.sequence], ['run', s.run], ['cause', `${s.cause}: ${rb.causeNames[s.cause] || ''}`], ['last frame with the old id', rb.count(s.last_frame)],
        ['first frame with the new id', rb.count(s.frame)], ['frames between', rb.count(s.gap_frames - 1)], ['hidden at most', rb.percent(s.hidden_share, 0) + ' %'],
        ['frames out of the picture', rb.count(s.absent_frames)], ['hidden by person', optional(s.occluder_gt)], ['id on that person', optional(s.occluder_track)],
        ['other person of the swap', optional(s.other_gt)]]),
      rb.h('div', { class: 'controls', style: { margin: 0 } },
        rb.view.comparison.data.sequences[s.sequence].timelines ? rb.h('button', { type: 'button', onclick: () => rb.emit('switch', s, 'jump') }, 'Show in the ribbons') : null,
        rb.h('span', { class: 'small muted' }, rb.h('kbd', {}, '↑'), ' ', rb.h('kbd', {}, '↓'), ' in the list go from switch to switch'))].filter(Boolean));
  };

  list.addEventListener('keydown', (event) => {
    const at = filtered.indexOf(selected);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: filtered.length - 1, PageDown: at + 10, PageUp: at - 10 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    pick(filtered[Math.max(0, Math.min(filtered.length - 1, to))]);
    list.focus();
  });
  rb.on('comparison', () => { selected = null; show(); });
  rb.on('switch', (s, from) => {
    if (from !== 'ribbons') return;
    pick(s, true);
    section.scrollIntoView();
    list.focus({ preventScroll: true });
  });
  show();
};

// What correction knew when it decided, or that it decided nothing.
rb.evidence = (s) => {
  const decisions = rb.evidenceOf(s, rb.view.comparison);
  if (!decisions) return null;
  const title = rb.h('h4', {}, 'Why correction did what it did');
  if (!decisions.length) return rb.h('div', { class: 'evidence' }, title, rb.h('p', { class: 'small muted' }, 'No decision was taken, or nearly taken, about these ids here.'));
  const number = (v, digits = 2) => (rb.known(v) ? rb.signed(v, digits) : null);
  const sentence = (d) => {
    if (d.kind === 'link') return `id ${d.track_after} from frame ${rb.count(d.frame_after)} continues id ${d.track_before}, last seen in frame ${rb.count(d.frame_before)}`;
    if (d.kind === 'swap') return `ids ${d.track_before} and ${d.track_after} exchange persons between frames ${rb.count(d.frame_before)} and ${rb.count(d.frame_after)}`;
    return `id ${d.track_before} is two persons: one until frame ${rb.count(d.frame_before)}, another from ${rb.count(d.frame_after)}`;
  };
  return rb.h('div', { class: 'evidence' }, title, decisions.map((d) => rb.h('div', { class: 'decision' },
    rb.h('p', {}, rb.h('strong', { class: d.accepted ? 'good' : 'bad' }, d.accepted ? '✓ taken: ' : '✗ refused: '), sentence(d)),
    rb.facts([['evidence, log-likelihood ratio', rb.known(d.log_likelihood_ratio) ? `${number(d.log_likelihood_ratio)}, needed ${number(d.threshold) || 'n/a'}` : null],
      ['margin over the second best', rb.known(d.runner_up) && rb.known(d.log_likelihood_ratio) ? `${number(d.log_likelihood_ratio - d.runner_up)}` + (rb.known(d.runner_up_track) ? ` (id ${d.runner_up_track}: ${number(d.runner_up)})` : '') : null],
      ['similarity of looks', rb.known(d.appearance_distance) ? `${(1 - d.appearance_distance).toFixed(3)} (cosine)` : null],
      ['gap', rb.known(d.gap_s) ? `${d.gap_s.toFixed(2)} s` : null], ['step', d.step],
      ['parts of the evidence', Object.entries(d.gates || {}).map(([name, v]) => `${name} ${number(v) || 'n/a'}`).join(', ')],
      ['refused because', d.reason], ['ground truth says', d.verdict],
      ['IDF1 if undone', rb.known(d.idf1_change_if_undone) ? rb.change('IDF1', d.idf1_change_if_undone) + ' points' : null]]))));
};

rb.notes = () => {
  const crops = rb.view.comparison.crops;
  const note = crops ? crops.note : 'Without pictures of the switches: there were no frames, or no room for them. reidbench compare --html FILE --frames FOLDER shows them.';
  return note ? rb.h('p', { class: 'note small' }, note) : null;
};

// Pictures before, during and after. A picture: {frame, uri, box: [left, top, width, height] as shares of it, id}.
rb.strip = (s) => {
  const crop = s.crop || {};
  const shot = (picture, title, frame, id, ring) => rb.h('figure', { class: 'shot' },
    rb.h('div', { class: 'picture' },
      picture && picture.uri
        ? [rb.h('img', { src: picture.uri, alt: `${title}, frame ${frame}` }),
          picture.box ? rb.h('div', { class: 'ring', style: { left: 100 * picture.box[0] + '%', top: 100 * picture.box[1] + '%', width: 100 * picture.box[2] + '%', height: 100 * picture.box[3] + '%', borderColor: ring[0] } },
            id === null ? null : rb.h('span', { class: 'id' + (picture.box[1] < 0.12 ? ' inside' : ''), style: { background: ring[0], color: ring[1] } }, `id ${id}`)) : null]
        : rb.h('div', { class: 'empty' }, 'no picture')),
    rb.h('figcaption', {}, `${title} · frame ${rb.count(frame)}`));
  const middle = (crop.during && crop.during.frame) || Math.round((s.last_frame + s.frame) / 2);
  return rb.h('div', { class: 'strip' },
    shot(crop.before, 'Before', s.last_frame, s.old_track, rb.idColors[0]),
    shot(crop.during, 'During', middle, null, ['#ffffff', '#000']),
    shot(crop.after, 'After', s.frame, s.new_track, rb.idColors[1]));
};

rb.panel({ id: 'switches', title: 'Switch browser', lead: 'Every identity switch, why it happened, and what became of it.',
  wanted: (model) => model.comparisons.some(rb.hasSwitches), draw: rb.switchSection });
