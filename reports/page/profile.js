'use strict';
// Throughput: how fast each stage is on this machine, how near that is to what the machine can do, and how many cameras it
// would hold. Data of `reidbench profile` and of its plan.

rb.variantText = (variant) => Object.entries(variant || {}).map(([key, value]) => `${key.replace(/_/g, ' ')} ${value}`).join(', ');
// Three digits that count.
rb.short = (value) => {
  if (!rb.known(value)) return 'n/a';
  if (value === 0) return '0';
  if (Math.abs(value) >= 1000) return rb.count(Math.round(value));
  return String(Number(value.toPrecision(3)));
};
const stageColors = (profile) => {
  const names = [...new Set(profile.stages.map((s) => s.stage))];
  return { names, color: (name) => rb.idColors[names.indexOf(name) % rb.idColors.length][0] };
};
const shapes = () => [d3.symbolCircle, d3.symbolSquare, d3.symbolTriangle, d3.symbolDiamond, d3.symbolCross, d3.symbolStar, d3.symbolWye];

rb.profileSection = (model, section) => {
  const { profile, plan } = model;
  if (plan) section.append(...rb.planParts(plan));
  if (!profile) return;
  for (const warning of profile.warnings || []) section.append(rb.h('p', { class: 'warning' }, warning));
  const figures = [rb.latencyFigure(profile)];
  if (profile.stages.some((s) => rb.known(s.gflops) && s.gb_per_s > 0) && (profile.peaks || []).length) figures.push(rb.rooflineFigure(profile));
  section.append(rb.h('div', { class: 'grid' }, figures));
  const table = rb.h('div', { class: 'panel' });
  let stage = 'all';
  const { names } = stageColors(profile);
  const rows = () => profile.stages.filter((s) => stage === 'all' || s.stage === stage);
  const draw = () => table.replaceChildren(
    rb.h('div', { class: 'controls' }, names.length > 1 ? rb.select('Stage', [['all', 'all'], ...names], stage, (s) => { stage = s; draw(); }) : null,
      rb.csvButton('stages', () => rows().map((s) => rb.profileRow(s)))),
    rb.table({ caption: 'What was measured; a rate counts items of the unit, all threads together', head: ['stage', { text: 'variant', class: 'left' }, 'rate /s', { text: 'of', class: 'left' }, 'p50 ms', 'p95 ms', 'p99 ms', 'processor ms an item', 'memory MB', 'GFLOP/s', 'GB/s', 'of the peak %', 'samples'],
      rows: rows().map((s) => [s.stage, { cell: rb.variantText(s.variant), class: 'wrap left' }, rb.short(s.rate), { cell: s.unit, class: 'left' }, ...['p50', 'p95', 'p99'].map((p) => rb.short((s.latency_ms || {})[p])),
        rb.short(s.cpu_ms_per_item), rb.short(s.peak_rss_mb), rb.short(s.gflops), rb.short(s.gb_per_s), rb.known(s.share_of_peak) ? rb.percent(s.share_of_peak, 1) : 'n/a', rb.count(s.samples)]) }));
  draw();
  section.append(table);
  if ((profile.peaks || []).length) {
    section.append(rb.h('div', { class: 'panel' }, rb.table({ caption: 'What the machine can do at most, measured', head: ['threads', 'fp32 GFLOP/s', 'bf16 GFLOP/s', 'reads GB/s', 'copies GB/s'],
      rows: profile.peaks.map((p) => [rb.count(p.threads), rb.short(p.fp32_gflops), rb.short(p.bf16_gflops), rb.short(p.read_gb_per_s), rb.short(p.copy_gb_per_s)]) })));
  }
};

rb.profileRow = (s) => ({ stage: s.stage, ...s.variant, unit: s.unit, rate: s.rate, p50_ms: (s.latency_ms || {}).p50, p95_ms: (s.latency_ms || {}).p95, p99_ms: (s.latency_ms || {}).p99,
  cpu_ms_per_item: s.cpu_ms_per_item, peak_rss_mb: s.peak_rss_mb, gflops: s.gflops, gb_per_s: s.gb_per_s, share_of_peak: s.share_of_peak, samples: s.samples });

// From the median to the 99th percentile, on one logarithmic axis.
rb.latencyFigure = (profile) => {
  const most = 30;
  const all = profile.stages.filter((s) => s.latency_ms && s.latency_ms.p50 > 0 && s.latency_ms.p99 > 0);
  const rows = all.slice(0, most), { names, color } = stageColors(profile);
  return rb.figure({
    title: 'How long one piece of work takes', name: 'latencies', rows: () => all.map(rb.profileRow), height: rows.length * 26 + 50,
    description: 'Dot: half of them are faster. Line to the end: 95, then 99 of 100 are. Logarithmic axis.' + (all.length > most ? ` The first ${most} of ${all.length}.` : ''),
    alt: rows.slice(0, 20).map((s) => `${s.stage} ${rb.variantText(s.variant)}: median ${rb.short(s.latency_ms.p50)}, 99th percentile ${rb.short(s.latency_ms.p99)} milliseconds`).join('; '),
    draw: (svg, width) => {
      const row = 26, bottom = 44, left = Math.min(260, width * 0.42), right = 20, height = rows.length * row + bottom, letters = Math.floor(left / 7.4);
      svg.attr('height', height);
      const x = d3.scaleLog([d3.min(rows, (s) => s.latency_ms.p50) * 0.7, d3.max(rows, (s) => s.latency_ms.p99) * 1.4], [left, width - right]);
      svg.append('g').attr('class', 'gridlines').attr('transform', `translate(0,${height - bottom})`).call(d3.axisBottom(x).ticks(Math.max(2, Math.floor(width / 150)), '~g').tickSize(-(height - bottom)).tickFormat(''));
      svg.append('g').attr('class', 'axis').attr('transform', `translate(0,${height - bottom})`).call(d3.axisBottom(x).ticks(Math.max(2, Math.floor(width / 150)), '~g').tickSizeOuter(0));
      svg.append('text').attr('class', 'muted').attr('x', (left + width - right) / 2).attr('y', height - 6).attr('text-anchor', 'middle').text('milliseconds');
      const g = svg.selectAll('g.row').data(rows).join('g').attr('class', 'row').attr('transform', (s, i) => `translate(0,${i * row + row / 2})`);
      const name = (s) => { const v = Object.entries(s.variant || {}).filter(([k]) => k !== 'threads').map(([, value]) => value).join(' '); return `${s.stage} ${v}`; };
      g.append('text').attr('x', left - 10).attr('y', 4).attr('text-anchor', 'end').text((s) => (name(s).length > letters ? name(s).slice(0, letters - 1) + '…' : name(s)));
      g.append('line').attr('x1', (s) => x(s.latency_ms.p50)).attr('x2', (s) => x(s.latency_ms.p99)).attr('stroke', (s) => color(s.stage)).attr('stroke-width', 2);
      g.append('line').attr('x1', (s) => x(s.latency_ms.p50)).attr('x2', (s) => x(s.latency_ms.p95)).attr('stroke', (s) => color(s.stage)).attr('stroke-width', 6);
      g.append('circle').attr('cx', (s) => x(s.latency_ms.p50)).attr('r', 5.5).attr('fill', (s) => color(s.stage)).attr('stroke', 'var(--text)');
      g.append('rect').attr('y', -row / 2).attr('width', width).attr('height', row).attr('fill', 'transparent')
        .call(rb.tip, (s) => `${s.stage}: ${rb.variantText(s.variant)}\np50 ${rb.short(s.latency_ms.p50)}, p95 ${rb.short(s.latency_ms.p95)}, p99 ${rb.short(s.latency_ms.p99)} ms\n${rb.short(s.rate)} ${s.unit}/s`);
    },
    legend: names.map((n) => [color(n), n]) });
};

// Attainable GFLOP/s by arithmetic intensity: memory's slope, then the processor's flat roof (Williams et al. 2009).
rb.rooflineFigure = (profile) => {
  const points = profile.stages.filter((s) => rb.known(s.gflops) && s.gflops > 0 && s.gb_per_s > 0).map((s) => ({ ...s, intensity: s.gflops / s.gb_per_s }));
  const peaks = profile.peaks.filter((p) => p.fp32_gflops > 0 && p.read_gb_per_s > 0);
  const top = peaks[peaks.length - 1];
  const roofs = peaks.map((p) => ({ name: `fp32, ${rb.plural(p.threads, 'thread')}`, gflops: p.fp32_gflops, read: p.read_gb_per_s, dash: p === top ? null : '5 4' }));
  if (top && rb.known(top.bf16_gflops)) roofs.push({ name: `bf16, ${rb.plural(top.threads, 'thread')}`, gflops: top.bf16_gflops, read: top.read_gb_per_s, dash: '2 3' });
  const { names, color } = stageColors(profile);
  const group = [...new Set(points.map((p) => p.stage))];
  return rb.figure({
    title: 'Roofline: how near the machine’s limits', name: 'roofline', height: 360,
    description: 'Under the slope, memory limits a stage; under the flat roof, the processor does. Roofs are measured, not read from a data sheet.',
    alt: `Roofline. ${roofs.map((r) => `${r.name}: ${rb.short(r.gflops)} GFLOP/s, ${rb.short(r.read)} GB/s`).join('; ')}. ` + points.slice(0, 20).map((p) => `${p.stage} ${rb.variantText(p.variant)}: ${rb.short(p.gflops)} GFLOP/s at ${rb.short(p.intensity)} FLOP a byte`).join('; '),
    rows: () => points.map((p) => ({ stage: p.stage, ...p.variant, flop_per_byte: p.intensity, gflops: p.gflops, gb_per_s: p.gb_per_s, share_of_peak: p.share_of_peak })),
    draw: (svg, width) => {
      const box = { left: 52, right: 18, top: 24, bottom: 44, height: 360, width };
      svg.attr('height', box.height);
      const ridges = roofs.map((r) => r.gflops / r.read);
      const x = d3.scaleLog([Math.min(0.1, d3.min(points, (p) => p.intensity) / 2), Math.max(d3.max(points, (p) => p.intensity) * 2, d3.max(ridges) * 8)], [box.left, width - box.right]);
      const low = Math.min(d3.min(points, (p) => p.gflops) / 2, d3.min(roofs, (r) => r.read * x.domain()[0]));
      const y = d3.scaleLog([low, d3.max(roofs, (r) => r.gflops) * 1.6], [box.height - box.bottom, box.top]);
      rb.axes(svg, { ...box, x, y, xTitle: 'FLOP for each byte moved', yTitle: 'GFLOP/s', xFormat: '~g', xTicks: Math.max(2, Math.floor(width / 130)), yFormat: y.tickFormat(4, '~g'), yTicks: 4 });
      for (const r of roofs) {
        const line = [[x.domain()[0], r.read * x.domain()[0]], [r.gflops / r.read, r.gflops], [x.domain()[1], r.gflops]];
        svg.append('path').attr('d', d3.line().x((p) => x(p[0])).y((p) => y(p[1]))(line)).attr('fill', 'none').attr('stroke', 'var(--text)').attr('stroke-width', r.dash ? 1.3 : 2.2).attr('stroke-dasharray', r.dash);
      }
      svg.selectAll('path.dot').data(points).join('path').attr('class', 'dot').attr('transform', (p) => `translate(${x(p.intensity)},${y(p.gflops)})`)
        .attr('d', (p) => d3.symbol(shapes()[group.indexOf(p.stage) % 7], 90)()).attr('fill', (p) => color(p.stage)).attr('stroke', 'var(--text)')
        .call(rb.tip, (p) => `${p.stage}: ${rb.variantText(p.variant)}\n${rb.short(p.gflops)} GFLOP/s at ${rb.short(p.intensity)} FLOP a byte` + (rb.known(p.share_of_peak) ? `\n${rb.percent(p.share_of_peak, 0)} % of the peak` : ''));
    },
    legend: [...names.filter((n) => group.includes(n)).map((n) => [color(n), n]), ...roofs.map((r) => ['transparent', `${!r.dash ? '━' : r.dash === '2 3' ? '┅' : '╍'} ${r.name}: ${rb.short(r.gflops)} GFLOP/s, ${rb.short(r.read)} GB/s`])] });
};

rb.planParts = (plan) => {
  const c = plan.cameras || {}, l = plan.latency_ms || {}, target = (plan.workload || {}).latency || {};
  const tile = (title, value, from) => rb.h('div', { class: 'tile' }, rb.h('dt', {}, title), rb.h('dd', {}, rb.h('span', { class: 'value' }, value), from && rb.h('span', { class: 'from' }, ' ' + from)));
  const tiles = [tile('Cameras this machine holds', rb.count(c.sustainable), 'with the head-room asked for'),
    tile('Cameras within the latency', rb.count(c.at_latency), rb.known(target.target_ms) ? `${rb.count(target.percentile)} of 100 frames in ${rb.short(target.target_ms)} ms` : ''),
    tile('Saturates first', plan.saturates_first || 'n/a')];
  if (rb.known(c.asked)) tiles.push(tile('Machines needed', rb.count(c.machines_needed), `for ${rb.plural(c.asked, 'camera')}`));
  const used = (plan.utilisation || []).filter((u) => rb.known(u.share));
  const rows = () => used.map((u) => ({ resource: u.resource, stage: u.stage, share: u.share }));
  const letters = (text, n) => (text.length > n ? text.slice(0, n - 1) + '…' : text);
  const figure = rb.figure({
    title: 'What the cameras would use', name: 'utilisation', rows, height: used.length * 28 + 44, description: 'Share of each resource that a stage takes at that number of cameras.',
    alt: used.map((u) => `${u.stage} on ${u.resource}: ${rb.percent(u.share, 1)} percent`).join('; '),
    draw: (svg, width) => {
      const row = 28, left = Math.min(220, width * 0.45), right = 62, height = used.length * row + 6;
      svg.attr('height', height);
      const x = d3.scaleLinear([0, Math.max(1, d3.max(used, (u) => u.share))], [left, width - right]);
      const g = svg.selectAll('g.row').data(used).join('g').attr('class', 'row').attr('transform', (u, i) => `translate(0,${i * row + 3})`);
      g.append('text').attr('x', left - 8).attr('y', 17).attr('text-anchor', 'end').text((u) => letters(`${u.stage}: ${u.resource}`, Math.floor(left / 7.4)));
      g.append('rect').attr('x', left).attr('y', 4).attr('width', x(Math.min(1, x.domain()[1])) - left).attr('height', row - 10).attr('fill', 'var(--track)');
      g.append('rect').attr('x', left).attr('y', 4).attr('width', (u) => Math.max(1, x(u.share) - left)).attr('height', row - 10).attr('rx', 2).attr('fill', (u) => (u.share > 1 ? 'var(--introduced)' : 'var(--corrected)'))
        .call(rb.tip, (u) => `${u.stage} on ${u.resource}: ${rb.percent(u.share)} %`);
      g.append('text').attr('class', 'muted').attr('x', (u) => x(Math.max(u.share, 0)) + 6).attr('y', 17).text((u) => rb.percent(u.share, 1) + ' %');
    } });
  const pair = (text, value) => [text, value];
  const facts = [pair('latency, median', rb.short(l.p50) + ' ms'), pair('latency, 95 of 100', rb.short(l.p95) + ' ms'), pair('latency, 99 of 100', rb.short(l.p99) + ' ms')];
  if (plan.network) {
    facts.push(pair('network', `${rb.short(plan.network.mbit_per_s)} of ${rb.short(plan.network.capacity)} Mbit/s (${rb.percent(plan.network.share, 1)} %)`));
  }
  const flat = (value) => (value !== null && typeof value === 'object' ? (Array.isArray(value) ? value.join(' × ') : rb.variantText(value)) : String(value));
  const workload = Object.entries(plan.workload || {}).filter(([, v]) => v !== null).map(([key, v]) => pair(key.replace(/_/g, ' '), flat(v)));
  const tables = [rb.h('div', { class: 'panel' }, rb.h('h3', {}, 'What a frame meets'), rb.facts(facts),
    plan.validation ? [rb.h('h3', {}, 'Held against a real paced run'), rb.facts(Object.entries(plan.validation).map(([key, v]) => pair(key.replace(/_/g, ' '), typeof v === 'number' ? rb.short(v) : flat(v))))] : null,
    (plan.assumptions || []).length ? [rb.h('h3', { style: { marginTop: '1rem' } }, 'Assumptions'), rb.h('ul', { class: 'small muted' }, plan.assumptions.map((a) => rb.h('li', {}, a)))] : null)];
  return [rb.h('dl', { class: 'tiles', style: { marginBottom: '1.1rem' } }, tiles),
    rb.h('div', { class: 'grid', style: { marginBottom: '1.1rem' } }, rb.h('div', {}, figure, rb.h('div', { class: 'panel' }, rb.h('h3', {}, 'Workload'), rb.facts(workload))), tables)];
};

rb.hostFacts = (profile) => {
  const h = profile.host || {}, noise = h.noise || {};
  return [['processor', h.cpu], ['cores', rb.known(h.logical_cores) ? `${h.physical_cores} physical, ${h.logical_cores} logical` : null],
    ['caches', (h.caches || []).map((c) => `L${c.level} ${c.type} ${rb.short(c.bytes / 1024)} KiB`).join(', ')], ['memory', rb.known(h.memory_bytes) ? `${rb.short(h.memory_bytes / 2 ** 30)} GiB` : null],
    ['governor', h.governor], ['load average', (h.load_average || []).map(rb.short).join(', ')],
    ['noise of a fixed loop', rb.known(noise.spread_percent) ? `${rb.short(noise.spread_percent)} %${noise.noisy ? ', noisy' : ''}` : null],
    ['libraries', h.libraries && Object.entries(h.libraries).map(([k, v]) => `${k} ${v}`).join(', ')], ['measured', profile.created], ['by', profile.program_version && `reidbench ${profile.program_version}`]];
};

rb.panel({ id: 'throughput', title: 'Throughput', lead: 'What this machine does with each stage, what it could do, and how many cameras that is.',
  wanted: (model) => model.profile || model.plan, draw: rb.profileSection });
