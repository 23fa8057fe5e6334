// From the overview to what is wrong; nodes, services, calls.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { openTab } from '../tabs.mjs';

/** Somebody who has never seen the page: which of three nodes fails, and why, in two clicks. */
export async function finds_the_failing_node({ openLive, picture }) {
  const page = await openLive();
  const trouble = page.locator('.trouble', { hasText: 'worker-2' });
  await trouble.waitFor();
  assert.match(await page.getByRole('heading', { level: 1 }).innerText(), /1 node failing/);
  // Why is said there already.
  assert.match(await trouble.innerText(), /broken: degraded.*exited with status 1: cannot read the queue: Input\/output error/);
  // It may have started again since that was logged.
  await trouble.getByText(/^Services: service broken exited with status 1/).waitFor();
  assert.doesNotMatch(await trouble.innerText(), /starts again in/);
  await picture(page, 'failing-overview');
  await trouble.getByRole('link', { name: /Show in the logs/ }).click();
  const chosen = page.getByRole('listbox', { name: 'Log lines' }).getByRole('option', { selected: true });
  await chosen.waitFor();
  assert.match(await chosen.innerText(), /worker-2/);
  assert.match(await chosen.innerText(), /ERROR|CRITICAL/);
  await picture(page, 'failing-logs');
}

/** From the services as well: which fails, where, and why. */
export async function says_why_a_service_fails({ openLive, picture }) {
  const page = await openLive();
  await openTab(page, 'Services');
  const row = page.getByRole('row', { name: /^broken degraded/ });
  await row.getByText('worker-2: exited with status 1: cannot read the queue: Input/output error').waitFor();
  assert.match(await row.innerText(), /2\.1\.0/);
  await picture(page, 'failing-services');
  await row.getByRole('link', { name: 'broken' }).click();
  await page.getByRole('list', { name: 'What is wrong with it' }).getByText('cannot read the queue: Input/output error').waitFor();
  await picture(page, 'failing-service');
}

/** The card of a node that died leads to what it said last. */
export async function leads_to_the_last_lines_of_the_dead({ openLive, picture, argument: [name, last] }) {
  const page = await openLive();
  const card = page.locator('.trouble', { hasText: name });
  await card.getByText(/^dead/).waitFor({ timeout: 60_000 });
  // Said once, not again in other words.
  assert.equal((await card.innerText()).match(/dead|last seen/g).length, (await card.getByText(/^dead, last seen/).count()) + 1);
  await card.getByRole('link', { name: /last lines/ }).click();
  const shown = page.getByRole('listbox', { name: 'Log lines' }).getByRole('option');
  await shown.last().getByText(last, { exact: true }).waitFor();
  const lines = await shown.allInnerTexts();
  assert.ok(lines.every((line) => line.includes(` ${name} `)));
  // All of them, not its complaints alone.
  assert.ok(lines.some((line) => line.includes('INFO')));
  await picture(page, 'last-lines');
}

/** Details of a node, by its name in the table; the picture has the same nodes. */
export async function shows_a_node({ openLive }) {
  const page = await openLive();
  await openTab(page, 'Nodes');
  await page.getByRole('table').getByRole('link', { name: 'worker-1' }).click();
  const details = page.getByRole('complementary', { name: 'Node worker-1' });
  await details.getByText('127.0.0.1:').first().waitFor();
  await details.getByRole('link', { name: 'say', exact: true }).waitFor();
  await details.locator('.chart canvas').first().waitFor();
  await details.getByRole('link', { name: 'Close' }).click();
  await page.getByRole('button', { name: 'Picture' }).click();
  await page.getByRole('figure').getByRole('link', { name: /^worker-2/ }).waitFor();
  assert.equal(await page.locator('.topology .spot').count(), 3);
  await page.locator('.topology .link').nth(1).waitFor({ state: 'attached' });
}

/** What is searched for is in the address: a reload shows the same. */
export async function keeps_its_filters({ openLive }) {
  const page = await openLive();
  await openTab(page, 'Nodes');
  await page.getByRole('searchbox', { name: 'Search nodes' }).fill('worker');
  await page.getByText('2 of 3 nodes').waitFor();
  await page.getByRole('button', { name: 'Calls/s' }).click();
  await page.reload();
  await page.getByText('2 of 3 nodes').waitFor();
  assert.equal(await page.locator('th[aria-sort]').innerText(), 'Calls/s ↓');
}

/** Stop and start, each after a question; what the page then shows is what the node says. */
export async function stops_and_starts_a_service({ openLive }) {
  const page = await openLive();
  await openTab(page, 'Services');
  await page.getByRole('link', { name: 'say', exact: true }).click();
  const row = page.getByRole('complementary').getByRole('row', { name: /worker-1/ });
  await row.getByRole('button', { name: 'Stop' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('No other node has it running').waitFor();
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await row.getByText('running').waitFor();
  await row.getByRole('button', { name: 'Stop' }).click();
  await dialog.getByRole('button', { name: 'Stop it' }).click();
  await row.getByText('stopped').waitFor();
  await row.getByRole('button', { name: 'Start' }).click();
  await dialog.getByRole('button', { name: 'Start it' }).click();
  await row.getByText('running').waitFor();
}

/** A form made from the schema: what is wrong is said at its field, what is right is called. */
export async function calls_a_method({ openLive }) {
  const page = await openLive();
  await page.goto(`${page.url().replace(/#.*/, '')}#/services/say`);
  await page.locator('.methods li', { hasText: 'add' }).getByRole('button', { name: 'Call…' }).click();
  await page.getByRole('textbox', { name: 'count' }).fill('12');
  await page.getByRole('button', { name: /^Call on/ }).click();
  await page.getByText('must be at most 9').waitFor();
  await page.getByRole('textbox', { name: 'count' }).fill('3');
  await page.getByRole('textbox', { name: 'big' }).fill('9007199254740993');
  await page.getByRole('button', { name: /^Call on/ }).click();
  const answer = page.getByLabel('Answer');
  await answer.waitFor();
  assert.match(await answer.innerText(), /"count": 3/);
  assert.match(await answer.innerText(), /9007199254740993/);
}

/** As much as p2p-ctl: what the error means, its code, what the program printed, and where it ran. */
export async function says_why_a_call_fails({ openLive, picture }) {
  const told = spawnSync('p2p-ctl', ['call', 'say.mount', '-o', 'json'], { encoding: 'utf8' }).stderr;
  const { message, rpc_code } = JSON.parse(told).error;
  const page = await openLive();
  await page.goto(`${page.url().replace(/#.*/, '')}#/services/say?call=mount`);
  await page.getByRole('button', { name: /^Call on/ }).click();
  await page.getByText(/^Failed on worker-1 after .*: the service failed/).getByText(`(${rpc_code})`).waitFor();
  const answer = await page.getByLabel('Answer').innerText();
  assert.equal(message, 'service "say" exited with status 3: mounting /dev/sdb; no such device');
  assert.deepEqual(answer.split('\n'), message.split(/: |; /));
  await picture(page, 'failed-call');
}

/** The good news of the node is not the end of it. */
export async function tells_that_it_failed_again({ openLive, picture }) {
  const page = await openLive();
  await page.goto(`${page.url().replace(/#.*/, '')}#/services/broken`);
  await page.getByRole('complementary').getByRole('row', { name: /worker-2/ }).getByRole('button', { name: 'Restart' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Restart it' }).click();
  const notice = page.locator('.notice.failing');
  await notice.getByText(/^broken on worker-2 was restarted, but it failed again: .*cannot read the queue: Input\/output error/).waitFor();
  await picture(page, 'failed-again');
}

/** What is needed is not sent empty, unless that is meant; the first wrong field has the focus, and an old answer is marked. */
export async function leads_to_what_is_missing({ openLive, picture }) {
  const page = await openLive();
  await page.goto(`${page.url().replace(/#.*/, '')}#/services/say`);
  await page.locator('.methods li', { hasText: 'Takes a note' }).getByRole('button', { name: 'Call…' }).click();
  const [text, times, answer] = [page.getByRole('textbox', { name: 'text' }), page.getByRole('textbox', { name: 'times' }), page.getByLabel('Answer')];
  const isFocused = (field) => field.evaluate((one) => one === document.activeElement);
  await page.getByRole('button', { name: /^Call on/ }).click();
  await page.getByText('is needed').nth(1).waitFor();
  assert.ok(await isFocused(text));
  await picture(page, 'missing');
  await text.fill('hello');
  await text.press('Enter');
  assert.ok(await isFocused(times));
  await times.fill('2');
  await times.press('Control+Enter');
  await answer.getByText('"text": "hello"').waitFor();
  await text.fill('');
  await page.getByText(/with other values than those above/).waitFor();
  await text.press('Control+Enter');
  await answer.waitFor({ state: 'detached' });
  assert.ok(await isFocused(text));
  await page.getByLabel('send it as an empty text').check();
  await text.press('Control+Enter');
  await answer.getByText('"text": ""').waitFor();
}

/** Has the page hear of worker-1 what `change` makes of its entry. */
async function openChanged(open, address, change) {
  const page = await open();
  await page.routeWebSocket(/ws\/dashboard/, (socket) => {
    socket.connectToServer().onMessage((text) => {
      const message = JSON.parse(text);
      const entry = message.data?.metrics?.nodes?.['worker-1'];
      if (entry) change(entry);
      socket.send(JSON.stringify(message));
    });
  });
  await page.goto(address);
  await page.locator('.connection', { hasText: 'live' }).waitFor();
  return page;
}

/** Which methods of a service fail, how, and where to read more. */
export async function says_which_methods_fail({ open, address, picture }) {
  const why = 'divide: half of its calls fail, or more; last: invalid_argument: division by zero';
  const page = await openChanged(open, address, (entry) => {
    entry.services.say.failing = [{ method: 'divide', share: 0.5, error: 'invalid_argument: division by zero' }];
    Object.assign(entry, { health: 'warning', problems: [`say.${why}`], last_error: undefined });
  });
  // Its lines, which are stored as INFO; what the node says of the service is there also where that prints nothing.
  const showsItsLines = async () => {
    await page.getByRole('option', { name: /Services service say/ }).first().waitFor();
    const lines = await page.getByRole('listbox', { name: 'Log lines' }).getByRole('option').allInnerTexts();
    assert.ok(lines.every((line) => / worker-1 (Service\.say|Services) /.test(line.replace(/\s+/g, ' '))), lines.join('\n'));
  };
  const card = page.locator('.trouble', { hasText: 'worker-1' });
  await card.getByText(`say.${why}`).waitFor();
  await picture(page, 'failing-method-overview');
  await card.getByRole('link', { name: /what say logged/ }).click();
  await showsItsLines();
  await page.getByLabel('Least level').selectOption('CRITICAL');
  await page.getByRole('button', { name: 'Show all lines of worker-1' }).click();
  await page.getByRole('option', { name: / worker-1 / }).first().waitFor();
  await openTab(page, 'Services');
  await page.getByLabel('State').selectOption('running');
  await page.getByRole('row', { name: /^say running/ }).getByText(`worker-1: ${why}`).waitFor();
  await page.getByRole('link', { name: 'say', exact: true }).click();
  const reason = page.getByRole('list', { name: 'What is wrong with it' }).getByRole('listitem').filter({ hasText: why });
  await picture(page, 'failing-method');
  await reason.getByRole('link').click();
  await showsItsLines();
}

/** The tile of failed calls leads to the services that fail them, or where it is none of those, to the nodes. */
export async function leads_to_failed_calls({ open, address, picture }) {
  let failing = [{ method: 'divide', share: 0.5, error: 'division by zero' }];
  const page = await openChanged(open, address, (entry) => {
    entry.services.say.failing = failing;
  });
  await page.getByRole('link', { name: /^Failed calls/ }).click();
  await page.getByRole('row', { name: /^say running/ }).getByText('worker-1: divide: half of its calls fail, or more; last: division by zero').waitFor();
  assert.equal(await page.getByRole('row', { name: /^chatter/ }).count(), 0);
  await picture(page, 'failed-calls');
  failing = undefined;
  await page.reload();
  await page.getByRole('row', { name: /^say running/ }).waitFor({ state: 'detached' });
  await openTab(page, 'Overview');
  await page.getByRole('link', { name: /^Failed calls/ }).click();
  await page.getByRole('row', { name: /^worker-1/ }).waitFor();
  assert.equal(await page.locator('th[aria-sort]').innerText(), 'Failed/s ↓');
}

/** An error of yesterday does not stand beside what is wrong today, one of today does. */
export async function tells_no_old_error({ open, address }) {
  const last_error = { logger_name: 'Node', message: 'no space', cursor: 'c' };
  let age = 26 * 3_600_000;
  const page = await openChanged(open, address, (entry) => {
    const timestamp = new Date(Date.now() - age).toISOString();
    Object.assign(entry, { health: 'warning', problems: ['its clock is 3s ahead'], services: {}, last_error: { ...last_error, timestamp } });
  });
  const card = page.locator('.trouble', { hasText: 'worker-1' });
  await card.getByRole('link', { name: 'Show its warnings in the logs →' }).waitFor();
  assert.doesNotMatch(await card.innerText(), /no space/);
  age = 60_000;
  await page.reload();
  await card.getByText('Node: no space').waitFor();
}

/** The word stands beside the name, and once. */
export async function says_who_is_suspected({ open, address, picture }) {
  const page = await openChanged(open, address, (entry) => {
    Object.assign(entry, { status: 'suspected', health: 'warning', problems: ['suspected: nothing is heard of it'] });
  });
  const card = page.locator('.trouble', { hasText: 'worker-1' });
  await card.locator('.trouble-head').getByText('suspected', { exact: true }).waitFor();
  await card.getByText('nothing is heard of it', { exact: true }).waitFor();
  await page.locator('.card', { hasText: 'worker-1' }).getByText('suspected', { exact: true }).waitFor();
  await picture(page, 'suspected');
}

/** No two figures of one thing that differ; of one node it "is", of several they "are"; what is not known looks the same everywhere. */
export async function tells_figures_once({ open, address, picture }) {
  const page = await openChanged(open, address, (entry) => {
    delete entry.version;
    delete entry.services.say.version;
    Object.assign(entry, { health: 'warning', problems: ['its disk is 93% full'] });
  });
  await page.getByText('1 of 3 nodes is well.').waitFor();
  assert.equal(await page.locator('.account summary').innerText(), 'operator');
  await openTab(page, 'Services');
  await page.getByRole('row', { name: /^say running/ }).getByText('–', { exact: true }).waitFor();
  await openTab(page, 'Nodes');
  await page.getByRole('row', { name: /^worker-1/ }).getByRole('link').first().click();
  const details = page.getByRole('complementary');
  await details.getByText(/ of \d+ cores?$/).waitFor();
  await details.locator('.chart').first().waitFor();
  assert.equal(await details.getByText('CPU', { exact: true }).count(), 1);
  assert.equal(await page.getByText('unknown', { exact: true }).count(), 0);
  await picture(page, 'node-figures');
}

/** A node whose certificate was taken back says so, also where its life is shown, and how it comes back. */
export async function shows_a_revoked_certificate({ open, address, picture }) {
  const page = await openChanged(open, address, (entry) => {
    entry.certificate.state = 'revoked';
    Object.assign(entry, { health: 'failing', problems: ['its certificate was revoked'] });
  });
  const card = page.locator('.trouble', { hasText: 'worker-1' });
  await card.getByText('p2p-ca invite worker-1 --role worker').waitFor();
  await card.getByText('p2p-node join --force').waitFor();
  await picture(page, 'revoked-overview');
  await openTab(page, 'Nodes');
  await page.getByRole('row', { name: /^worker-1 revoked/ }).getByRole('link', { name: 'worker-1' }).click();
  const details = page.getByRole('complementary');
  await details.getByText('its certificate was revoked').waitFor();
  await details.getByText('p2p-node join --force').waitFor();
  await details.locator('.life').getByText('revoked', { exact: true }).waitFor();
  await picture(page, 'revoked-node');
}

/** The palette does what the role may, after a question where it changes something. */
export async function does_by_name({ openLive, picture }) {
  const page = await openLive();
  // The key is on the button.
  await page.getByRole('button', { name: /Go to/ }).getByText('Ctrl+K', { exact: true }).waitFor();
  const find = async (words) => {
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox', { name: /Go to/ }).fill(words);
    await page.getByRole('listbox', { name: 'Found' }).getByRole('option').first().getByText(new RegExp(words.replace(' ', '.*'), 'i')).waitFor();
    await page.keyboard.press('Enter');
  };
  await find('restart say on worker-1');
  await page.getByRole('dialog', { name: 'Restart say on worker-1?' }).getByRole('button', { name: 'Restart it' }).click();
  await page.getByText('say on worker-1 is running again.').waitFor();
  // A method is called by a form, which has the focus.
  await find('call say.note');
  await page.getByRole('button', { name: 'Call on worker-1' }).waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.id), 'call-note-text');
  await picture(page, 'palette-call');
  await find('renew worker-2');
  await page.getByRole('dialog', { name: 'Renew the certificate of worker-2 now?' }).getByRole('button', { name: 'Cancel' }).click();
  await page.keyboard.press('4');
  await page.getByText(/^Live/).waitFor();
  await find('pause the logs');
  await page.getByText(/^Paused/).waitFor();
  await find('sign out');
  await page.getByRole('heading', { name: 'Signed out' }).waitFor();
}

/** All by the keyboard: tabs by their number, the palette, a node by its name; Escape closes, and the focus is where it was. */
export async function goes_by_keyboard({ openLive, picture }) {
  const page = await openLive();
  const focused = () => page.evaluate(() => document.activeElement.textContent);
  await page.keyboard.press('2');
  await page.getByRole('table').getByRole('link', { name: 'worker-1' }).press('Enter');
  await page.getByRole('heading', { name: 'worker-1' }).waitFor();
  await page.keyboard.press('?');
  await page.getByRole('dialog', { name: 'Keyboard' }).getByText('Dark or light').waitFor();
  await picture(page, 'keyboard');
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  assert.equal(await focused(), 'worker-1');
  await page.getByRole('link', { name: 'Close' }).focus();
  await page.keyboard.press('Escape');
  await page.getByRole('complementary').waitFor({ state: 'detached' });
  assert.equal(await focused(), 'worker-1');
  const account = page.locator('.account summary');
  await account.press('Enter');
  await page.getByRole('button', { name: 'Sign out' }).waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Sign out' }).waitFor({ state: 'hidden' });
  assert.equal(await focused(), await account.textContent());
  await page.keyboard.press('4');
  await page.getByRole('listbox', { name: 'Log lines' }).waitFor();
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox', { name: /Go to/ }).fill('worker-2');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'worker-2' }).waitFor();
  await page.keyboard.press('t');
  assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), 'dark');
}
