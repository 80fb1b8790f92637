'use strict';
// Headline, and plain against corrected: metrics with intervals and ceilings, sequences, steps and causes.

rb.headline = (model, main) => {
  const comparison = model.comparisons[0];
  const run = model.run;
  const tiles = [];
  const tile = (title, value, from, verdict) => tiles.push(rb.h('div', { class: 'tile' }, rb.h('dt', {}, title),
    rb.h('dd', {}, rb.h('span', { class: 'value ' + (verdict || '') }, value), from && rb.h('span', { class: 'from' }, ' ' + from))));
  let sentence = run ? run.headline : '';
  const interval = (c, metric) => `95 %: ${rb.change(metric, c[0])} … ${rb.change(metric, c[1])}`;
  let intervals = null;
  if (model.comparisons.length > 1) {
    const joint = model.joint;
    if (joint) {
      tile(`Mean IDF1 of ${rb.plural(joint.trackers, 'tracker')}`, rb.change('IDF1', joint.delta),
        [`${rb.score('IDF1', joint.plain)} → ${rb.score('IDF1', joint.corrected)} %`, joint.ci95 && interval(joint.ci95, 'IDF1')].filter(Boolean).join('; '), rb.verdict('IDF1', joint.delta));
    }
    // The best ones by name; all of them are in the table below.
    const shown = rb.bestComparisons(model).slice(0, 4);
    for (const c of shown) {
      const all = c.data.COMBINED, ci = all.ci95.IDF1;
      tile(`IDF1, ${c.name}`, rb.change('IDF1', all.delta.IDF1), [`${rb.score('IDF1', all.plain.IDF1)} → ${rb.score('IDF1', all.corrected.IDF1)} %`, ci && interval(ci, 'IDF1')].filter(Boolean).join('; '), rb.verdict('IDF1', all.delta.IDF1));
    }
    const sure = shown.filter((c) => c.data.COMBINED.ci95.IDF1);
    if (sure.length) {
      intervals = 'Change of IDF1 in points with its 95 % interval: ' + sure.map((c) => `${c.name} ${rb.change('IDF1', c.data.COMBINED.delta.IDF1)} (${rb.change('IDF1', c.data.COMBINED.ci95.IDF1[0])} to ${rb.change('IDF1', c.data.COMBINED.ci95.IDF1[1])})`).join('; ') + '.';
    }
    if (model.rank) tile('Retrieval, mAP', rb.percent(model.rank.mAP) + ' %', (model.rank.ci95 || {}).mAP ? `95 %: ${rb.percent(model.rank.ci95.mAP[0])} … ${rb.percent(model.rank.ci95.mAP[1])}` : '');
  } else if (comparison) {
    const all = comparison.data.COMBINED;
    sentence = comparison.data.headline || sentence;
    for (const metric of ['IDF1', 'HOTA', 'IDSW']) {
      const change = all.delta[metric];
      tile(rb.metricTitle(metric), rb.change(metric, change), [`${rb.score(metric, all.plain[metric])} → ${rb.score(metric, all.corrected[metric])}${rb.unit(metric)}`, all.ci95[metric] && interval(all.ci95[metric], metric)].filter(Boolean).join('; '),
        rb.verdict(metric, change));
    }
    const share = all.share_split_link.IDF1;
    if (rb.known(share)) tile('Of what perfect correction would add to IDF1', rb.percent(share, 0) + ' %', 'reached');
  } else if (model.rank) {
    const rank = model.rank, ci = rank.ci95 || {};
    const interval = (c) => (c ? `95 %: ${rb.percent(c[0])} to ${rb.percent(c[1])}` : '');
    tile('mAP', rb.percent(rank.mAP) + ' %', interval(ci.mAP));
    tile('rank-1', rb.percent(rank.rank['1']) + ' %', interval(ci.rank1));
    tile('mINP', rb.percent(rank.mINP) + ' %', interval(ci.mINP));
    tile('Valid queries', rb.count(rank.num_valid_queries), `of ${rb.count(rank.num_queries)}, gallery ${rb.count(rank.num_gallery)}`);
    if (!sentence) {
      sentence = `mAP ${rb.percent(rank.mAP)} %` + (ci.mAP ? ` (95 % interval ${rb.percent(ci.mAP[0])} to ${rb.percent(ci.mAP[1])})` : '') +
        ` and rank-1 ${rb.percent(rank.rank['1'])} % over ${rb.plural(rank.num_valid_queries, 'query', 'queries')}.`;
    }
  } else if (model.sweep) {
    const best = model.sweep.rows[0];
    tile('Configurations', rb.count(model.sweep.rows.length));
    for (const metric of ['HOTA', 'IDF1', 'MOTA']) if (rb.known(best[metric])) tile(`Best row's ${metric}`, rb.score(metric, best[metric]) + rb.unit(metric));
    if (!sentence) sentence = `${best.name} has the best ${model.sweep.select} of ${rb.plural(model.sweep.rows.length, 'configuration')}: ${rb.score(model.sweep.select, best[model.sweep.select])} %.`;
  }
  if (!sentence && model.plan) {
    const c = model.plan.cameras;
    sentence = `This machine holds ${rb.plural(c.sustainable, 'camera')} of the workload ${model.plan.workload.name || ''}, ${rb.count(c.at_latency)} within the latency asked for; ${model.plan.saturates_first} saturates first.`;
  } else if (!sentence && model.profile) {
    const fast = model.profile.stages.filter((s) => s.stage === 'embed').sort((a, b) => b.rate - a.rate)[0];
    sentence = fast ? `This machine embeds ${rb.short(fast.rate)} ${fast.unit} a second (${rb.variantText(fast.variant)}).` : `${rb.plural(model.profile.stages.length, 'stage')} measured.`;
  }
  const question = run && run.question;
  main.append(rb.h('section', { class: 'headline', id: 'headline', 'aria-label': 'Headline' },
    rb.h('p', { class: 'eyebrow' }, question || model.title),
    rb.h('h1', { class: (sentence || '').length > 110 ? 'long' : null }, sentence || model.title),
    intervals && rb.h('p', { class: 'lead' }, intervals),
    tiles.length ? rb.h('dl', { class: 'tiles' }, tiles) : null,
    run && run.status && run.status !== 'finished' ? rb.h('p', { class: 'warning' }, `This run is ${run.status}: some stages did not finish.`) : null,
    model.warnings.map((w) => rb.h('p', { class: 'warning' }, w)),
    rb.provenance(model)));
};

rb.provenance = (model) => {
  const run = model.run, compare = model.parts.compare, rank = model.rank;
  const blocks = [];
  const block = (title, pairs) => blocks.push(rb.h('h3', {}, title), rb.facts(pairs));
  if (model.version) block('Page', [['made by', `reidbench ${model.version}`], ['about', model.title]]);
  if (compare) {
    block('Comparison', [['rules', compare.benchmark], ['plain', compare.plain], ['corrected', compare.corrected],
      ['intervals', compare.resampled ? `95 %, ${rb.count(compare.resamples)} resamples of ${compare.resampled}` : 'none'],
      ['computed by', `reidbench ${compare.version}`]]);
  }
  if (model.profile) block('Machine', rb.hostFacts(model.profile));
  if (rank && rank.provenance) {
    const p = rank.provenance;
    block('Embeddings', [['files', (p.files || []).join(', ')], ['weights', p.weights_file], ['SHA-256 of the weights', p.weights_sha256], ['network', p.architecture],
      ['preprocessing', p.preprocessing], ['engine', [p.engine, p.precision].filter(Boolean).join(', ')], ['data set', p.dataset],
      ['extracted by', p.extracted_by && `reidbench ${p.extracted_by}`], ['protocol', `${rank.protocol}, ${rank.metric} distance`],
      ['bootstrap', `${rb.count(p.bootstrap_resamples)} resamples, seed ${p.bootstrap_seed}`]]);
  }
  if (run) {
    const p = run.provenance || {};
    block('Run', [['experiment', run.experiment], ['started', run.started], ['finished', run.finished], ['git commit', p.git_commit], ['reidbench', p.reidbench_version],
      ['compiler', p.compiler && `${p.compiler}, ${p.build_type}`], ['processor', p.cpu && `${p.cpu}, ${p.processors} processors, ${p.threads} threads`],
      ['system', p.os && `${p.os}, kernel ${p.kernel}`],
      ['libraries', p.libraries && Object.entries(p.libraries).map(([k, v]) => `${k} ${v}`).join(', ')]]);
    if ((run.inputs || []).length) {
      blocks.push(rb.table({ caption: 'Inputs', head: [{ text: 'file', class: 'left' }, 'bytes', { text: 'SHA-256', class: 'left' }],
        rows: run.inputs.map((i) => [{ cell: i.path, class: 'wrap' }, rb.count(i.bytes), { cell: i.sha256, class: 'left' }]) }));
    }
    if ((run.options || []).length) {
      blocks.push(rb.table({ caption: 'Options', head: [{ text: 'key', class: 'left' }, { text: 'value', class: 'left' }, { text: 'from', class: 'left' }],
        rows: run.options.map((o) => [o.key, { cell: String(o.value), class: 'wrap left' }, { cell: o.origin, class: 'left' }]) }));
    }
  }
  return blocks.length ? rb.h('details', {}, rb.h('summary', {}, 'Where these numbers come from'), blocks) : null;
};

// ---- plain against corrected --------------------------------------------------------------------------------------------
rb.compareSection = (model, section) => {
  const view = rb.view;
  const content = rb.h('div');
  const draw = () => {
    const data = view.comparison.data;
    const names = rb.sequenceNames(view.comparison);
    const scope = view.scope !== 'COMBINED' && names.includes(view.scope) ? view.scope : 'COMBINED';
    const entry = scope === 'COMBINED' ? data.COMBINED : data.sequences[scope];
    const controls = rb.h('div', { class: 'controls' },
      model.comparisons.length > 1 ? rb.select('Configuration', model.comparisons.map((c, i) => [i, c.name]), model.comparisons.indexOf(view.comparison),
        (i) => { view.comparison = model.comparisons[i]; rb.emit('comparison'); }) : null,
      names.length > 1 ? rb.select('Sequences', [['COMBINED', 'all, combined'], ...names], scope, (s) => { view.scope = s; draw(); }) : null);
    content.replaceChildren(...[controls.childNodes.length ? controls : null,
      rb.h('div', { class: 'panel' }, rb.metricsTable(data, entry, scope)),
      rb.h('div', { class: 'grid' }, rb.causesFigure(entry, scope),
        (data.ablation || []).length > 2 ? rb.waterfall(data) : rb.ceilingFigure(entry)),
      names.length > 1 ? rb.sequencesFigure(data, names) : null].filter(Boolean));
  };
  section.append(content);
  rb.on('comparison', draw);
  draw();
};

rb.metricsTable = (data, entry, scope) => {
  const metrics = Object.keys(entry.plain);
  const fractions = metrics.filter((m) => !rb.isCount(m));
  // One scale for the intervals of all fractions, so that rows can be compared.
  const reach = d3.max(fractions, (m) => d3.max([entry.delta[m], ...(entry.ci95[m] || [])], (v) => Math.abs(v || 0))) || 0.01;
  const share = (value) => (rb.known(value)
    ? { cell: [rb.h('span', { class: 'meter', 'aria-hidden': 'true' }, rb.h('i', { style: { width: Math.max(0, Math.min(100, 100 * value)) + '%' } })), rb.percent(value, 0) + ' %'] }
    : 'n/a');
  const rows = metrics.map((m) => {
    const ci = entry.ci95[m];
    return [rb.metricTitle(m) === m ? m : [m, rb.h('span', { class: 'subtitle' }, rb.metricTitle(m).toLowerCase())],
      rb.score(m, entry.plain[m]), rb.score(m, entry.corrected[m]),
      { cell: rb.change(m, entry.delta[m]), class: rb.verdict(m, entry.delta[m]) },
      rb.isCount(m) ? '' : rb.intervalMark(entry.delta[m], ci, reach),
      ci ? `${rb.change(m, ci[0])} … ${rb.change(m, ci[1])}` : 'n/a', rb.pValue(entry.p[m]),
      rb.score(m, entry.ceiling_link[m]), share(entry.share_link[m]), rb.score(m, entry.ceiling_split_link[m]), share(entry.share_split_link[m])];
  });
  const out = rb.h('div', {}, rb.table({
    caption: `${scope === 'COMBINED' ? 'All sequences combined' : scope}; fractions in percent. The bars show each change and its 95 % interval on one scale.`,
    head: ['metric', 'plain', 'corrected', 'change', 'on one scale', '95 % interval', 'p', 'perfect linking', 'reached', 'perfect split + link', 'reached'],
    rows }));
  out.append(rb.h('div', { class: 'tools', style: { marginTop: '.6rem' } }, rb.csvButton('metrics ' + scope, () => rb.compareRows(data))));
  return out;
};

// Tidy: one row a sequence, run and metric.
rb.compareRows = (data) => {
  const rows = [];
  for (const [sequence, e] of [...Object.entries(data.sequences || {}), ['COMBINED', data.COMBINED]]) {
    for (const run of ['plain', 'corrected', 'ceiling_link', 'ceiling_split_link']) {
      for (const [metric, value] of Object.entries(e[run])) {
        const own = run === 'corrected';
        rows.push({ sequence, run, metric, value, change: own ? e.delta[metric] : null, low: own && e.ci95[metric] ? e.ci95[metric][0] : null,
          high: own && e.ci95[metric] ? e.ci95[metric][1] : null, p: own ? e.p[metric] : null });
      }
    }
  }
  return rows;
};

rb.intervalMark = (change, ci, reach) => {
  const width = 120, x = d3.scaleLinear([-reach, reach], [4, width - 4]);
  const svg = d3.create('svg').attr('width', width).attr('height', 18).attr('aria-hidden', 'true');
  svg.append('line').attr('x1', x(0)).attr('x2', x(0)).attr('y1', 1).attr('y2', 17).attr('stroke', 'var(--line-strong)');
  if (ci) svg.append('line').attr('x1', x(ci[0])).attr('x2', x(ci[1])).attr('y1', 9).attr('y2', 9).attr('stroke', 'var(--corrected)').attr('stroke-width', 2);
  if (rb.known(change)) svg.append('circle').attr('cx', x(change)).attr('cy', 9).attr('r', 4).attr('fill', 'var(--corrected)');
  return svg.node();
};

rb.causeNames = {
  duplicate: 'two ids on one person', swapped: 'swapped with another person', left: 'left the picture', occluded: 'hidden by someone',
  missed: 'visible but not detected', renamed: 'renamed in plain view',
};

rb.causesFigure = (entry, scope) => {
  const s = entry.switches;
  const rows = Object.keys(s.by_cause).map((cause) => ({ cause, plain: s.by_cause[cause], fixed: s.fixed_by_cause[cause],
    remaining: s.by_cause[cause] - s.fixed_by_cause[cause], introduced: s.introduced_by_cause[cause], corrected: s.corrected_by_cause[cause] }));
  const kinds = ['fixed', 'remaining', 'introduced'];
  return rb.figure({
    title: 'Why identities switch, and what correction did about it', name: 'switches by cause ' + scope,
    description: `${rb.count(s.fixed)} fixed, ${rb.count(s.remaining)} remaining, ${rb.count(s.introduced)} introduced.`,
    alt: 'Bars of identity switches by cause. ' + rows.map((r) => `${rb.causeNames[r.cause] || r.cause}: ${r.fixed} fixed, ${r.remaining} remaining, ${r.introduced} introduced`).join('; '),
    legend: kinds.map((k) => [`var(--${k})`, rb.statusNames[k].join(' ')]), rows: () => rows,
    draw: (svg, width) => {
      const left = Math.min(190, width * 0.42), right = 34, row = 34, height = rows.length * row + 8;
      svg.attr('height', height);
      const most = d3.max(rows, (r) => r.plain + r.introduced) || 1;
      const x = d3.scaleLinear([0, most], [left, width - right]);
      const g = svg.selectAll('g').data(rows).join('g').attr('transform', (r, i) => `translate(0,${i * row + 4})`);
      g.append('text').attr('x', left - 10).attr('y', row / 2 + 1).attr('text-anchor', 'end').text((r) => (width < 420 ? r.cause : rb.causeNames[r.cause] || r.cause));
      g.append('line').attr('x1', left).attr('x2', left).attr('y1', 0).attr('y2', row).attr('stroke', 'var(--line-strong)');
      for (const kind of kinds) {
        const start = (r) => kinds.slice(0, kinds.indexOf(kind)).reduce((sum, k) => sum + r[k], 0);
        const bar = g.filter((r) => r[kind] > 0);
        bar.append('rect').attr('x', (r) => x(start(r))).attr('y', 5).attr('height', row - 12).attr('width', (r) => Math.max(1, x(start(r) + r[kind]) - x(start(r)) - 1.5))
          .attr('fill', `var(--${kind})`).attr('rx', 2)
          .call(rb.tip, (r) => `${rb.causeNames[r.cause] || r.cause}\n${r[kind]} ${kind}`);
        bar.filter((r) => x(start(r) + r[kind]) - x(start(r)) > 22).append('text').attr('x', (r) => (x(start(r)) + x(start(r) + r[kind])) / 2)
          .attr('y', row / 2 + 3).attr('text-anchor', 'middle').style('fill', 'var(--page)').style('font-weight', 600).style('pointer-events', 'none').text((r) => r[kind]);
      }
      g.append('text').attr('x', (r) => x(r.plain + r.introduced) + 6).attr('y', row / 2 + 3).attr('class', 'muted').text((r) => r.plain + r.introduced);
    } });
};

// Plain, corrected and the ceilings of fractions, as dots on lines.
rb.ceilingFigure = (entry) => {
  const metrics = ['IDF1', 'HOTA', 'AssA', 'IDP', 'IDR'].filter((m) => rb.known(entry.plain[m]) && rb.known(entry.corrected[m]));
  const rows = metrics.map((metric) => ({ metric, plain: entry.plain[metric], corrected: entry.corrected[metric], ceiling_link: entry.ceiling_link[metric], ceiling_split_link: entry.ceiling_split_link[metric] }));
  return rb.figure({
    title: 'How far correction got', description: 'From the plain tracks towards what perfect correction of the same boxes would reach.',
    alt: rows.map((r) => `${r.metric}: plain ${rb.percent(r.plain)}, corrected ${rb.percent(r.corrected)}, perfect ${rb.percent(r.ceiling_split_link)} percent`).join('; '),
    legend: [['var(--plain)', 'plain'], ['var(--corrected)', 'corrected'], ['var(--line-strong)', '| perfect linking, ◇ with splitting']], rows: () => rows,
    draw: (svg, width) => {
      const left = 52, right = 16, bottom = 34, row = 36, top = 4, height = rows.length * row + bottom + top;
      svg.attr('height', height);
      const values = rows.flatMap((r) => [r.plain, r.corrected, r.ceiling_link, r.ceiling_split_link]).filter(rb.known);
      const x = d3.scaleLinear(d3.extent(values), [left + 8, width - right]).nice();
      svg.append('g').attr('class', 'axis').attr('transform', `translate(0,${height - bottom})`).call(d3.axisBottom(x).ticks(Math.floor(width / 90)).tickFormat((v) => rb.percent(v, 0)).tickSizeOuter(0));
      svg.append('text').attr('class', 'muted').attr('x', (left + width) / 2).attr('y', height - 3).attr('text-anchor', 'middle').text('percent');
      const g = svg.selectAll('g.row').data(rows).join('g').attr('transform', (r, i) => `translate(0,${top + i * row + row / 2})`);
      g.append('text').attr('x', 2).attr('y', 4).text((r) => r.metric);
      g.append('line').attr('x1', (r) => x(Math.min(r.plain, r.corrected))).attr('x2', (r) => x(Math.max(r.plain, r.corrected, r.ceiling_split_link || 0))).attr('stroke', 'var(--line)').attr('stroke-width', 2);
      g.append('line').attr('x1', (r) => x(r.plain)).attr('x2', (r) => x(r.corrected)).attr('stroke', 'var(--corrected)').attr('stroke-width', 4);
      g.filter((r) => rb.known(r.ceiling_link)).append('line').attr('x1', (r) => x(r.ceiling_link)).attr('x2', (r) => x(r.ceiling_link)).attr('y1', -8).attr('y2', 8).attr('stroke', 'var(--line-strong)').attr('stroke-width', 3);
      g.filter((r) => rb.known(r.ceiling_split_link)).append('path').attr('transform', (r) => `translate(${x(r.ceiling_split_link)},0)`).attr('d', 'M-6,0L0,-6L6,0L0,6Z').attr('fill', 'var(--panel)').attr('stroke', 'var(--line-strong)').attr('stroke-width', 2);
      g.append('circle').attr('cx', (r) => x(r.plain)).attr('r', 5).attr('fill', 'var(--plain)');
      g.append('circle').attr('cx', (r) => x(r.corrected)).attr('r', 6).attr('fill', 'var(--corrected)');
      g.append('rect').attr('x', 0).attr('y', -row / 2).attr('width', width).attr('height', row).attr('fill', 'transparent')
        .call(rb.tip, (r) => `${r.metric}\nplain ${rb.percent(r.plain)} %\ncorrected ${rb.percent(r.corrected)} %\nperfect linking ${rb.percent(r.ceiling_link)} %\nperfect splitting and linking ${rb.percent(r.ceiling_split_link)} %`);
    } });
};

// What each step of the correction adds.
rb.waterfall = (data) => {
  const metrics = Object.keys(data.ablation[0].COMBINED).filter((m) => data.ablation.some((s) => rb.known(s.COMBINED[m])));
  let metric = metrics.includes('IDF1') ? 'IDF1' : metrics[0];
  const steps = () => data.ablation.map((s, i) => ({ step: s.name, metric, value: s.COMBINED[metric], change: i ? s.COMBINED[metric] - data.ablation[i - 1].COMBINED[metric] : null }));
  const figure = rb.figure({
    title: 'What each step adds', description: 'Each bar starts where the step before it ended.', rows: steps, name: 'ablation',
    alt: 'Waterfall of steps: ' + steps().map((s) => `${s.step} ${rb.score(metric, s.value)}`).join(', '),
    draw: (svg, width) => {
      const data = steps(), left = 50, right = 10, top = 22, bottom = 46, height = 290;
      svg.attr('height', height);
      const x = d3.scaleBand(data.map((_, i) => i), [left, width - right]).padding(0.25);
      const values = data.map((s) => s.value);
      const spread = (d3.max(values) - d3.min(values)) || Math.abs(values[0]) * 0.1 || 1;
      const y = d3.scaleLinear([d3.min(values) - spread * 0.25, d3.max(values) + spread * 0.12], [height - bottom, top]);
      svg.append('g').attr('class', 'gridlines').attr('transform', `translate(${left},0)`).call(d3.axisLeft(y).ticks(5).tickSize(-(width - left - right)).tickFormat(''));
      svg.append('g').attr('class', 'axis').attr('transform', `translate(${left},0)`).call(d3.axisLeft(y).ticks(5).tickFormat((v) => rb.isCount(metric) ? v : rb.percent(v, 1)));
      svg.append('text').attr('class', 'muted').attr('x', 2).attr('y', 11).text(metric + (rb.isCount(metric) ? '' : ', percent; the axis does not start at 0'));
      const total = (i) => i === 0 || i === data.length - 1;
      const from = (s, i) => (i === 0 ? y.domain()[0] : values[i - 1]);
      const bar = svg.selectAll('g.step').data(data).join('g');
      bar.append('rect').attr('x', (s, i) => x(i)).attr('width', x.bandwidth()).attr('y', (s, i) => y(Math.max(s.value, from(s, i)))).attr('height', (s, i) => Math.max(2, Math.abs(y(s.value) - y(from(s, i)))))
        .attr('fill', (s, i) => i === 0 ? 'var(--plain)' : rb.verdict(metric, s.change) === 'bad' ? 'var(--introduced)' : 'var(--fixed)').attr('rx', 2)
        .call(rb.tip, (s) => `${s.step}\n${rb.score(metric, s.value)}${rb.unit(metric)}` + (s.change === null ? '' : `\n${rb.change(metric, s.change)} against the step before`));
      bar.filter((s, i) => i < data.length - 1).append('line').attr('x1', (s, i) => x(i)).attr('x2', (s, i) => x(i + 1) + x.bandwidth()).attr('y1', (s) => y(s.value)).attr('y2', (s) => y(s.value)).attr('stroke', 'var(--line-strong)').attr('stroke-dasharray', '3 3');
      bar.append('text').attr('x', (s, i) => x(i) + x.bandwidth() / 2).attr('y', (s, i) => y(Math.max(s.value, from(s, i))) - 5).attr('text-anchor', 'middle').style('font-weight', (s, i) => total(i) ? 600 : null)
        .text((s, i) => i === 0 ? rb.score(metric, s.value) : rb.change(metric, s.change));
      bar.append('text').attr('class', 'muted').attr('x', (s, i) => x(i) + x.bandwidth() / 2).attr('y', (s, i) => height - bottom + 17 + (x.step() < 78 && i % 2 ? 15 : 0)).attr('text-anchor', 'middle')
        .text((s) => s.step.length > 14 ? s.step.slice(0, 13) + '…' : s.step);
    } });
  figure.querySelector('figcaption').after(rb.h('div', { class: 'controls' }, rb.select('Metric', metrics, metric, (m) => { metric = m; figure.redraw(); })));
  return figure;
};

rb.sequencesFigure = (data, names) => {
  let metric = 'IDF1';
  const rows = () => names.map((sequence) => ({ sequence, metric, plain: data.sequences[sequence].plain[metric], corrected: data.sequences[sequence].corrected[metric],
    change: data.sequences[sequence].delta[metric], low: (data.sequences[sequence].ci95[metric] || [])[0], high: (data.sequences[sequence].ci95[metric] || [])[1] }));
  const figure = rb.figure({
    title: 'Sequence by sequence', description: 'From plain to corrected.', rows, name: 'sequences',
    alt: 'Change by sequence: ' + rows().slice(0, 20).map((r) => `${r.sequence} ${rb.change(metric, r.change)}`).join(', '),
    legend: [['var(--plain)', 'plain'], ['var(--corrected)', 'corrected']],
    draw: (svg, width) => {
      const data = rows().filter((r) => rb.known(r.plain) && rb.known(r.corrected)), left = Math.min(170, width * 0.36), right = 68, row = 26, bottom = 24, height = data.length * row + bottom + 6;
      svg.attr('height', height);
      const x = d3.scaleLinear(d3.extent(data.flatMap((r) => [r.plain, r.corrected])), [left + 10, width - right - 8]).nice();
      svg.append('g').attr('class', 'axis').attr('transform', `translate(0,${height - bottom})`).call(d3.axisBottom(x).ticks(Math.max(2, Math.floor(width / 110))).tickFormat((v) => rb.isCount(metric) ? v : rb.percent(v, 0)).tickSizeOuter(0));
      const g = svg.selectAll('g.row').data(data).join('g').attr('transform', (r, i) => `translate(0,${i * row + row / 2 + 3})`);
      const letters = Math.floor(left / 7);
      g.append('text').attr('x', 2).attr('y', 4).text((r) => r.sequence.length > letters ? r.sequence.slice(0, letters - 1) + '…' : r.sequence);
      g.append('line').attr('x1', (r) => x(r.plain)).attr('x2', (r) => x(r.corrected)).attr('stroke-width', 4).attr('stroke', (r) => rb.verdict(metric, r.change) === 'bad' ? 'var(--introduced)' : 'var(--corrected)');
      g.append('circle').attr('cx', (r) => x(r.plain)).attr('r', 4.5).attr('fill', 'var(--plain)');
      g.append('circle').attr('cx', (r) => x(r.corrected)).attr('r', 5.5).attr('fill', 'var(--corrected)');
      g.append('text').attr('x', width - 4).attr('y', 4).attr('text-anchor', 'end').text((r) => rb.change(metric, r.change));
      g.append('rect').attr('y', -row / 2).attr('width', width).attr('height', row).attr('fill', 'transparent')
        .call(rb.tip, (r) => `${r.sequence}\n${metric} ${rb.score(metric, r.plain)} → ${rb.score(metric, r.corrected)}` + (rb.known(r.low) ? `\n95 %: ${rb.change(metric, r.low)} … ${rb.change(metric, r.high)}` : ''));
    } });
  figure.querySelector('figcaption').after(rb.h('div', { class: 'controls' }, rb.select('Metric', Object.keys(data.COMBINED.plain), metric, (m) => { metric = m; figure.redraw(); })));
  return figure;
};

rb.panel({ id: 'compare', title: 'Plain against corrected', lead: 'The same boxes before and after identities were corrected, and what perfect correction would reach.',
  wanted: (model) => model.comparisons.length, draw: rb.compareSection });
