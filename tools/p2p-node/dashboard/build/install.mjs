// Runs `npm ci`, unless node_modules already holds what the lock file says, so that a second build needs no network.
// usage: node build/install.mjs NPM
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

function packagesOf(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8')).packages;
  } catch {
    return undefined;
  }
}

/** True when each package of the lock file is there in its version; those for other systems are not installed. */
function isInstalled() {
  const wanted = packagesOf('package-lock.json');
  const found = packagesOf('node_modules/.package-lock.json');
  if (!wanted || !found) return false;
  return Object.entries(wanted).every(
    ([path, one]) => path === '' || (found[path] ? found[path].integrity === one.integrity : one.optional === true),
  );
}

if (!isInstalled()) {
  // No script of a package runs: nothing here needs one.
  const done = spawnSync(process.argv[2] ?? 'npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {
    stdio: 'inherit',
  });
  if (done.status !== 0) {
    console.error('dashboard: error: npm ci failed\nhint: it needs the npm registry once; -DP2P_DASHBOARD=OFF builds without the page');
    process.exit(1);
  }
}
