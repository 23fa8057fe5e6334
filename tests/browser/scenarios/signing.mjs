// Signing in and out, and who may do what.
import assert from 'node:assert/strict';
import { appendFileSync } from 'node:fs';
import { openTab } from '../tabs.mjs';

/** The address is good once; the token is gone from it; the cookie is of the kind that scripts and other sites do not get. */
export async function signs_in_once({ open, address }) {
  const page = await open();
  await page.goto(address);
  await page.locator('.connection', { hasText: 'live' }).waitFor();
  assert.ok(!page.url().includes('t='), page.url());
  const [cookie] = await page.context().cookies();
  assert.ok(cookie.name.startsWith('__Host-') && cookie.httpOnly && cookie.secure && cookie.sameSite === 'Strict', JSON.stringify(cookie));
  assert.equal(await page.evaluate(() => document.cookie), '');
  await page.reload();
  await page.locator('.connection', { hasText: 'live' }).waitFor();

  const second = await open();
  await second.goto(address);
  await second.getByRole('heading', { name: 'Signed out' }).waitFor();
  assert.match(await second.locator('main').innerText(), /p2p-ctl dashboard/);
}

/** A link that is opened in a further tab is signed in there too: the tabs of an address share the session. */
export async function signs_in_further_tabs({ open, address }) {
  const page = await open();
  await page.goto(address);
  await page.locator('.connection', { hasText: 'live' }).waitFor();
  const further = await page.context().newPage();
  await further.goto(page.url().replace(/#.*/, '#/nodes'));
  await further.locator('.connection', { hasText: 'live' }).waitFor();
}

/** Without a session there is only the advice what to do. */
export async function without_a_session({ open, address }) {
  const page = await open();
  await page.goto(address.replace(/#.*/, ''));
  await page.getByRole('heading', { name: 'Signed out' }).waitFor();
}

export async function signs_out({ openLive }) {
  const page = await openLive();
  await page.locator('.account summary').click();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('heading', { name: 'Signed out' }).waitFor();
  await page.reload();
  await page.getByRole('heading', { name: 'Signed out' }).waitFor();
}

/** A session that ends elsewhere: the page says so, and how to sign in again at this address. */
export async function says_how_to_sign_in_again({ openLive, picture, argument: [how] }) {
  const page = await openLive();
  await page.evaluate(() => {
    const [secret] = Object.values(sessionStorage);
    return fetch('api/session', { method: 'DELETE', headers: { 'P2P-Session-Secret': secret } });
  });
  await page.getByRole('heading', { name: 'Signed out' }).waitFor();
  await page.getByText('The session has ended.').waitFor();
  await page.getByText(how).waitFor();
  await picture(page, `ended-${how.length}`);
}

/** The page is open, then the operator's certificate is revoked: it says so, and what to do first. */
export async function says_that_it_is_refused({ openLive, picture, argument: [told] }) {
  const page = await openLive();
  appendFileSync(told, 'ready\n');
  await page.getByRole('heading', { name: 'Signed out' }).waitFor({ timeout: 60_000 });
  await page.getByText(/the certificate of p2p-ctl dashboard was revoked\. Get a new one first: p2p-ca sign/).waitFor();
  await picture(page, 'refused');
}

/** On a phone the header has no room for the role; the menu says it. */
export async function says_the_role_on_a_phone({ openLive, picture }) {
  const page = await openLive({ viewport: { width: 360, height: 640 } });
  await page.locator('.account summary').click();
  const role = page.locator('.account-menu').getByText('viewer', { exact: false }).first();
  await role.waitFor();
  const box = await page.locator('.account-menu').boundingBox();
  assert.ok(box.x >= 0 && box.x + box.width <= 360, JSON.stringify(box));
  await picture(page, 'menu-360');
  await page.locator('main').click({ position: { x: 5, y: 300 } });
  await role.waitFor({ state: 'hidden' });
}

/** A viewer sees all of it; what changes something is out of reach, and it is said why. */
export async function a_viewer_changes_nothing({ openLive, picture }) {
  const page = await openLive();
  const refuses = async (...words) => {
    for (const word of words) {
      const buttons = await page.getByRole('button', { name: word, exact: true }).all();
      assert.ok(buttons.length > 0, word);
      for (const button of buttons) {
        assert.ok(await button.isDisabled(), word);
        assert.match(await button.getAttribute('title'), /viewer/);
      }
    }
  };
  await openTab(page, 'Nodes');
  await page.getByRole('table').getByRole('link', { name: 'worker-1' }).click();
  await page.getByRole('region', { name: 'Services of worker-1' }).waitFor();
  await refuses('Stop', 'Restart');
  await openTab(page, 'Services');
  await page.getByRole('link', { name: 'say', exact: true }).click();
  await page.getByText('Answers what it gets').waitFor();
  await page.getByText(/You are signed in as a viewer/).waitFor();
  await refuses('Stop', 'Restart', 'Call…');
  await picture(page, 'viewer-service');
  await openTab(page, 'Certificates');
  await page.getByRole('table').waitFor();
  await page.getByText(/You are signed in as a viewer/).waitFor();
  await refuses('Renew', 'Revoke');
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox', { name: /Go to/ }).fill('restart');
  await page.getByText('Nothing has such a name.').waitFor();
  await page.getByRole('combobox', { name: /Go to/ }).fill('call say.add');
  await page.getByText('Nothing has such a name.').waitFor();
}
