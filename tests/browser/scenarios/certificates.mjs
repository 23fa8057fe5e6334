// Certificates: how much of their life is left, a new one, and taking one back.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { openTab } from '../tabs.mjs';

export async function revokes_a_certificate({ openLive, picture, argument: [name] }) {
  const page = await openLive();
  await openTab(page, 'Certificates');
  const row = page.getByRole('row', { name: new RegExp(`^${name} `) });
  await row.getByText('valid', { exact: true }).waitFor();
  await row.getByRole('button', { name: 'Revoke' }).click();
  const dialog = page.getByRole('dialog');
  assert.match(await dialog.innerText(), /cannot be undone/);
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await row.getByRole('button', { name: 'Revoke' }).click();
  await dialog.getByLabel('Reason').selectOption('superseded');
  await dialog.getByRole('button', { name: 'Revoke it' }).click();
  await row.waitFor({ state: 'detached' });
  const hidden = page.getByRole('link', { name: '1 revoked hidden' });
  await hidden.waitFor();
  await picture(page, 'hidden-certificates');
  await hidden.click();
  await row.getByText('revoked', { exact: true }).first().waitFor();
}

/** The serial number in the file of a node's certificate, as openssl reads it. */
function serialOf(name) {
  const text = execFileSync('openssl', ['x509', '-in', `${process.env.P2P_HOME}/certs/${name}_cert.pem`, '-noout', '-serial'], { encoding: 'utf8' });
  return text.trim().replace(/^serial=0*/, '').toLowerCase();
}

export async function renews_a_certificate({ openLive, picture, argument: [name] }) {
  const before = serialOf(name);
  const page = await openLive();
  await openTab(page, 'Certificates');
  await page.getByRole('row', { name: new RegExp(`^${name} `) }).getByRole('button', { name: 'Renew' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Renew it' }).click();
  const said = page.getByText(`${name} has a new certificate, `);
  await said.waitFor();
  assert.notEqual(serialOf(name), before);
  assert.ok((await said.innerText()).includes(serialOf(name)), await said.innerText());
  // Both are listed: the one that is used is marked, and what is left of its life is all; the one before is good until its end.
  const rows = page.getByRole('row', { name: new RegExp(`^${name} `) });
  const used = rows.filter({ hasText: 'in use' });
  await used.filter({ hasText: serialOf(name) }).waitFor();
  assert.equal(await used.count(), 1);
  const [bar, rest] = await used.locator('.meter-bar, .meter-bar > span').evaluateAll((all) => all.map((one) => one.clientWidth));
  assert.ok(bar > 0 && rest >= bar - 1, `${rest} of ${bar}`);
  const replaced = rows.filter({ hasText: 'superseded' }).filter({ hasText: before });
  await replaced.waitFor();
  assert.equal(await replaced.getByRole('button', { name: 'Renew' }).count(), 0);
  const serials = await page.locator('tbody td.mono').allInnerTexts();
  assert.equal(serials.at(-1), before);
  await picture(page, 'renewed');
}
