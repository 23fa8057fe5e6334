// How each tab looks, in both themes and on a phone, and whether axe finds anything (WCAG and best practices).
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const kPlaces = {
  overview: '#/overview', nodes: '#/nodes', picture: '#/nodes?view=picture', node: '#/nodes/worker-2',
  services: '#/services', service: '#/services/say', logs: '#/logs', certificates: '#/certificates',
};

async function violations(page) {
  await page.evaluate(axe);
  const { violations: found } = await page.evaluate(() => globalThis.axe.run());
  return found.map((one) => `${one.id}: ${one.nodes.map((node) => node.html.slice(0, 160)).join(' | ')}`);
}

export async function looks_right({ openLive, picture }) {
  const page = await openLive({ colorScheme: 'dark' });
  const found = [];
  for (const theme of ['dark', 'light']) {
    for (const width of [1280, 360]) {
      await page.emulateMedia({ colorScheme: theme });
      await page.setViewportSize({ width, height: 800 });
      for (const [name, hash] of Object.entries(kPlaces)) {
        await page.evaluate((text) => void (location.hash = text), hash);
        await page.waitForFunction(() => !document.querySelector('[aria-busy]') && !document.body.innerText.includes('Loading…'));
        await picture(page, `${name}-${width}-${theme}`);
        const wide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
        if (wide) found.push(`${name} ${width}: wider than the window`);
        // A table that goes on to the right gives no sign of it.
        const cut = await page.evaluate(() => [...document.querySelectorAll('.table-box')].filter((box) => box.scrollWidth > box.clientWidth).map((box) => box.ariaLabel));
        if (cut.length > 0) found.push(`${name} ${width}: cut off: ${cut.join(', ')}`);
        found.push(...(await violations(page)).map((one) => `${name} ${width} ${theme}: ${one}`));
      }
    }
  }
  assert.deepEqual(found, []);
}
