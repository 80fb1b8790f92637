'use strict';
// Puts the parts together: each one only when there is data for it.
rb.start = () => {
  const model = rb.readModel(JSON.parse(document.getElementById('report-data').textContent));
  rb.model = model;
  document.title = model.title;
  rb.startTheme();
  const main = document.getElementById('main');
  const nav = document.getElementById('nav');
  main.replaceChildren();
  const start = rb.bestComparisons(model)[0] || null;
  rb.view = { comparison: start, scope: 'COMBINED', switches: start ? rb.switchesOf(start) : [] };
  // First of all listeners, so that the others see the new switches.
  rb.on('comparison', () => { rb.view.switches = rb.switchesOf(rb.view.comparison); });
  rb.headline(model, main);
  for (const panel of rb.panels) {
    if (!panel.wanted(model)) continue;
    const section = rb.h('section', { id: panel.id, 'aria-labelledby': panel.id + '-title' },
      rb.h('h2', { id: panel.id + '-title' }, panel.title), panel.lead && rb.h('p', { class: 'lead' }, panel.lead));
    main.append(section);
    panel.draw(model, section);
    nav.append(rb.h('a', { href: '#' + panel.id }, panel.title));
  }
  document.getElementById('footer').textContent = `Made by reidbench ${model.version}. This file needs no network and no server. Drawn with D3 (BSD-3-Clause).`;
  document.documentElement.dataset.ready = 'true';
  performance.mark('ready');
};
rb.start();
