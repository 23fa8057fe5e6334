// Plays a scenario in headless Chromium. Ends with 1 when an expectation fails, the page breaks its content policy, or a script in
// it throws; a picture of how it then looked is kept with the others.
// usage: node browser.mjs SCENARIO [ARGUMENT]…
//   $P2P_BROWSER_ADDRESS   of the page, with what signs in
//   $P2P_BROWSER_PICTURES  the folder of the pictures
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import * as certificates from './scenarios/certificates.mjs';
import * as logs from './scenarios/logs.mjs';
import * as looks from './scenarios/looks.mjs';
import * as nodes from './scenarios/nodes.mjs';
import * as numbers from './scenarios/numbers.mjs';
import * as signing from './scenarios/signing.mjs';

const scenarios = { ...certificates, ...logs, ...looks, ...nodes, ...numbers, ...signing };
const [name, ...argument] = process.argv.slice(2);
const scenario = scenarios[name];
if (!scenario) throw new Error(`there is no scenario ${name}`);
const pictures = process.env.P2P_BROWSER_PICTURES ?? 'pictures';
mkdirSync(pictures, { recursive: true });

const browser = await chromium.launch({
  executablePath: process.env.P2P_CHROMIUM ?? '/usr/bin/chromium',
  // Tests also run as root and in containers, where Chromium has no sandbox of its own.
  args: ['--no-sandbox', '--disable-dev-shm-usage'],
});
const flaws = [];

/** A page on which nothing may go wrong unseen. `options` are those of a Playwright context. */
async function open(options = {}) {
  // The direct address has a certificate of the fleet's own CA.
  const context = await browser.newContext({ ignoreHTTPSErrors: true, viewport: { width: 1280, height: 800 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  page.on('pageerror', (error) => flaws.push(`a script threw: ${error.stack}`));
  page.on('console', (message) => {
    if (/Content Security Policy|TrustedHTML|TrustedScript/.test(message.text())) flaws.push(message.text());
  });
  return page;
}

/** Opens the page and waits until it is live. */
async function openLive(options = {}) {
  const page = await open(options);
  await page.goto(process.env.P2P_BROWSER_ADDRESS);
  await page.locator('.connection', { hasText: 'live' }).waitFor();
  return page;
}

const picture = (page, title) => page.screenshot({ path: join(pictures, `${title}.png`) });

let failure;
try {
  await scenario({ open, openLive, picture, address: process.env.P2P_BROWSER_ADDRESS, argument });
} catch (error) {
  failure = error;
  for (const context of browser.contexts()) for (const page of context.pages()) await picture(page, `failed-${name}`).catch(() => {});
}
await browser.close();
for (const flaw of flaws) console.error(flaw);
if (failure) console.error(failure.stack);
process.exit(failure || flaws.length > 0 ? 1 : 0);
