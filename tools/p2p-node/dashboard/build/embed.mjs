// Writes a C++ file that holds the built page: each file as it is and compressed. Fails when the page has outgrown its budget.
// usage: node build/embed.mjs DIST OUTPUT.cpp
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, extname, join, relative } from 'node:path';
import { gzipSync } from 'node:zlib';

// What a phone loads before it sees anything, compressed.
const budgetBytes = { '.js': 60_000, '.css': 8_000 };
const contentTypes = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

function filesBelow(folder) {
  return readdirSync(folder, { withFileTypes: true })
    .flatMap((entry) => (entry.isDirectory() ? filesBelow(join(folder, entry.name)) : [join(folder, entry.name)]))
    .sort();
}

function read(dist, path) {
  const name = relative(dist, path).replaceAll('\\', '/');
  const identity = readFileSync(path);
  const gzip = gzipSync(identity, { level: 9 });
  const type = extname(path);
  if (!contentTypes[type]) throw new Error(`${name}: no content type is known for ${type}`);
  return {
    path: name === 'index.html' ? '/dashboard' : `/${name}`,
    type,
    identity,
    gzip: gzip.length < identity.length ? gzip : Buffer.alloc(0),
    etag: createHash('sha256').update(identity).digest('base64url').slice(0, 22),
  };
}

function checkBudget(files) {
  for (const [type, limit] of Object.entries(budgetBytes)) {
    const bytes = files.filter((file) => file.type === type).reduce((sum, file) => sum + file.gzip.length, 0);
    console.log(`dashboard: ${type.slice(1)} ${bytes} of at most ${limit} bytes, compressed`);
    if (bytes > limit) throw new Error(`the page's ${type} files have ${bytes} bytes compressed, over their budget of ${limit}`);
  }
}

// The assembler reads the bytes from their files, which takes no time to compile.
function bytesOf(symbol, file) {
  return `.balign 16\\n.globl ${symbol}\\n.hidden ${symbol}\\n${symbol}:\\n.incbin \\"${file}\\"\\n`;
}

function source(files, folder) {
  const parts = ['// Made by dashboard/build/embed.mjs.', '#include "embedded_files.hpp"', ''];
  const rows = [];
  const symbols = [];
  let assembler = '';
  files.forEach((file, number) => {
    const views = ['identity', 'gzip'].map((form) => {
      if (file[form].length === 0) return '{}';
      const symbol = `p2p_dashboard_${number}_${form}`;
      writeFileSync(join(folder, symbol), file[form]);
      symbols.push(symbol);
      assembler += bytesOf(symbol, join(folder, symbol));
      return `{${symbol}, ${file[form].length}}`;
    });
    const immutable = file.path !== '/dashboard';
    rows.push(`    {"${file.path}", "${contentTypes[file.type]}", "\\"${file.etag}\\"", ${immutable}, ${views.join(', ')}},`);
  });
  parts.push(`__asm__(".pushsection .rodata\\n${assembler}.popsection\\n");`);
  parts.push(...symbols.map((symbol) => `extern "C" const char ${symbol}[];`));
  parts.push('', 'namespace p2p::node {', '', 'std::span<const EmbeddedFile> embedded_files() noexcept {');
  parts.push('  static const EmbeddedFile files[] = {', ...rows.map((row) => `  ${row.trim()}`), '  };', '  return files;', '}', '', '}  // namespace p2p::node', '');
  return parts.join('\n');
}

const [dist, output] = process.argv.slice(2);
const files = filesBelow(dist).map((path) => read(dist, path));
files.sort((a, b) => Number(b.path === '/dashboard') - Number(a.path === '/dashboard'));
checkBudget(files);
const folder = join(dirname(output), 'bytes');
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
writeFileSync(output, source(files, folder));
