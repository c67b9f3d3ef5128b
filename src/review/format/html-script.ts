/** What the page can do more where scripts run: show only some risks or one service, and open all details. It asks for nothing. */
export const SCRIPT = `(() => {
  const form = document.querySelector('.filters');
  const all = (selector) => [...document.querySelectorAll(selector)];
  const details = all('details');
  addEventListener('beforeprint', () => details.forEach((one) => { one.open = true; }));
  if (!form) return;
  form.hidden = false;
  const { subject, open } = form.elements;
  const said = form.querySelector('output');
  const update = () => {
    const risks = new Set(all('.filters input:checked').map((one) => one.value));
    const of = (one) => subject.value === '' || one.dataset.subject === undefined || one.dataset.subject === subject.value;
    const statements = all('.statement');
    for (const one of statements) one.hidden = !(risks.has(one.dataset.risk) && of(one));
    for (const one of all('.said li')) one.hidden = !risks.has(one.dataset.risk);
    for (const one of all('.group')) {
      const said = [...one.querySelectorAll('.said li')];
      one.hidden = said.length > 0 ? said.every((sentence) => sentence.hidden) : !risks.has(one.dataset.risk);
    }
    for (const one of all('.subject')) one.hidden = !of(one) || [...one.querySelectorAll('.group')].every((group) => group.hidden);
    for (const one of all('tr[data-subject]')) one.hidden = !of(one);
    for (const one of all('h3.by-risk')) one.hidden = [...one.nextElementSibling.children].every((statement) => statement.hidden);
    const shown = statements.filter((one) => !one.hidden).length;
    said.textContent = shown === statements.length ? '' : shown + ' of ' + statements.length + ' changes shown';
  };
  form.addEventListener('change', update);
  form.addEventListener('submit', (event) => event.preventDefault());
  open.addEventListener('click', () => {
    const opened = open.getAttribute('aria-pressed') !== 'true';
    open.setAttribute('aria-pressed', String(opened));
    open.textContent = opened ? 'Close all details' : 'Open all details';
    for (const one of details) one.open = opened;
  });
  // A link leads to what a filter hides, too.
  addEventListener('hashchange', () => {
    const target = document.getElementById(location.hash.slice(1));
    if (!target || target.offsetParent !== null) return;
    form.reset();
    update();
    target.scrollIntoView();
  });
  update();
})();`;
