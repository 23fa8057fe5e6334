// From the overview to what is wrong; nodes, services, calls.
import assert from 'node:assert/strict';
import { openTab } from '../tabs.mjs';

/** Somebody who has never seen the page: which of three nodes fails, and why, in two clicks. */
export async function finds_the_failing_node({ openLive, picture }) {
  const page = await openLive();
  const trouble = page.locator('.trouble', { hasText: 'worker-2' });
  await trouble.waitFor();
  assert.match(await page.getByRole('heading', { level: 1 }).innerText(), /1 node failing/);
  // Why is said there already.
  assert.match(await trouble.innerText(), /broken: degraded.*exited with status 1: cannot read the queue: Input\/output error/);
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
  await card.getByText('dead', { exact: true }).waitFor({ timeout: 60_000 });
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

/** All by the keyboard: tabs by their number, the palette, a node by its name. */
export async function goes_by_keyboard({ openLive }) {
  const page = await openLive();
  await page.keyboard.press('4');
  await page.getByRole('listbox', { name: 'Log lines' }).waitFor();
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox', { name: /Go to/ }).fill('worker-2');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'worker-2' }).waitFor();
  await page.keyboard.press('t');
  assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), 'dark');
}
