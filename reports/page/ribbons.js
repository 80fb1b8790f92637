'use strict';
// Identity ribbons: for every person of the ground truth a line of time, coloured by the id that the tracks gave, before
// and after correction. A person whose colour never changes was followed without a mistake.

rb.idColors = [['#e69f00', '#000'], ['#56b4e9', '#000'], ['#009e73', '#000'], ['#0072b2', '#fff'], ['#d55e00', '#000'],
  ['#cc79a7', '#000'], ['#f0e442', '#000'], ['#a6a6a6', '#000'], ['#7a4fbf', '#fff'], ['#8c5a2b', '#fff']];

// Ids that meet on one person get different colours where ten suffice: what must be seen is a change. First come those
// that are seen first.
rb.colorsOfIds = (timelines) => {
  const first = new Map(), meets = new Map();
  const meet = (a, b, weight) => {
    if (a === b) return;
    for (const [x, y] of [[a, b], [b, a]]) meets.get(x).set(y, (meets.get(x).get(y) || 0) + weight);
  };
  for (const line of timelines) {
    const ids = [...line.plain, ...line.corrected].sort((a, b) => a[0] - b[0]);
    for (const [start, , id] of ids) {
      if (!first.has(id)) { first.set(id, start); meets.set(id, new Map()); }
      first.set(id, Math.min(first.get(id), start));
    }
    const distinct = [...new Set(ids.map((r) => r[2]))];
    distinct.forEach((a, i) => distinct.slice(i + 1).forEach((b) => meet(a, b, 1)));
    for (const run of ['plain', 'corrected']) {
      for (let i = 1; i < line[run].length; ++i) meet(line[run][i - 1][2], line[run][i][2], 100);
    }
  }
  const index = new Map(), used = rb.idColors.map(() => 0);
  for (const id of [...first.keys()].sort((a, b) => first.get(a) - first.get(b) || a - b)) {
    const cost = rb.idColors.map((_, c) => used[c] * 1e-6);
    for (const [other, weight] of meets.get(id)) if (index.has(other)) cost[index.get(other)] += weight;
    const best = cost.indexOf(Math.min(...cost));
    index.set(id, best);
    ++used[best];
  }
  return (id) => rb.idColors[index.has(id) ? index.get(id) : 7];
};

rb.ribbonSection = (model, section) => {
  const content = rb.h('div');
  section.append(content);
  const perPage = 40;
  let sequence = null, onlySwitched = true, page = 0, current = null;

  const show = () => {
    const names = rb.sequenceNames(rb.view.comparison).filter((n) => (rb.view.comparison.data.sequences[n].timelines || []).length);
    if (!names.length) { content.replaceChildren(rb.h('p', { class: 'note' }, rb.leftOutNote(rb.view.comparison) || 'This configuration was compared without time lines.')); return; }
    if (!names.includes(sequence)) { sequence = names[0]; page = 0; current = null; }
    const entry = rb.view.comparison.data.sequences[sequence];
    const events = rb.view.switches.filter((s) => s.sequence === sequence);
    const switched = new Set(events.map((s) => s.gt_id));
    const people = entry.timelines.filter((t) => !onlySwitched || switched.has(t.gt_id));
    const pages = Math.max(1, Math.ceil(people.length / perPage));
    page = Math.min(page, pages - 1);
    const shown = people.slice(page * perPage, (page + 1) * perPage);
    content.replaceChildren(...[
      rb.h('div', { class: 'controls' },
        names.length > 1 ? rb.select('Sequence', names, sequence, (n) => { sequence = n; page = 0; current = null; show(); }) : null,
        rb.check('Only people with a switch', onlySwitched, (v) => { onlySwitched = v; page = 0; show(); }),
        rb.h('span', { class: 'spread' }, `${rb.plural(people.length, 'person', 'people')} of ${rb.count(entry.timelines.length)}`)),
      shown.length ? ribbonFigure(entry, shown, events) : rb.h('p', { class: 'note' }, 'Nobody of this sequence has a switch.'),
      rb.pager('people', page, pages, (p) => { page = p; show(); })].filter(Boolean));
  };

  const ribbonFigure = (entry, people, events) => {
    const color = rb.colorsOfIds(entry.timelines);
    const last = Math.max(entry.frames || 0, d3.max(people, (t) => d3.max(t.present, (p) => p[1])) || 1);
    const index = new Map(people.map((t, i) => [t.gt_id, i]));
    const marks = events.filter((s) => index.has(s.gt_id)).sort((a, b) => a.frame - b.frame || a.gt_id - b.gt_id);
    const row = 44, top = 24, left = 66, lane = 15;
    let transform = d3.zoomIdentity, zoom = null, update = () => {};
    const figure = rb.figure({
      title: `${sequence}: who had which id, before and after`, name: 'ribbons ' + sequence, interactive: true, height: 24 + people.length * 44 + 6,
      description: 'Upper lane: plain. Lower lane: corrected. Pale: in the picture, but no track on the person. Same colour in one row: same id. ' +
        'Wheel or + and − zoom, drag or ← and → move, n and p go from switch to switch, Enter opens it below, 0 shows all.',
      legend: ['fixed', 'remaining', 'introduced'].map((k) => [`var(--${k})`, `${rb.statusNames[k].join(' ')} switch`]),
      rows: () => people.flatMap((t) => ['plain', 'corrected'].flatMap((run) => t[run].map(([first, end, id]) => ({ sequence, gt_id: t.gt_id, run, first_frame: first, last_frame: end, track: id })))),
      draw: (svg, width) => {
        const height = top + people.length * row + 6;
        svg.attr('height', height).attr('class', 'ribbons').attr('tabindex', 0).attr('role', 'application')
          .attr('aria-label', `Identity ribbons of ${people.length} people in ${sequence}, ${marks.length} switches. n and p go from switch to switch, Enter opens one.`);
        const base = d3.scaleLinear([1, last + 1], [left, width - 4]);
        const clip = 'clip-' + Math.random().toString(36).slice(2);
        svg.append('clipPath').attr('id', clip).append('rect').attr('x', left).attr('y', 0).attr('width', width - left - 4).attr('height', height);
        const axis = svg.append('g').attr('class', 'axis').attr('transform', `translate(0,${top - 4})`);
        svg.append('text').attr('class', 'muted').attr('x', 2).attr('y', 12).text('frame');
        const body = svg.append('g').attr('clip-path', `url(#${clip})`);
        people.forEach((t, i) => svg.append('text').attr('class', 'person').attr('x', 2).attr('y', top + i * row + row / 2 + 1).text(`Person ${t.gt_id}`.length > 9 ? String(t.gt_id).slice(0, 8) : width < 480 ? `P ${t.gt_id}` : `Person ${t.gt_id}`));
        const cursor = svg.append('line').attr('class', 'cursor').attr('y1', top - 4).attr('y2', height).attr('visibility', 'hidden');
        update = () => {
          const x = transform.rescaleX(base);
          axis.call(d3.axisTop(x).ticks(Math.max(3, Math.floor(width / 110))).tickFormat(d3.format(',d')).tickSizeOuter(0));
          const inside = ([a, b]) => x(b + 1) >= left && x(a) <= width;
          const items = people.flatMap((t, i) => {
            const y = top + i * row + 5;
            return [...t.present.filter(inside).flatMap(([a, b]) => [0, 1].map((k) => ({ kind: 'present', a, b, y: y + k * (lane + 2), t, run: k ? 'corrected' : 'plain' }))),
              ...['plain', 'corrected'].flatMap((run, k) => t[run].filter(inside).map(([a, b, id]) => ({ kind: 'run', a, b, id, y: y + k * (lane + 2), t, run })))];
          });
          body.selectAll('rect').data(items).join('rect').attr('class', (d) => d.kind).attr('x', (d) => x(d.a)).attr('y', (d) => d.y)
            .attr('width', (d) => Math.max(1, x(d.b + 1) - x(d.a))).attr('height', lane).attr('rx', 2).style('fill', (d) => (d.kind === 'run' ? color(d.id)[0] : null))
            .call(rb.tip, (d) => d.kind === 'run' ? `Person ${d.t.gt_id}, ${d.run}\nid ${d.id}, frames ${d.a} to ${d.b}` : `Person ${d.t.gt_id}, ${d.run}\nno track, frames ${d.a} to ${d.b}`);
          const labelled = items.filter((d) => d.kind === 'run' && Math.min(x(d.b + 1), width) - Math.max(x(d.a), left) > 9 + 7.5 * String(d.id).length);
          body.selectAll('text').data(labelled).join('text').attr('x', (d) => Math.max(x(d.a), left) + 4).attr('y', (d) => d.y + 11.5).style('fill', (d) => color(d.id)[1]).style('font-size', '11px').style('pointer-events', 'none').text((d) => d.id);
          body.selectAll('path').data(marks).join('path').attr('class', (s) => 'mark ' + s.status)
            .attr('transform', (s) => `translate(${x(s.frame)},${top + index.get(s.gt_id) * row + (s.run === 'plain' ? 6 : 37)})${s.run === 'plain' ? '' : ' scale(1,-1)'}`)
            .attr('d', (s) => (s === current ? 'M-8,-7L8,-7L0,7Z' : 'M-5.5,-5L5.5,-5L0,5Z'))
            .call(rb.tip, (s) => `Person ${s.gt_id}: id ${s.old_track} → ${s.new_track} at frame ${s.frame}\n${rb.causeNames[s.cause] || s.cause}, ${s.status}`)
            .on('click', (s) => { current = s; update(); rb.emit('switch', s, 'ribbons'); });
          cursor.attr('visibility', current && x(current.frame) >= left ? 'visible' : 'hidden');
          if (current) cursor.attr('x1', x(current.frame)).attr('x2', x(current.frame));
        };
        zoom = d3.zoom().scaleExtent([1, Math.max(2, last / 20)]).translateExtent([[left, 0], [width - 4, height]]).extent([[left, 0], [width - 4, height]])
          // A plain wheel scrolls the page where there is nothing to zoom; one finger scrolls it too.
          .filter(() => !d3.event.button && !(d3.event.type === 'touchstart' && d3.event.touches.length < 2))
          .on('zoom', () => { transform = d3.event.transform; rb.hideTip(); update(); });
        svg.call(zoom).on('dblclick.zoom', null);
        const by = (frames) => svg.call(zoom.translateBy, frames, 0);
        const goTo = (s) => {
          current = s;
          const x = transform.rescaleX(base);
          if (transform.k < 4) svg.call(zoom.scaleTo, Math.min(4, zoom.scaleExtent()[1]));
          if (x(s.frame) < left || x(s.frame) > width || transform.k >= 1) svg.call(zoom.translateTo, base(s.frame), 0);
          update();
          rb.showTipAt(svg.node(), `Person ${s.gt_id}: id ${s.old_track} → ${s.new_track} at frame ${s.frame}, ${rb.causeNames[s.cause] || s.cause}, ${s.status}`, top + index.get(s.gt_id) * row);
        };
        svg.on('keydown', () => {
          const event = d3.event, at = marks.indexOf(current);
          if (event.key === '+' || event.key === '=') svg.call(zoom.scaleBy, 1.6);
          else if (event.key === '-') svg.call(zoom.scaleBy, 1 / 1.6);
          else if (event.key === '0') svg.call(zoom.transform, d3.zoomIdentity);
          else if (event.key === 'ArrowLeft') by(60 / transform.k);
          else if (event.key === 'ArrowRight') by(-60 / transform.k);
          else if (event.key === 'n' && marks.length) goTo(marks[(at + 1) % marks.length]);
          else if (event.key === 'p' && marks.length) goTo(marks[(Math.max(at, 0) + marks.length - 1) % marks.length]);
          else if (event.key === 'Enter' && current) rb.emit('switch', current, 'ribbons');
          else return;
          event.preventDefault();
        }).on('blur', () => rb.hideTip());
        svg.call(zoom.transform, transform);
        update();
        figure.goTo = goTo;
      } });
    const button = (text, label, act) => rb.h('button', { type: 'button', 'aria-label': label, onclick: () => { act(); } }, text);
    figure.querySelector('.tools').prepend(
      button('+', 'Zoom in', () => figure.svg.call(zoom.scaleBy, 1.6)), button('−', 'Zoom out', () => figure.svg.call(zoom.scaleBy, 1 / 1.6)),
      button('Whole sequence', 'Show the whole sequence', () => figure.svg.call(zoom.transform, d3.zoomIdentity)));
    content.figure = figure;
    return figure;
  };

  rb.on('comparison', () => { sequence = null; show(); });
  rb.on('switch', (s, from) => {
    if (from === 'ribbons') return;
    // The figure must hold the person before it can point at it.
    const entry = rb.view.comparison.data.sequences[s.sequence];
    if (!entry || !entry.timelines) return;
    const switched = new Set(rb.view.switches.filter((e) => e.sequence === s.sequence).map((e) => e.gt_id));
    const people = entry.timelines.filter((t) => !onlySwitched || switched.has(t.gt_id));
    const at = people.findIndex((t) => t.gt_id === s.gt_id);
    if (s.sequence !== sequence || Math.floor(at / perPage) !== page) { sequence = s.sequence; page = Math.max(0, Math.floor(at / perPage)); show(); }
    if (from === 'jump') {
      section.scrollIntoView();
      requestAnimationFrame(() => requestAnimationFrame(() => {
        if (content.figure) content.figure.drawNow();
        if (content.figure && content.figure.goTo) { content.figure.goTo(s); content.figure.svg.node().focus({ preventScroll: true }); }
      }));
    }
  });
  show();
};

rb.showTipAt = (element, text, y) => {
  const box = element.getBoundingClientRect();
  rb.showTip(text, box.left + 70, box.top + y);
};

rb.panel({ id: 'ribbons', title: 'Identity ribbons', lead: 'One row a person: every change of colour is an identity switch.',
  wanted: (model) => model.comparisons.some(rb.hasTimelines), draw: rb.ribbonSection });
