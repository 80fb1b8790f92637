'use strict';
// Configurations side by side: speed against score, sensitivity to one option, what choosing is worth, and where a run
// spent its time.
rb.sweepScores = ['HOTA', 'IDF1', 'AssA', 'DetA', 'MOTA', 'IDSW'];

// Rows that no other row beats in both speed and score.
rb.paretoFront = (rows, metric) => {
  const sign = rb.lowerIsBetter(metric) ? -1 : 1;
  let best = -Infinity;
  return [...rows].sort((a, b) => b.frames_per_s - a.frames_per_s || sign * (b[metric] - a[metric]))
    .filter((r) => { const better = sign * r[metric] > best; if (better) best = sign * r[metric]; return better; });
};

rb.sweepSection = (model, section) => {
  const sweep = model.sweep;
  const metrics = rb.sweepScores.filter((m) => sweep.rows.some((r) => rb.known(r[m])));
  const perPage = 25;
  const label = (r) => (r.correction ? `${r.name} + ${r.correction}` : r.name);
  const figures = [];
  if (sweep.rows.filter((r) => rb.known(r.frames_per_s)).length > 1 && metrics.length) figures.push(rb.paretoFigure(sweep, metrics, label));
  const keys = rb.sweptKeys(sweep.rows);
  if (keys.length && metrics.length) figures.push(rb.sensitivityFigure(sweep, metrics, keys, label));
  section.append(rb.h('div', { class: 'grid' }, figures));
  const table = rb.h('div', { class: 'panel' });
  let page = 0, order = sweep.select;
  const draw = () => {
    const sign = rb.lowerIsBetter(order) ? 1 : -1;
    const value = (r) => (rb.known(r[order]) ? sign * r[order] : Infinity);
    const rows = sweep.rows.map((r, i) => [r, i]).sort((a, b) => value(a[0]) - value(b[0]) || a[1] - b[1]).map(([r]) => r);
    const pages = Math.ceil(rows.length / perPage);
    const orders = [...metrics, 'frames_per_s'];
    table.replaceChildren(...[rb.h('div', { class: 'controls' }, rb.select('Order by', orders.map((m) => [m, m === 'frames_per_s' ? 'frames/s' : m]), order, (m) => { order = m; page = 0; draw(); }),
      rb.csvButton('configurations', () => rows.map((r) => ({ name: r.name, correction: r.correction, ...Object.fromEntries(metrics.map((m) => [m, r[m]])), frames_per_s: r.frames_per_s })))),
    rb.table({ caption: `${rb.plural(rows.length, 'configuration')}; frames/s of the tracker alone`, head: ['configuration', ...metrics, 'frames/s'],
      rows: rows.slice(page * perPage, (page + 1) * perPage).map((r) => [{ cell: label(r), class: 'wrap' }, ...metrics.map((m) => rb.score(m, r[m])), rb.known(r.frames_per_s) ? rb.count(Math.round(r.frames_per_s)) : 'n/a']) }),
    rb.pager('configurations', page, pages, (p) => { page = p; draw(); })].filter(Boolean));
  };
  draw();
  section.append(table);
  const one = sweep.leave_one_out;
  if (one) {
    section.append(rb.h('div', { class: 'panel' }, rb.table({ caption: `What choosing by ${sweep.select} is worth: report the second row`, head: ['choice', ...metrics],
        rows: [[{ cell: 'best on all sequences (tuned on what it is scored on)', class: 'wrap' }, ...metrics.map((m) => rb.score(m, sweep.rows[0][m]))],
          [{ cell: 'leave one sequence out (tuned on the others)', class: 'wrap' }, ...metrics.map((m) => rb.score(m, one.scores[m]))]] })),
      rb.h('div', { class: 'panel' }, rb.table({ caption: 'The choice for each sequence, made on the others', head: ['sequence left out', { text: 'chosen', class: 'left' }],
        rows: Object.entries(one.chosen_on_the_others).map(([s, c]) => [s, { cell: label(c), class: 'wrap left' }]) })));
  }
};

rb.paretoFigure = (sweep, metrics, label) => {
  let metric = metrics[0];
  const rows = () => sweep.rows.filter((r) => rb.known(r.frames_per_s) && r.frames_per_s > 0 && rb.known(r[metric]));
  const front = () => new Set(rb.paretoFront(rows(), metric));
  const figure = rb.figure({
    title: 'Speed against score', name: 'pareto', description: 'The line joins configurations that no other one beats in both. Speed is that of the tracker alone, on a logarithmic axis.',
    alt: 'Scatter of speed and score. On the front: ' + [...front()].slice(0, 12).map((r) => `${label(r)} ${rb.score(metric, r[metric])} at ${rb.count(Math.round(r.frames_per_s))} frames per second`).join('; '),
    rows: () => { const f = front(); return rows().map((r) => ({ name: r.name, correction: r.correction, frames_per_s: r.frames_per_s, metric, value: r[metric], on_front: f.has(r) ? 1 : 0 })); },
    draw: (svg, width) => {
      const box = { left: 52, right: 18, top: 24, bottom: 44, height: 330, width }, data = rows(), f = front();
      svg.attr('height', box.height);
      const x = d3.scaleLog(d3.extent(data, (r) => r.frames_per_s).map((v, i) => v * (i ? 1.4 : 0.7)), [box.left, width - box.right]);
      const y = d3.scaleLinear(d3.extent(data, (r) => r[metric]), [box.height - box.bottom, box.top + 8]).nice();
      rb.axes(svg, { ...box, x, y, xTitle: 'frames per second', yTitle: metric + (rb.isCount(metric) ? '' : ', percent'), yFormat: rb.isCount(metric) ? d3.format(',d') : rb.axisPercent(y.domain()), xFormat: '~s', xTicks: Math.max(2, Math.floor(width / 130)) });
      svg.append('path').datum([...f].sort((a, b) => a.frames_per_s - b.frames_per_s)).attr('d', d3.line().x((r) => x(r.frames_per_s)).y((r) => y(r[metric])).curve(d3.curveStepBefore)).attr('fill', 'none').attr('stroke', 'var(--corrected)').attr('stroke-width', 1.5).attr('stroke-dasharray', '4 3');
      svg.selectAll('path.dot').data([...data].sort((a, b) => f.has(a) - f.has(b))).join('path').attr('transform', (r) => `translate(${x(r.frames_per_s)},${y(r[metric])})`)
        .attr('d', (r) => d3.symbol(r.correction ? d3.symbolDiamond : d3.symbolCircle, f.has(r) ? 110 : 60)()).attr('fill', (r) => (f.has(r) ? 'var(--corrected)' : 'var(--plain)')).attr('fill-opacity', (r) => (f.has(r) ? 1 : 0.6)).attr('stroke', 'var(--panel)')
        .call(rb.tip, (r) => `${label(r)}\n${metric} ${rb.score(metric, r[metric])}${rb.unit(metric)}\n${rb.count(Math.round(r.frames_per_s))} frames/s`);
    },
    legend: [['var(--corrected)', 'not beaten in both'], ['var(--plain)', 'the others'], ['transparent', '◆ with correction']] });
  figure.querySelector('figcaption').after(rb.h('div', { class: 'controls' }, rb.select('Score', metrics, metric, (m) => { metric = m; figure.redraw(); })));
  return figure;
};

// Options that take at least two numbers among rows that are equal in all else.
rb.sweptKeys = (rows) => {
  const keys = new Set(rows.flatMap((r) => Object.keys(r.options || {})));
  return [...keys].filter((k) => new Set(rows.map((r) => Number((r.options || {})[k])).filter(Number.isFinite)).size > 1);
};

rb.sensitivityFigure = (sweep, metrics, keys, label) => {
  let key = keys[0], metric = metrics[0];
  // A line joins rows that differ in this option alone.
  const lines = () => {
    const groups = new Map();
    for (const r of sweep.rows) {
      const value = Number((r.options || {})[key]);
      if (!Number.isFinite(value) || !rb.known(r[metric])) continue;
      const rest = JSON.stringify([r.correction, Object.entries(r.options).filter(([k]) => k !== key)]);
      if (!groups.has(rest)) {
        const others = Object.entries(r.options).filter(([k]) => k !== key).map(([k, v]) => (k === 'tracker' || k === 'detections' ? v : `${k}=${v}`)).filter(Boolean);
        groups.set(rest, { name: [...others, r.correction && '+ ' + r.correction].filter(Boolean).join(' '), points: [] });
      }
      groups.get(rest).points.push({ value, score: r[metric], row: r });
    }
    const out = [...groups.values()].filter((g) => g.points.length > 1);
    out.forEach((g) => g.points.sort((a, b) => a.value - b.value));
    return out;
  };
  const figure = rb.figure({
    title: 'Sensitivity to one option', name: 'sensitivity', description: 'A line joins configurations that differ in this option alone.',
    alt: `${metric} against ${key}`,
    rows: () => lines().flatMap((g) => g.points.map((p) => ({ option: key, value: p.value, others: g.name, metric, score: p.score }))),
    draw: (svg, width) => {
      const box = { left: 52, right: 18, top: 24, bottom: 44, height: 330, width }, data = lines(), points = data.flatMap((g) => g.points.map((p) => ({ ...p, line: g })));
      svg.attr('height', box.height);
      if (!points.length) { svg.append('text').attr('class', 'muted').attr('x', 10).attr('y', 30).text('No two configurations differ in this option alone.'); return; }
      const x = d3.scaleLinear(d3.extent(points, (p) => p.value), [box.left + 6, width - box.right]), y = d3.scaleLinear(d3.extent(points, (p) => p.score), [box.height - box.bottom, box.top + 8]).nice();
      rb.axes(svg, { ...box, x, y, xTitle: key, yTitle: metric + (rb.isCount(metric) ? '' : ', percent'), yFormat: rb.isCount(metric) ? d3.format(',d') : rb.axisPercent(y.domain()) });
      const color = (g) => (data.length > 8 ? 'var(--corrected)' : rb.idColors[data.indexOf(g)][0]);
      svg.selectAll('path.line').data(data).join('path').attr('d', (g) => d3.line().x((p) => x(p.value)).y((p) => y(p.score))(g.points)).attr('fill', 'none').attr('stroke', color).attr('stroke-width', 2).attr('stroke-opacity', data.length > 8 ? 0.35 : 1);
      svg.selectAll('circle').data(points).join('circle').attr('cx', (p) => x(p.value)).attr('cy', (p) => y(p.score)).attr('r', 4.5).attr('fill', (p) => color(p.line)).attr('stroke', 'var(--panel)')
        .call(rb.tip, (p) => `${label(p.row)}\n${key} = ${p.value}\n${metric} ${rb.score(metric, p.score)}${rb.unit(metric)}`);
    } });
  figure.querySelector('figcaption').after(rb.h('div', { class: 'controls' }, keys.length > 1 ? rb.select('Option', keys, key, (k) => { key = k; figure.redraw(); }) : null, rb.select('Score', metrics, metric, (m) => { metric = m; figure.redraw(); })));
  return figure;
};

rb.stagesSection = (model, section) => {
  const all = model.stages.filter((s) => rb.known(s.seconds));
  const stages = [...all].sort((a, b) => b.seconds - a.seconds).slice(0, 25);
  section.append(rb.figure({
    title: stages.length < all.length ? `The ${stages.length} longest of ${all.length} stages` : 'Stages of this run', name: 'stages',
    description: `Wall-clock seconds; ${rb.plural(model.stages.filter((s) => s.status === 'reused').length, 'stage')} reused from earlier runs.`,
    alt: stages.slice(0, 12).map((s) => `${s.id}: ${s.seconds.toFixed(2)} seconds`).join('; '),
    rows: () => all.map((s) => ({ id: s.id, command: s.command, status: s.status, seconds: s.seconds, cpu_seconds: s.cpu_seconds, peak_rss_bytes: s.peak_rss_bytes })),
    draw: (svg, width) => {
      const left = Math.min(330, width * 0.45), right = 64, row = 24, height = stages.length * row + 6, letters = Math.floor(left / 6.9);
      svg.attr('height', height);
      const x = d3.scaleLinear([0, d3.max(stages, (s) => s.seconds) || 1], [left, width - right]);
      const g = svg.selectAll('g').data(stages).join('g').attr('transform', (s, i) => `translate(0,${i * row + 3})`);
      g.append('text').attr('x', left - 8).attr('y', 15).attr('text-anchor', 'end').text((s) => (s.id.length > letters ? s.id.slice(0, letters - 1) + '…' : s.id));
      g.append('rect').attr('x', left).attr('y', 3).attr('height', row - 8).attr('width', (s) => Math.max(1, x(s.seconds) - left)).attr('rx', 2).attr('fill', (s) => (s.status === 'failed' ? 'var(--introduced)' : 'var(--corrected)'))
        .call(rb.tip, (s) => `${s.id}\n${s.status}\n${s.seconds.toFixed(2)} s` + (rb.known(s.cpu_seconds) ? `, ${s.cpu_seconds.toFixed(2)} s of processor time` : '') + (rb.known(s.peak_rss_bytes) ? `\n${(s.peak_rss_bytes / 1048576).toFixed(0)} MiB at most` : ''));
      g.append('text').attr('class', 'muted').attr('x', (s) => x(s.seconds) + 6).attr('y', 15).text((s) => s.seconds.toFixed(2) + ' s');
    } }));
};

rb.panel({ id: 'sweep', title: 'Configurations', lead: 'Every configuration that was tried, and what choosing the best one is worth.', wanted: (model) => model.sweep, draw: rb.sweepSection });
rb.panel({ id: 'time', title: 'Where the time went', wanted: (model) => model.stages.length, draw: rb.stagesSection });
