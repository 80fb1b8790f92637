'use strict';
// Retrieval: metrics, curves, distances, camera pairs, and ranked lists of single queries.

// The share of pairs below a distance, between the points of the curve.
rb.shareBelow = (points, key) => {
  const at = d3.scaleLinear(points.map((p) => p.threshold), points.map((p) => p[key])).clamp(true);
  return (distance) => at(distance);
};
// Of the cumulative curve: which share of genuine and of impostor pairs has which distance.
rb.distanceHistogram = (verification, bins = 48) => {
  const points = verification.roc.filter((p) => rb.known(p.threshold));
  if (points.length < 5) return [];
  const genuine = rb.shareBelow(points, 'tpr'), impostor = rb.shareBelow(points, 'fpr');
  const low = points[0].threshold, high = points[points.length - 1].threshold, step = (high - low) / bins;
  return d3.range(bins).map((i) => {
    const from = low + i * step, to = from + step;
    const share = (below) => below(to) - (i === 0 ? 0 : below(from));  // the first bin also holds what is nearer
    return { from, to, genuine: share(genuine), impostor: share(impostor) };
  });
};
rb.precisionRecall = (verification) => verification.roc.map((p) => {
  const genuine = p.tpr * verification.num_genuine, impostor = p.fpr * verification.num_impostor;
  return { recall: p.tpr, precision: genuine + impostor > 0 ? genuine / (genuine + impostor) : null, threshold: p.threshold };
}).filter((p) => rb.known(p.precision));

rb.retrievalSection = (model, section) => {
  const rank = model.rank, v = rank.verification;
  const interval = (c) => (c ? `${rb.percent(c[0])} … ${rb.percent(c[1])}` : '');
  const ci = rank.ci95 || {};
  const main = [['mAP', rb.percent(rank.mAP), interval(ci.mAP)],
    ...Object.entries(rank.rank).map(([k, value]) => [`rank-${k}`, rb.percent(value), k === '1' ? interval(ci.rank1) : '']),
    ['mINP', rb.percent(rank.mINP), interval(ci.mINP)]];
  if (rank.reranking) {
    const before = rank.reranking;
    if (rb.known(before.mAP_before)) main.push(['mAP before re-ranking', rb.percent(before.mAP_before), '']);
  }
  const tables = [rb.h('div', { class: 'panel' }, rb.table({ caption: `Protocol ${rank.protocol}, ${rank.metric} distance`, head: ['metric', '%', '95 % interval'], rows: main }))];
  const expectation = rank.expectation;
  if (expectation && (expectation.rows || []).length) {
    tables.push(rb.h('div', { class: 'panel' }, rb.table({ caption: [expectation.question, expectation.source].filter(Boolean).join(' ') || 'Published numbers',
      head: ['metric', 'published %', 'measured %', 'difference', 'tolerance', { text: '', class: 'left' }],
      rows: expectation.rows.map((r) => [r.metric, r.expected_percent, rb.known(r.measured_percent) ? r.measured_percent.toFixed(2) : 'n/a', rb.known(r.difference) ? (r.difference > 0 ? '+' : '') + r.difference.toFixed(2) : 'n/a', r.tolerance, { cell: r.within ? '✓ reproduced' : '✗ outside', class: 'left ' + (r.within ? 'good' : 'bad') }]) })));
  } else if (v) {
    tables.push(rb.h('div', { class: 'panel' }, rb.table({ caption: `Same person? ${rb.count(v.num_genuine)} genuine and ${rb.count(v.num_impostor)} impostor pairs`,
      head: ['verification', 'accepted genuine %', 'accepted impostors %', 'distance ≤'],
      rows: [...Object.entries(v.tpr_at_fpr).filter(([, p]) => p).map(([level, p]) => [`at most ${rb.percent(Number(level), 2).replace(/\.?0+$/, '')} % impostors`, rb.percent(p.tpr), rb.percent(p.fpr, 4), rb.known(p.threshold) ? Number(p.threshold.toPrecision(6)) : 'n/a']),
        ['equal error rate', rb.percent(rb.known(v.eer) ? 1 - v.eer : null), rb.percent(v.eer), rb.known(v.eer_threshold) ? Number(v.eer_threshold.toPrecision(6)) : 'n/a']] })));
  }
  section.append(rb.h('div', { class: 'grid' }, tables));
  const figures = [rb.cmcFigure(rank)];
  if (v && (v.roc || []).length > 4) {
    figures.push(rb.distanceFigure(rank, v));
    figures.push(rb.precisionRecallFigure(v));
  }
  if ((rank.camera_pairs || []).length > 1) figures.push(rb.cameraFigure(rank.camera_pairs));
  if ((rank.explain || []).length) {
    section.append(rb.h('div', { class: 'panel' }, rb.table({ caption: 'How much each choice moves the number', head: ['choice', { text: 'used by', class: 'left' }, 'mAP %', 'change', 'rank-1 %', 'change'],
      rows: rank.explain.map((e) => [{ cell: e.rule, class: 'wrap' }, { cell: e.used_by, class: 'left wrap' }, rb.percent(e.score.mAP), rb.change('mAP', e.mAP_change), rb.percent(e.score.rank1), rb.change('rank1', e.rank1_change)]) })));
  }
  section.append(rb.h('div', { class: 'grid', style: { marginTop: '1.1rem' } }, figures));
  if (model.ranked) section.append(rb.rankedLists(model.ranked));
};

const linePlot = ({ svg, width, points, x: xKey, y: yKey, xDomain, yDomain, xTitle, yTitle, xFormat, yFormat, tip, marks, curve }) => {
  const box = { left: 52, right: 16, top: 24, bottom: 44, height: 300, width };
  svg.attr('height', box.height);
  const x = d3.scaleLinear(xDomain, [box.left, width - box.right]), y = d3.scaleLinear(yDomain, [box.height - box.bottom, box.top]).nice();
  rb.axes(svg, { ...box, x, y, xTitle, yTitle, xFormat, yFormat });
  svg.append('path').datum(points).attr('fill', 'none').attr('stroke', 'var(--corrected)').attr('stroke-width', 2.5)
    .attr('d', d3.line().x((p) => x(p[xKey])).y((p) => y(p[yKey])).curve(curve || d3.curveLinear));
  for (const m of marks || []) {
    svg.append('circle').attr('cx', x(m[xKey])).attr('cy', y(m[yKey])).attr('r', 5).attr('fill', 'var(--corrected)').attr('stroke', 'var(--panel)').attr('stroke-width', 2);
    svg.append('text').attr('x', x(m[xKey]) + (m.dx || 8)).attr('y', y(m[yKey]) + (m.dy || 16)).attr('text-anchor', m.anchor || 'start').text(m.text);
  }
  const dot = svg.append('circle').attr('r', 4.5).attr('fill', 'var(--text)').attr('visibility', 'hidden');
  svg.append('rect').attr('x', box.left).attr('y', box.top).attr('width', width - box.left - box.right).attr('height', box.height - box.top - box.bottom).attr('fill', 'transparent')
    .on('pointermove', function () {
      const at = x.invert(d3.mouse(this)[0]);
      const p = points[d3.scan(points, (a, b) => Math.abs(a[xKey] - at) - Math.abs(b[xKey] - at))];
      dot.attr('cx', x(p[xKey])).attr('cy', y(p[yKey])).attr('visibility', 'visible');
      rb.showTip(tip(p), d3.event.clientX, d3.event.clientY);
    }).on('pointerleave', () => { dot.attr('visibility', 'hidden'); rb.hideTip(); });
  return { x, y, box };
};

rb.cmcFigure = (rank) => {
  const rows = rank.cmc.map((value, i) => ({ rank: i + 1, value })).filter((r) => rb.known(r.value));
  return rb.figure({
    title: 'Cumulative match characteristic', name: 'cmc', description: 'How often the right person is among the first k pictures.',
    alt: `CMC curve: ${rows.filter((r) => [1, 5, 10, 20].includes(r.rank)).map((r) => `rank ${r.rank} ${rb.percent(r.value)} percent`).join(', ')}`,
    rows: () => rows.map((r) => ({ rank: r.rank, cmc: r.value })),
    draw: (svg, width) => linePlot({ svg, width, points: rows, x: 'rank', y: 'value', xDomain: [1, Math.max(2, rows.length)], yDomain: [Math.max(0, rows[0].value - 0.08), 1],
      xTitle: 'k', yTitle: 'percent of queries', yFormat: (v) => rb.percent(v, 0), xFormat: (v) => (Number.isInteger(v) ? v : ''), tip: (p) => `rank-${p.rank}: ${rb.percent(p.value)} %`,
      marks: rows.filter((r) => [1, 5, 10, 20].includes(r.rank)).map((r, i) => ({ ...r, text: rb.percent(r.value, 1), dy: 18, dx: r.rank === 20 ? -6 : 4, anchor: r.rank > rows.length * 0.9 ? 'end' : 'start' })) }),
  });
};

rb.precisionRecallFigure = (v) => {
  const rows = rb.precisionRecall(v);
  return rb.figure({
    title: 'Precision and recall of "same person?"', name: 'precision recall', description: 'Over all pairs of a query and a gallery picture, for every threshold.',
    alt: `Precision-recall curve of ${rows.length} thresholds`, rows: () => rows,
    draw: (svg, width) => linePlot({ svg, width, points: rows, x: 'recall', y: 'precision', xDomain: [0, 1], yDomain: [0, 1], xTitle: 'recall: genuine pairs found, percent', yTitle: 'precision, percent',
      xFormat: (x) => rb.percent(x, 0), yFormat: (y) => rb.percent(y, 0), tip: (p) => `distance ≤ ${Number(p.threshold.toPrecision(5))}\nprecision ${rb.percent(p.precision)} %\nrecall ${rb.percent(p.recall)} %` }),
  });
};

rb.distanceFigure = (rank, v) => {
  const rows = rb.distanceHistogram(v);
  const threshold = v.recommended && rb.known(v.recommended.threshold) ? v.recommended.threshold : null;
  return rb.figure({
    title: 'Distances of the same and of different people', name: 'distances',
    description: threshold === null ? 'Share of pairs by distance; too few pairs to recommend a threshold.'
      : `Recommended threshold ${Number(threshold.toPrecision(6))}: it accepts ${rb.percent(v.recommended.tpr)} % of genuine and ${rb.percent(v.recommended.fpr, 3)} % of impostor pairs.`,
    alt: 'Histogram of distances of genuine and impostor pairs', legend: [['var(--corrected)', 'same person'], ['var(--plain)', 'different people']], rows: () => rows,
    draw: (svg, width) => {
      const box = { left: 52, right: 16, top: 24, bottom: 44, height: 300, width };
      svg.attr('height', box.height);
      if (!rows.length) return;
      const x = d3.scaleLinear([rows[0].from, rows[rows.length - 1].to], [box.left, width - box.right]);
      const y = d3.scaleLinear([0, d3.max(rows, (r) => Math.max(r.genuine, r.impostor))], [box.height - box.bottom, box.top]).nice();
      rb.axes(svg, { ...box, x, y, xTitle: `${rank.metric} distance`, yTitle: 'percent of pairs', yFormat: (s) => rb.percent(s, 0) });
      const area = (key) => d3.area().x((r) => x((r.from + r.to) / 2)).y0(y(0)).y1((r) => y(r[key])).curve(d3.curveStep);
      svg.append('path').datum(rows).attr('d', area('impostor')).attr('fill', 'var(--plain)').attr('fill-opacity', 0.45).attr('stroke', 'var(--plain)');
      svg.append('path').datum(rows).attr('d', area('genuine')).attr('fill', 'var(--corrected)').attr('fill-opacity', 0.4).attr('stroke', 'var(--corrected)').attr('stroke-width', 2);
      if (threshold !== null) {
        svg.append('line').attr('x1', x(threshold)).attr('x2', x(threshold)).attr('y1', box.top).attr('y2', box.height - box.bottom).attr('stroke', 'var(--introduced)').attr('stroke-width', 2).attr('stroke-dasharray', '6 4');
        const right = x(threshold) > width * 0.6;
        svg.append('text').attr('x', x(threshold) + (right ? -6 : 6)).attr('y', box.top + 10).attr('text-anchor', right ? 'end' : 'start').style('fill', 'var(--introduced)').style('font-weight', 600).text('recommended threshold');
      }
      svg.selectAll('rect.bin').data(rows).join('rect').attr('x', (r) => x(r.from)).attr('width', (r) => x(r.to) - x(r.from)).attr('y', box.top).attr('height', box.height - box.top - box.bottom).attr('fill', 'transparent')
        .call(rb.tip, (r) => `distance ${Number(r.from.toPrecision(4))} to ${Number(r.to.toPrecision(4))}\n${rb.percent(r.genuine)} % of genuine pairs\n${rb.percent(r.impostor)} % of impostor pairs`);
    } });
};

rb.cameraFigure = (pairs) => {
  let metric = 'mAP';
  const queries = [...new Set(pairs.map((p) => p.query_camera))].sort(d3.ascending), galleries = [...new Set(pairs.map((p) => p.gallery_camera))].sort(d3.ascending);
  const figure = rb.figure({
    title: 'Camera by camera', description: 'Rows: camera of the query. Columns: camera of the gallery pictures.', name: 'camera pairs',
    alt: 'Heat map of camera pairs: ' + pairs.slice(0, 30).map((p) => `${p.query_camera} to ${p.gallery_camera} mAP ${rb.percent(p.mAP, 1)}`).join(', '), rows: () => pairs,
    draw: (svg, width) => {
      const left = 34, top = 26, side = Math.min(64, (width - left - 6) / galleries.length), tall = Math.max(24, Math.min(46, side));
      svg.attr('height', top + queries.length * tall + 6);
      const values = pairs.map((p) => p[metric]).filter(rb.known);
      const style = getComputedStyle(document.documentElement);
      const color = d3.scaleLinear(d3.extent(values), [style.getPropertyValue('--heat-low').trim(), style.getPropertyValue('--heat-high').trim()]).interpolate(d3.interpolateLab);
      galleries.forEach((c, i) => svg.append('text').attr('class', 'muted').attr('x', left + (i + 0.5) * side).attr('y', top - 8).attr('text-anchor', 'middle').text(c));
      queries.forEach((c, i) => svg.append('text').attr('class', 'muted').attr('x', left - 10).attr('y', top + (i + 0.5) * tall + 4).attr('text-anchor', 'end').text(c));
      const g = svg.selectAll('g.pair').data(pairs).join('g').attr('transform', (p) => `translate(${left + galleries.indexOf(p.gallery_camera) * side},${top + queries.indexOf(p.query_camera) * tall})`);
      g.append('rect').attr('width', side - 2).attr('height', tall - 2).attr('rx', 3).attr('fill', (p) => (rb.known(p[metric]) ? color(p[metric]) : 'var(--track)'))
        .call(rb.tip, (p) => `query camera ${p.query_camera}, gallery camera ${p.gallery_camera}\n${rb.plural(p.num_queries, 'query', 'queries')}\nmAP ${rb.percent(p.mAP)} %, rank-1 ${rb.percent(p.rank1)} %`);
      if (side > 36) {
        g.append('text').attr('x', side / 2 - 1).attr('y', tall / 2 + 3).attr('text-anchor', 'middle').style('pointer-events', 'none')
          .style('fill', (p) => (!rb.known(p[metric]) ? 'var(--muted)' : d3.lab(color(p[metric])).l > 58 ? '#000' : '#fff')).text((p) => rb.percent(p[metric], 1));
      }
    } });
  figure.querySelector('figcaption').after(rb.h('div', { class: 'controls' }, rb.select('Metric', [['mAP', 'mAP'], ['rank1', 'rank-1']], metric, (m) => { metric = m; figure.redraw(); })));
  rb.on('theme', () => figure.redraw());
  return figure;
};

// ranked: {queries: [{kind, path, ..., top}], pictures: {path: uri}, note}
rb.rankedLists = (ranked) => {
  const kinds = [['worst', 'worst'], ['median', 'median'], ['best', 'best']].filter(([k]) => ranked.queries.some((q) => q.kind === k));
  const perPage = 3;
  let kind = kinds.length ? kinds[0][0] : null, page = 0;
  const panel = rb.h('div', { class: 'panel', id: 'ranked' });
  const face = (path, kindOf) => {
    const uri = (ranked.pictures || {})[path];
    return rb.h('div', { class: 'face ' + kindOf, title: path }, uri ? rb.h('img', { src: uri, alt: path }) : rb.h('span', { class: 'none' }, 'no picture'));
  };
  const draw = () => {
    const all = ranked.queries.filter((q) => q.kind === kind), pages = Math.max(1, Math.ceil(all.length / perPage));
    page = Math.min(page, pages - 1);
    panel.replaceChildren(...[rb.h('h3', {}, 'Ranked lists'), rb.h('p', { class: 'muted small' }, 'The nearest gallery pictures, nearest first. Solid green frame: the same person; dashed red frame: somebody else.'),
      ranked.note ? rb.h('p', { class: 'note small' }, ranked.note) : null,
      rb.h('div', { class: 'controls' }, rb.select('Queries', kinds, kind, (k) => { kind = k; page = 0; draw(); })),
      rb.h('div', { class: 'queries' }, all.slice(page * perPage, (page + 1) * perPage).map((q) => rb.h('div', { class: 'query' },
        rb.h('p', { class: 'facts-line' }, `${q.path} · person ${q.person_id}, camera ${q.camera_id} · AP ${rb.percent(q.ap)} % · first match at rank ${rb.count(q.first_match_rank)} · ${rb.plural(q.num_positives, 'right picture')} in the gallery`),
        rb.h('div', {}, face(q.path, 'query-face'), rb.h('div', { class: 'under' }, 'query')),
        rb.h('ul', { class: 'hits' }, q.top.map((t, i) => rb.h('li', {}, face(t.path, t.same_person ? 'same' : 'other'),
          rb.h('div', { class: 'under' }, `${i + 1} ${t.same_person ? '✓' : '✗'} ${rb.known(t.distance) ? Number(t.distance.toPrecision(3)) : ''}`))))))),
      rb.pager('queries', page, pages, (p) => { page = p; draw(); })].filter(Boolean));
  };
  draw();
  return panel;
};

rb.panel({ id: 'retrieval', title: 'Retrieval', lead: 'How well a picture finds the same person in other cameras.', wanted: (model) => model.rank, draw: rb.retrievalSection });
