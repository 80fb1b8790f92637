'use strict';
// What all parts share: elements, numbers, downloads, the tooltip and the theme. Names from data reach the page only as
// text nodes and attribute values, never as markup.
const rb = {};

// An element. Attributes that start with "on" are listeners; null and false leave an attribute out; children are nodes,
// texts, or lists of them.
rb.h = (tag, attributes, ...children) => {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (name === 'style') Object.assign(element.style, value);
    else element.setAttribute(name, value === true ? '' : value);
  }
  for (const child of children.flat(Infinity)) {
    if (child !== null && child !== undefined && child !== false) element.append(child);
  }
  return element;
};

// ---- numbers ------------------------------------------------------------------------------------------------------------
// What is known of a metric, by its name: {title, count, lower}. rb.readModel takes it from the page's data.
rb.metrics = {};
const aboutMetric = (metric) => rb.metrics[metric] || {};
rb.isCount = (metric) => Boolean(aboutMetric(metric).count);
rb.lowerIsBetter = (metric) => Boolean(aboutMetric(metric).lower);
rb.metricTitle = (metric) => aboutMetric(metric).title || metric;
const minus = (text) => text.replace('-', '−');
const known = (value) => typeof value === 'number' && Number.isFinite(value);
rb.known = known;
rb.percent = (value, digits = 2) => (known(value) ? minus((100 * value).toFixed(digits)) : 'n/a');
rb.count = (value) => (known(value) ? minus(value.toLocaleString('en-US', { maximumFractionDigits: 1 })) : 'n/a');
const plus = (value, text) => (value > 0 ? '+' : '') + text;
rb.score = (metric, value) => (rb.isCount(metric) ? rb.count(value) : rb.percent(value));
// For an axis over [low, high]: as many digits as its steps need.
rb.axisPercent = ([low, high]) => (value) => rb.percent(value, high - low < 0.05 ? 1 : 0);
rb.change = (metric, value) => (known(value) ? plus(value, rb.score(metric, value)) : 'n/a');
rb.signed = (value, digits) => minus(plus(value, value.toFixed(digits)));
rb.unit = (metric) => (rb.isCount(metric) ? '' : ' %');
rb.pValue = (p) => (known(p) ? (p < 0.001 ? '< 0.001' : p.toFixed(3)) : 'n/a');
rb.plural = (n, one, many) => `${rb.count(n)} ${n === 1 ? one : many || one + 's'}`;
// "good", "bad" or "" for a change of a metric.
rb.verdict = (metric, change) => {
  if (!known(change) || change === 0) return '';
  return change > 0 !== rb.lowerIsBetter(metric) ? 'good' : 'bad';
};

// ---- panels -------------------------------------------------------------------------------------------------------------
// A part of the page: {id, title, lead, wanted(model), draw(model, section)}. Panels stand in the order of the scripts
// (cmake/EmbedReportPage.cmake), and only where their data are.
rb.panels = [];
rb.panel = (panel) => rb.panels.push(panel);

// ---- events between parts -----------------------------------------------------------------------------------------------
const listeners = {};
rb.on = (event, listener) => (listeners[event] = listeners[event] || []).push(listener);
rb.emit = (event, ...values) => (listeners[event] || []).forEach((listener) => listener(...values));

// ---- downloads ----------------------------------------------------------------------------------------------------------
const fileName = (name, extension) =>
  (name.replace(/[^\w.-]+/g, '_').replace(/^_+|_+$/g, '').slice(0, 80) || 'figure') + extension;

rb.download = (name, type, text) => {
  const link = rb.h('a', { href: URL.createObjectURL(new Blob([text], { type })), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
};

// Rows of plain objects -> CSV; the columns are those of the first row.
rb.csv = (rows) => {
  if (!rows.length) return '';
  const columns = Object.keys(rows[0]);
  const cell = (value) => {
    const text = value === null || value === undefined ? '' : String(value);
    return /[",\r\n]/.test(text) ? '"' + text.replace(/"/g, '""') + '"' : text;
  };
  return [columns, ...rows.map((row) => columns.map((c) => row[c]))].map((r) => r.map(cell).join(',')).join('\n') + '\n';
};
rb.csvButton = (name, rows) =>
  rb.h('button', { type: 'button', class: 'quiet', onclick: () => rb.download(fileName(name, '.csv'), 'text/csv', rb.csv(rows())) },
    'Download CSV');

// A figure that stands alone: what style sheets say is written into its elements.
const styled = ['fill', 'fill-opacity', 'stroke', 'stroke-width', 'stroke-dasharray', 'stroke-opacity', 'opacity',
  'font-family', 'font-size', 'font-weight', 'text-anchor', 'display'];
rb.standaloneSvg = (svg) => {
  const copy = svg.cloneNode(true);
  const originals = [svg, ...svg.querySelectorAll('*')];
  const copies = [copy, ...copy.querySelectorAll('*')];
  originals.forEach((original, i) => {
    const style = getComputedStyle(original);
    for (const property of styled) {
      const value = style.getPropertyValue(property);
      if (value) {
        copies[i].removeAttribute(property);
        copies[i].style.setProperty(property, value);
      }
    }
  });
  copy.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  copy.setAttribute('viewBox', `0 0 ${svg.clientWidth} ${svg.clientHeight}`);
  const background = document.createElementNS('http://www.w3.org/2000/svg', 'rect');
  background.setAttribute('width', '100%');
  background.setAttribute('height', '100%');
  background.setAttribute('fill', getComputedStyle(document.body).backgroundColor);
  copy.insertBefore(background, copy.firstChild);
  return '<?xml version="1.0" encoding="UTF-8"?>\n' + new XMLSerializer().serializeToString(copy) + '\n';
};

// ---- figures ------------------------------------------------------------------------------------------------------------
// A drawing with a caption, a text for those who cannot see it, and its downloads. `draw(svg, width)` is called with an
// empty d3 selection whenever the width changes, and again by .redraw().
// It draws when it comes near the window, so that a long page is there at once; paper and downloads draw what is left.
// `height` is about what the drawing will take, in px.
const near = typeof IntersectionObserver === 'function' ? new IntersectionObserver((entries) => {
  for (const entry of entries) if (entry.isIntersecting) entry.target.drawNow();
}, { rootMargin: '800px' }) : null;
rb.drawAll = () => document.querySelectorAll('figure > .plot').forEach((plot) => plot.drawNow());

rb.figure = ({ title, description, alt, draw, rows, name, legend, interactive, height = 300 }) => {
  const plot = rb.h('div', { class: 'plot', style: { minHeight: height + 'px' } });
  const svg = d3.select(plot).append('svg');
  if (!interactive) svg.attr('role', 'img').attr('aria-label', alt || title);
  const figure = rb.h('figure', {},
    rb.h('figcaption', {}, rb.h('h3', {}, title), description && rb.h('p', {}, description)),
    legend && rb.h('ul', { class: 'legend' }, legend.map(([color, text]) =>
      rb.h('li', {}, rb.h('span', { class: 'swatch', style: { background: color } }), text))),
    plot,
    rb.h('div', { class: 'tools' },
      rb.h('button', { type: 'button', class: 'quiet', onclick: () =>
        { plot.drawNow(); rb.download(fileName(name || title, '.svg'), 'image/svg+xml', rb.standaloneSvg(svg.node())); } }, 'Download SVG'),
      rows && rb.csvButton(name || title, rows)));
  let drawn = 0;
  const redraw = () => {
    const width = Math.floor(plot.clientWidth);
    if (width < 50) return;
    drawn = width;
    plot.style.minHeight = '';
    svg.selectAll('*').remove();
    svg.attr('width', width);
    draw(svg, width);
  };
  plot.drawNow = () => { if (!drawn) redraw(); };
  new ResizeObserver(() => { if (drawn && Math.floor(plot.clientWidth) !== drawn) redraw(); }).observe(plot);
  if (near) near.observe(plot); else requestAnimationFrame(plot.drawNow);
  figure.redraw = () => { if (drawn) redraw(); };
  figure.drawNow = plot.drawNow;
  figure.svg = svg;
  return figure;
};

rb.axes = (svg, { x, y, left, right, top, bottom, height, width, xTitle, yTitle, xFormat, yFormat, xTicks, yTicks }) => {
  const count = xTicks || Math.max(3, Math.floor(width / 90));
  svg.append('g').attr('class', 'gridlines').attr('transform', `translate(${left},0)`)
    .call(d3.axisLeft(y).ticks(yTicks || 5).tickSize(-(width - left - right)).tickFormat(''));
  svg.append('g').attr('class', 'axis').attr('transform', `translate(0,${height - bottom})`)
    .call(d3.axisBottom(x).ticks(count, xFormat && typeof xFormat === 'string' ? xFormat : undefined)
      .tickFormat(typeof xFormat === 'function' ? xFormat : null).tickSizeOuter(0));
  svg.append('g').attr('class', 'axis').attr('transform', `translate(${left},0)`)
    .call(d3.axisLeft(y).ticks(yTicks || 5).tickFormat(yFormat || null).tickSizeOuter(0));
  if (xTitle) {
    svg.append('text').attr('class', 'muted').attr('x', (left + width - right) / 2).attr('y', height - 4)
      .attr('text-anchor', 'middle').text(xTitle);
  }
  if (yTitle) svg.append('text').attr('class', 'muted').attr('x', 2).attr('y', top - 9).text(yTitle);
};

// The tooltip of a selection; `text` may span lines.
rb.tip = (selection, text) => selection
  .on('pointermove.tip', function (datum) { rb.showTip(text(datum), d3.event.clientX, d3.event.clientY); })
  .on('pointerleave.tip', () => rb.hideTip());
rb.showTip = (text, x, y) => {
  const tip = document.getElementById('tip');
  tip.textContent = text;
  tip.hidden = false;
  const box = tip.getBoundingClientRect();
  tip.style.left = Math.max(6, Math.min(x + 14, innerWidth - box.width - 6)) + 'px';
  tip.style.top = (y + 18 + box.height > innerHeight ? y - box.height - 10 : y + 18) + 'px';
};
rb.hideTip = () => { document.getElementById('tip').hidden = true; };

// ---- controls and tables ------------------------------------------------------------------------------------------------
// A labelled <select>; options are values or [value, text].
rb.select = (label, options, value, onchange) => {
  const select = rb.h('select', { onchange: () => onchange(select.value) },
    options.map((o) => rb.h('option', { value: Array.isArray(o) ? o[0] : o }, Array.isArray(o) ? o[1] : o)));
  select.value = value;
  return rb.h('label', {}, label, select);
};
rb.check = (label, checked, onchange) => {
  const box = rb.h('input', { type: 'checkbox', checked, onchange: () => onchange(box.checked) });
  return rb.h('label', { class: 'check' }, box, label);
};

// "1 of 7" with buttons; empty for a single page.
rb.pager = (what, page, pages, go) => {
  if (pages < 2) return null;
  return rb.h('div', { class: 'controls', role: 'group', 'aria-label': `Pages of ${what}` },
    rb.h('button', { type: 'button', disabled: page === 0, onclick: () => go(page - 1) }, '← Previous'),
    rb.h('span', { class: 'small muted' }, `${page + 1} of ${pages}`),
    rb.h('button', { type: 'button', disabled: page === pages - 1, onclick: () => go(page + 1) }, 'Next →'));
};

// head: texts or {text, title, class}; rows: lists of texts, nodes or {cell, class}; the first cell heads its row.
rb.table = ({ caption, head, rows, totals }) => {
  const cell = (tag, value, scope) => {
    const full = value !== null && typeof value === 'object' && !(value instanceof Node) && !Array.isArray(value);
    return rb.h(tag, { class: full ? value.class : null, title: full ? value.title : null, scope },
      full ? (value.cell === undefined ? value.text : value.cell) : value);
  };
  // A region that scrolls must be reachable by keyboard.
  return rb.h('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': caption },
    rb.h('table', {},
      rb.h('caption', {}, rb.h('span', {}, caption)),
      rb.h('thead', {}, rb.h('tr', {}, head.map((c) => cell('th', c, 'col')))),
      rb.h('tbody', {}, rows.map((row, i) => rb.h('tr', { class: totals && totals.includes(i) ? 'total' : null },
        row.map((c, k) => (k === 0 ? cell('th', c, 'row') : cell('td', c))))))));
};

rb.facts = (pairs) => rb.h('dl', { class: 'facts' },
  pairs.filter(([, value]) => value !== null && value !== undefined && value !== '')
    .map(([key, value]) => [rb.h('dt', {}, key), rb.h('dd', {}, value instanceof Node ? value : String(value))]));

rb.statusNames = { fixed: ['✓', 'fixed'], remaining: ['●', 'remaining'], introduced: ['✗', 'introduced'] };
rb.badge = (status) => rb.h('span', { class: 'badge ' + status },
  rb.h('span', { 'aria-hidden': 'true' }, (rb.statusNames[status] || ['', status])[0]), (rb.statusNames[status] || ['', status])[1]);

// ---- theme --------------------------------------------------------------------------------------------------------------
rb.startTheme = () => {
  const button = document.getElementById('theme');
  const system = matchMedia('(prefers-color-scheme: dark)');
  let chosen = null;  // follows the system until the reader chooses
  const apply = () => {
    const dark = chosen === null ? system.matches : chosen === 'dark';
    document.documentElement.dataset.theme = dark ? 'dark' : 'light';
    button.textContent = dark ? 'Light' : 'Dark';
    button.setAttribute('aria-label', dark ? 'Switch to light colours' : 'Switch to dark colours');
    rb.emit('theme');
  };
  button.addEventListener('click', () => {
    chosen = document.documentElement.dataset.theme === 'dark' ? 'light' : 'dark';
    apply();
  });
  system.addEventListener('change', apply);
  // Paper is white.
  addEventListener('beforeprint', () => { document.documentElement.dataset.theme = 'light'; rb.drawAll(); rb.emit('theme'); });
  addEventListener('afterprint', apply);
  apply();
};
