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
  const add = (id, title, lead, wanted, draw) => {
    if (!wanted) return;
    const section = rb.h('section', { id, 'aria-labelledby': id + '-title' }, rb.h('h2', { id: id + '-title' }, title), lead && rb.h('p', { class: 'lead' }, lead));
    main.append(section);
    draw(model, section);
    nav.append(rb.h('a', { href: '#' + id }, title));
  };
  const comparisons = model.comparisons;
  add('compare', 'Plain against corrected', 'The same boxes before and after identities were corrected, and what perfect correction would reach.', comparisons.length, rb.compareSection);
  add('ribbons', 'Identity ribbons', 'One row a person: every change of colour is an identity switch.', comparisons.some(rb.hasTimelines), rb.ribbonSection);
  add('switches', 'Switch browser', 'Every identity switch, why it happened, and what became of it.', comparisons.some(rb.hasSwitches), rb.switchSection);
  add('retrieval', 'Retrieval', 'How well a picture finds the same person in other cameras.', model.rank, rb.retrievalSection);
  add('sweep', 'Configurations', 'Every configuration that was tried, and what choosing the best one is worth.', model.sweep, rb.sweepSection);
  add('time', 'Where the time went', null, model.stages.length, rb.stagesSection);
  add('throughput', 'Throughput', 'What this machine does with each stage, what it could do, and how many cameras that is.', model.profile || model.plan, rb.profileSection);
  document.getElementById('footer').textContent = `Made by reidbench ${model.version}. This file needs no network and no server. Drawn with D3 (BSD-3-Clause).`;
  document.documentElement.dataset.ready = 'true';
  performance.mark('ready');
};
rb.start();
