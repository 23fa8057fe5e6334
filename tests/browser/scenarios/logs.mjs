// The log view. The lines come from a service of the fleet, which the caller of the scenario makes talk.
import assert from 'node:assert/strict';
import { appendFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { chatter } from '../chatter.mjs';

/** Has worker-1 log these lines. */
function say(...lines) {
  execFileSync('p2p-ctl', ['call', 'say.lines', '--params', '-'], { input: JSON.stringify({ lines }), stdio: ['pipe', 'ignore', 'inherit'] });
}

const linesOf = (page) => page.getByRole('listbox', { name: 'Log lines' }).getByRole('option').allInnerTexts();

async function openLogs(openLive, filter) {
  const page = await openLive();
  await page.goto(`${page.url().replace(/#.*/, '')}#/logs?${filter}`);
  await page.getByText(/^Live/).waitFor();
  return page;
}

/** Markup, escapes and the turning of direction are text, also where they are so in a file that worker-1 follows. */
export async function shows_hostile_text({ openLive }) {
  const page = await openLogs(openLive, 'logger=File.*&text=hostile');
  page.on('dialog', () => assert.fail('a script of a log line ran'));
  const markup = 'hostile <img src=x onerror=alert(1)><script>alert(2)</script>';
  appendFileSync(`${process.env.FLEET}/raw/app.log`, `${markup}\nhostile \u001b[31mred\u001b[0m\nhostile \u202egpj.exe\n`);
  await page.locator('.log-box').getByText('hostile \\xe2\\x80\\xaegpj.exe').waitFor();
  await page.locator('.log-box').getByText('hostile \\x1b[31mred\\x1b[0m').waitFor();
  await page.locator('.log-box').getByText(markup).waitFor();
  assert.equal(await page.locator('.log-box img, .log-box script').count(), 0);
  // Nor did the coordinator do that.
  const raw = await page.evaluate(async () => (await fetch('api/logs?text=hostile')).text());
  assert.ok(JSON.parse(raw).logs.some((record) => record.message.includes('\u001b[31m')), raw);
}

/** Filters are the coordinator's; they are in the address; a bad one is told. */
export async function filters_lines({ openLive }) {
  const page = await openLogs(openLive, 'logger=Service.say');
  say('apple one', 'pear two', 'apple three');
  await page.getByText('apple three').waitFor();
  await page.getByRole('combobox', { name: 'Search text' }).or(page.getByRole('searchbox', { name: 'Search text' })).fill('APPLE');
  await page.locator('mark', { hasText: 'apple' }).first().waitFor();
  await page.getByText('pear two').waitFor({ state: 'detached' });
  assert.match(page.url(), /text=APPLE/);
  await page.reload();
  await page.getByText('apple three').waitFor();
  assert.ok(!(await linesOf(page)).some((line) => line.includes('pear')));
  await page.goto(`${page.url().replace(/#.*/, '')}#/logs?regex=(`);
  await page.getByRole('alert').waitFor();
}

/** Lines chosen with Shift are copied as p2p-logs shows them. */
export async function copies_lines({ openLive }) {
  const page = await openLogs(openLive, 'logger=Service.say&text=copy');
  say('copy a', 'copy b', 'copy c');
  await page.getByText('copy c').waitFor();
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.getByText('copy a').click();
  await page.getByText('copy c').click({ modifiers: ['Shift'] });
  await page.getByRole('button', { name: 'Copy 3 lines' }).click();
  await page.getByText('3 lines copied.').waitFor();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  assert.deepEqual(copied.split('\n').map((line) => line.replace(/^\S+Z /, '')), ['a', 'b', 'c'].map((letter) => `worker-1 INFO     Service.say: copy ${letter}`));
}

/** After a change of size the page has so long to draw itself; at once is what one sees, but a busy machine draws late. */
const kSettledMs = 5000;

/** The line that is chosen is never below its own details. */
export async function keeps_the_chosen_line_in_sight({ openLive, picture }) {
  const page = await openLogs(openLive, 'logger=Service.say&text=chosen');
  say(...Array.from({ length: 100 }, (_, i) => `chosen ${i}.`));
  await page.getByText('chosen 99.').click();
  const chosen = page.locator('.line.chosen');
  const details = page.getByRole('region', { name: 'The chosen line' });
  const isInSight = async (width) => {
    await details.waitFor();
    const until = performance.now() + kSettledMs;
    for (;;) {
      const [line, box, panel] = [await chosen.boundingBox(), await page.getByRole('listbox').boundingBox(), await details.boundingBox()];
      if (line && line.y >= box.y - 1 && line.y + line.height <= box.y + box.height + 1 && line.y + line.height <= panel.y) return;
      assert.ok(performance.now() < until, `${width}: ${JSON.stringify([line, box, panel])}`);
    }
  };
  await isInSight('wide');
  // With all that it can have, the toolbar is one row.
  const parts = await page.locator('.logs .toolbar > :not(datalist)').evaluateAll((all) => all.map((one) => one.getBoundingClientRect().toJSON()));
  assert.ok(Math.max(...parts.map((one) => one.top)) < Math.min(...parts.map((one) => one.bottom)), JSON.stringify(parts));
  assert.ok(Math.max(...parts.map((one) => one.right)) <= 1280);
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await details.getByRole('button', { name: 'Copy' }).click();
  await page.getByText('The cursor is copied.').waitFor();
  const cursor = await page.evaluate(() => navigator.clipboard.readText());
  const stored = await page.evaluate(async () => (await fetch('api/logs?text=chosen%2099.')).json());
  assert.equal(cursor, stored.logs[0].cursor);
  // It is not carried away by those that come.
  say(...Array.from({ length: 100 }, (_, i) => `chosen later ${i}.`));
  await page.getByText(/^Paused · 200 lines/).waitFor();
  await isInSight('with more');
  await picture(page, 'chosen-line');
  await page.setViewportSize({ width: 360, height: 640 });
  await isInSight('narrow');
  assert.match(await chosen.innerText(), /chosen 99\./);
}

/** A time at which nothing was logged is told, and the nearest lines are shown. */
export async function jumps_to_a_time({ openLive, picture }) {
  const page = await openLogs(openLive, 'logger=Service.say&text=jump');
  say('jump only');
  await page.getByText('jump only').waitFor();
  const jump = async (hours) => {
    const at = new Date(Date.now() + hours * 3_600_000 - new Date().getTimezoneOffset() * 60_000);
    await page.getByLabel('Jump to a time').fill(at.toISOString().slice(0, 19));
    await page.getByRole('button', { name: 'Jump', exact: true }).click();
  };
  await jump(24);
  await page.getByText(/has not come yet. The newest lines are below/).waitFor();
  await page.getByRole('option', { selected: true }).getByText('jump only').waitFor();
  await picture(page, 'jump-future');
  // What is logged from now on still comes, once.
  say('jump later');
  await page.getByText('jump later').waitFor();
  assert.equal((await linesOf(page)).length, 2);
  await jump(-24);
  await page.getByText(/^Nothing was logged at/).waitFor();
  await page.getByRole('option', { selected: true }).getByText('jump only').waitFor();
  await jump(0);
  await page.getByText(/^Nothing was logged at/).waitFor({ state: 'detached' });
}

/** History comes on scrolling up, without a hole or repeat. */
export async function loads_history({ openLive }) {
  const count = 900;
  for (let i = 0; i < count; i += 100) say(...Array.from({ length: 100 }, (_, j) => `old ${String(i + j).padStart(3, '0')}.`));
  const page = await openLogs(openLive, 'logger=Service.say&text=old');
  await page.getByText('old 899.').waitFor();
  const box = page.getByRole('listbox', { name: 'Log lines' });
  const seen = new Set();
  for (let turn = 0; turn < 200 && !seen.has('000'); ++turn) {
    const numbers = (await linesOf(page)).map((line) => /old (\d+)\./.exec(line)[1]);
    numbers.forEach((number, i) => i > 0 && assert.equal(Number(number), Number(numbers[i - 1]) + 1));
    numbers.forEach((number) => seen.add(number));
    await box.evaluate((element) => void (element.scrollTop -= element.clientHeight / 2));
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
    if (await page.getByText('loading older ones').count()) await page.getByText('loading older ones').waitFor({ state: 'detached' });
  }
  assert.equal(seen.size, count);
}

/** Standing still while lines come, and going on. */
export async function pauses({ openLive }) {
  const page = await openLogs(openLive, 'logger=Service.say&text=pause');
  say('pause before');
  await page.getByText('pause before').waitFor();
  await page.getByRole('button', { name: 'Pause' }).click();
  await page.getByText(/^Paused/).waitFor();
  say(...Array.from({ length: 100 }, (_, i) => `pause ${i}`));
  await page.getByText(/101 lines here/).waitFor();
  await page.getByText('pause before').waitFor();
  await page.getByRole('button', { name: 'Resume' }).click();
  await page.getByText('pause 99').waitFor();
}

/** Going elsewhere and coming back while many lines come. That nothing throws is looked at for every scenario. */
export async function is_left_while_lines_come({ openLive }) {
  const page = await openLogs(openLive, 'logger=Service.chatter');
  chatter(2000);
  for (let turn = 0; turn < 12; ++turn) {
    await page.getByText(/chatter/).nth(5).waitFor();
    await page.getByRole('link', { name: 'Services' }).click();
    await page.getByRole('heading', { name: 'Services' }).waitFor();
    await page.goBack();
  }
  chatter(0);
}

/** Who is gone is told: the program that the page comes through, or the coordinator. `argument` names a file in which is told that
 *  it may go, and what is then to be read. */
export async function tells_who_is_gone({ openLive, picture, argument: [told, words] }) {
  const page = await openLive();
  appendFileSync(told, 'ready\n');
  await page.getByRole('alert').getByText(words).waitFor({ timeout: 60_000 });
  await picture(page, `gone-${words.slice(0, 7).trim()}`);
}

/** While the coordinator is gone the page says so; once it is back, each line is there once. `argument` names a file in which the
 *  page's state is told, and one in which the caller says that the coordinator is back. */
export async function goes_on_after_a_restart({ openLive, argument: [told] }) {
  const page = await openLogs(openLive, 'logger=Service.say&text=restart');
  say('restart 1', 'restart 2');
  await page.getByText('restart 2').waitFor();
  appendFileSync(told, 'ready\n');
  await page.locator('.connection', { hasText: 'reconnecting' }).waitFor({ timeout: 60_000 });
  await page.getByRole('alert').getByText('The coordinator cannot be reached. What you see is old').waitFor();
  await page.locator('.connection', { hasText: 'live' }).waitFor({ timeout: 60_000 });
  await page.getByText('restart 4').waitFor({ timeout: 60_000 });
  const lines = (await linesOf(page)).map((line) => /restart (\d)/.exec(line)[1]);
  assert.deepEqual(lines, ['1', '2', '3', '4']);
}
