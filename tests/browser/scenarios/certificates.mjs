// Certificates: how much of their life is left, and taking one back.
import assert from 'node:assert/strict';
import { openTab } from '../tabs.mjs';

export async function revokes_a_certificate({ openLive, argument: [name] }) {
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
  await page.getByLabel('Which').selectOption('all');
  await row.getByText('revoked', { exact: true }).first().waitFor();
}
