// Plays a coordinator for work on the page alone: made-up figures over the real protocol. No test uses it.
// usage: node dev_server.mjs DIST [--port N] [--nodes N] [--lines PER_SECOND] [--role viewer|operator]
import { createHash } from 'node:crypto';
import { readFileSync, existsSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join } from 'node:path';

const options = { port: 8990, nodes: 3, lines: 20, role: 'operator' };
const [dist, ...rest] = process.argv.slice(2);
for (let i = 0; i < rest.length; i += 2) options[rest[i].slice(2)] = Number.isNaN(Number(rest[i + 1])) ? rest[i + 1] : Number(rest[i + 1]);

const kPolicy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'";
const kStore = '0123456789abcdef';
const began = Date.now();
const rfc = (ms) => new Date(ms).toISOString();
const random = (() => {
  let seed = 7;
  return () => ((seed = (seed * 1103515245 + 12345) & 0x7fffffff) / 0x7fffffff);
})();

// Log records.
const records = [];
const kMessages = [
  ['INFO', 'Gossip', 'exchange with web-2 done, 0 records differed'],
  ['INFO', 'Service.disk', 'scanned /var in 12 ms'],
  ['DEBUG', 'Network', 'pooled connection to 10.0.0.12:8001 reused'],
  ['WARNING', 'Service.disk', '/var is 91% full'],
  ['ERROR', 'Service.disk', 'cannot read /var/lib/queue: Input/output error'],
  ['INFO', 'Service.orders', '<img src=x onerror=alert(1)> \u001b[31mred\u001b[0m order 4711 took 18 ms'],
];
function addRecord(level, logger_name, message, node_id, at = Date.now()) {
  const number = records.length + 1;
  records.push({ timestamp: rfc(at), node_id, level, logger_name, message, epoch: 1, seq: number, received_at: rfc(at), cursor: `${kStore}-${number}` });
  return records.at(-1);
}
function nodeName(i) {
  return i === 0 ? 'coord' : i % 3 === 0 ? `db-${Math.ceil(i / 3)}` : `web-${i}`;
}
for (let i = 0; i < (options.nodes ? 5000 : 0); ++i) {
  const [level, logger, text] = kMessages[Math.floor(random() ** 1.6 * kMessages.length)];
  addRecord(level, logger, `${text} #${i}`, nodeName(Math.floor(random() * options.nodes)), began - (5000 - i) * 400);
}

// Nodes.
const nodes = {};
for (let i = 0; i < options.nodes; ++i) {
  const id = nodeName(i);
  const isBad = i === 2 || (i > 10 && i % 97 === 0);
  const isWarm = i > 5 && i % 41 === 0;
  const isDead = i > 10 && i % 211 === 0;
  const error = [...records].reverse().find((one) => one.level === 'ERROR' && one.node_id === id);
  nodes[id] = {
    role: i === 0 ? 'coordinator' : 'worker',
    status: isDead ? 'dead' : 'alive',
    health: isBad || isDead ? 'failing' : isWarm ? 'warning' : 'ok',
    problems: isDead ? ['dead: not heard of since a while'] : isBad ? ['disk: degraded, 6 restarts in the last minute', 'disk 93% full'] : isWarm ? ['clock is 2.4 s ahead'] : [],
    last_seen: rfc(Date.now() - (isDead ? 3_600_000 : 500)),
    started_at: rfc(began - 86_400_000 * (1 + (i % 9))),
    version: '1.0.0',
    addresses: [`10.0.0.${5 + (i % 200)}:8001`],
    linked_to: i === 0 ? [] : ['coord', ...(i > 1 && i % 2 ? [nodeName(i - 1)] : [])],
    cpu: random() * 0.6, load1: random() * 2, cores: 4,
    memory_used: 2e9 + random() * 3e9, memory_total: 8e9, disk_used: (isBad ? 0.93 : 0.3 + random() * 0.3) * 1e11, disk_total: 1e11, rss: 3e7,
    calls_per_second: random() * 20, errors_per_second: isBad ? 0.4 : 0, call_p99_ms: 2 + random() * 5, logs_per_second: random() * 8, log_errors_per_minute: isBad ? 5 : 0,
    clock_offset_ms: isWarm ? 2400 : Math.round(random() * 8 - 4),
    certificate: { serial: createHash('sha1').update(id).digest('hex'), not_before: rfc(began - 20 * 86_400_000), not_after: rfc(began + 70 * 86_400_000), state: 'valid' },
    services: {
      disk: { version: '1.0', state: isBad ? 'degraded' : 'running', restarts: isBad ? 6 : 0, calls_per_second: 0.1 },
      ...(i % 2 ? { orders: { version: '2.3', state: i % 5 ? 'running' : 'stopped', restarts: 0, calls_per_second: 12 } } : {}),
    },
    ...(isBad && error ? { last_error: { timestamp: error.timestamp, logger_name: error.logger_name, message: error.message, cursor: error.cursor } } : {}),
  };
}
const wave = (t, a, b, p) => a + b * (1 + Math.sin(t / p)) + random() * b * 0.4;
const fleetPoint = (t) => ({ cpu: wave(t, 0.1, 0.15, 90), calls: wave(t, 8, 6, 60), errors: Math.max(0, wave(t, -0.9, 0.6, 200)), p99: wave(t, 2, 3, 45), logs: wave(t, 40, 30, 70) });
const series = (count, step, end, pick) => Array.from({ length: count }, (_, i) => pick(end - (count - 1 - i) * step));
function fleetEntry() {
  const alive = Object.values(nodes).filter((node) => node.status === 'alive').length;
  return { name: 'shop', coordinator: 'coord', version: '1.0.0', nodes: { alive, suspected: 0, dead: Object.keys(nodes).length - alive, left: 0 }, calls_per_second: 12.5, errors_per_second: 0.1, call_p50_ms: 0.8, call_p99_ms: 4.2, logs_per_second: options.lines, log_errors_per_minute: 3, logs_stored: true, problems: [] };
}
function whole(sequence) {
  const end = Math.floor(Date.now() / 1000);
  const points = series(options.nodes ? 900 : 0, 1, end, fleetPoint);
  const fleet = Object.fromEntries(['cpu', 'calls', 'errors', 'p99', 'logs'].map((name) => [name, points.map((point) => point[name])]));
  const own = Object.fromEntries(Object.keys(nodes).map((id, i) => [id, { cpu: series(60, 15, end, (t) => Math.min(1, Math.max(0, wave(t + i * 77, 0.05, 0.2, 140)))) }]));
  return { type: 'update', sequence, whole: true, data: { metrics: { now: rfc(Date.now()), fleet: fleetEntry(), nodes }, history: { step: 1, end, fleet, nodes: own } } };
}

// Requests.
const glob = (pattern, text) => new RegExp(`^${pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&').replace(/\*/g, '.*').replace(/\?/g, '.')}$`).test(text);
const kRank = { DEBUG: 0, INFO: 1, WARNING: 2, ERROR: 3, CRITICAL: 4 };
function matcher({ nodes: wanted, level, logger, text, regex }) {
  return (one) =>
    (!wanted || wanted.some((pattern) => glob(pattern, one.node_id))) &&
    (!level || kRank[one.level] >= kRank[level]) &&
    (!logger || logger.split(',').some((pattern) => glob(pattern, one.logger_name))) &&
    (!text || one.message.toLowerCase().includes(text.toLowerCase())) &&
    (!regex || new RegExp(regex).test(one.message));
}
function logsPage(query) {
  const fits = matcher({ nodes: query.get('node_id')?.split(','), level: query.get('level'), logger: query.get('logger_name'), text: query.get('text'), regex: query.get('regex') });
  const limit = Number(query.get('limit') ?? 100);
  const since = Date.parse(query.get('since') ?? '') || 0;
  const from = query.has('cursor') ? Number(query.get('cursor').split('-')[1]) : undefined;
  const isBack = query.get('order') === 'desc';
  const list = isBack ? [...records].reverse() : records;
  const found = list.filter((one) => fits(one) && Date.parse(one.timestamp) >= since && (from === undefined || (isBack ? one.seq < from : one.seq > from)));
  const logs = found.slice(0, limit);
  return { logs, cursor: logs.at(-1)?.cursor ?? `${kStore}-${from ?? records.length}`, more: found.length > limit };
}
const kMethods = {
  disk: [
    { name: 'usage', description: 'How full a file system is', idempotent: true, params: { type: 'object', properties: { path: { type: 'string', description: 'where', default: '/var', minLength: 1 }, unit: { enum: ['bytes', 'percent'] }, depth: { type: 'integer', minimum: 0, maximum: 9 }, hidden: { type: 'boolean' }, exclude: { type: 'array', items: { type: 'string' }, description: 'left out' } }, required: ['path'], additionalProperties: false } },
    { name: 'clean', description: 'Deletes what is old', idempotent: false, params: { type: 'object', properties: {}, additionalProperties: false } },
  ],
  orders: [{ name: 'submit', description: 'Takes an order', idempotent: false }],
};
function rpc({ method, params }, target) {
  const id = target?.replace('node:', '');
  if (method === 'certs.list') {
    return ['alice', 'bob', ...Object.keys(nodes)].map((name, i) => ({ name, role: nodes[name]?.role ?? 'operator', serial: createHash('sha1').update(name).digest('hex'), not_before: rfc(began - (20 + (i % 6) * 10) * 86_400_000), not_after: rfc(began + (10 + 60 - (i % 6) * 10) * 86_400_000), issued_by: 'p2p-ca on coord', revoked_at: params.all && i === 1 ? rfc(began) : null, reason: null }));
  }
  if (method === 'services.describe') return { name: params.name, version: '1.0', description: 'Watches file systems.', state: nodes[id]?.services[params.name]?.state, methods: kMethods[params.name] ?? [] };
  if (method.startsWith('services.')) {
    nodes[id].services[params.name].state = method === 'services.stop' ? 'stopped' : 'running';
    return { name: params.name, state: nodes[id].services[params.name].state };
  }
  if (method === 'certs.revoke') return [];
  if (method === 'certificate.renew') throw new Error('no such method');
  return { echo: params, big: 'see', total: 12345 };
}
function historyAnswer(query) {
  const [step, count] = { '15m': [1, 900], '6h': [10, 2160], '7d': [60, 10080] }[query.get('range') ?? '15m'];
  const end = Math.floor(Date.now() / 1000 / step) * step;
  const points = series(count, step, end, (t) => fleetPoint(t / Math.sqrt(step)));
  return { step, end, series: Object.fromEntries(['cpu', 'memory', 'calls', 'errors', 'p99', 'logs'].map((name) => [name, { min: points.map((p) => (p[name] ?? 0.4) * 0.8), mean: points.map((p) => p[name] ?? 0.4), max: points.map((p) => (p[name] ?? 0.4) * 1.3) }])) };
}
function answer(response, body, status = 200, type = 'application/json') {
  response.writeHead(status, { 'Content-Type': type, 'Content-Security-Policy': kPolicy, 'Cache-Control': 'no-store' });
  response.end(typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body));
}
const kTypes = { '.js': 'text/javascript', '.css': 'text/css' };
const server = createServer((request, response) => {
  const url = new URL(request.url, 'http://localhost');
  const path = url.pathname.replace(/^\/secret/, '');
  if (path === '/dashboard') return answer(response, readFileSync(join(dist, 'index.html')), 200, 'text/html; charset=utf-8');
  if (path.startsWith('/dashboard/assets/') && existsSync(join(dist, path))) return answer(response, readFileSync(join(dist, path)), 200, kTypes[extname(path)]);
  if (path === '/api/session') return options.role === 'none' ? answer(response, { detail: 'no session' }, 401) : answer(response, { subject: 'alice', role: options.role, expires_at: rfc(Date.now() + 3.6e6), secret: 's' });
  if (path === '/api/logs') return answer(response, logsPage(url.searchParams));
  if (path === '/api/logs/sources') return answer(response, { nodes: Object.keys(nodes), loggers: ['Gossip', 'Network', 'Service.disk', 'Service.orders'], log_levels: [] });
  if (path === '/api/history') return answer(response, historyAnswer(url.searchParams));
  if (path === '/rpc') {
    let body = '';
    request.on('data', (part) => (body += part));
    request.on('end', () => {
      const asked = JSON.parse(body);
      try {
        answer(response, { jsonrpc: '2.0', id: asked.id, result: rpc(asked, request.headers['p2p-target']) });
      } catch (error) {
        answer(response, { jsonrpc: '2.0', id: asked.id, error: { code: -32601, message: error.message } });
      }
    });
    return;
  }
  answer(response, { detail: 'there is nothing here' }, 404, 'application/problem+json');
});

// The WebSocket (RFC 6455): short text frames in, text frames out.
function frame(text) {
  const payload = Buffer.from(text);
  const head = payload.length < 126 ? Buffer.from([0x81, payload.length]) : payload.length < 65536 ? Buffer.from([0x81, 126, payload.length >> 8, payload.length & 255]) : Buffer.concat([Buffer.from([0x81, 127, 0, 0, 0, 0]), Buffer.from(Uint32Array.of(payload.length).buffer).reverse()]);
  return Buffer.concat([head, payload]);
}
const clients = new Set();
server.on('upgrade', (request, socket) => {
  const accept = createHash('sha1').update(`${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
  socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`);
  const client = { socket, sequence: 0, logs: undefined, send: (message) => socket.write(frame(JSON.stringify(message))) };
  clients.add(client);
  socket.on('close', () => clients.delete(client));
  socket.on('error', () => clients.delete(client));
  let pending = Buffer.alloc(0);
  socket.on('data', (part) => {
    pending = Buffer.concat([pending, part]);
    for (;;) {
      if (pending.length < 6) return;
      let length = pending[1] & 127;
      let at = 2;
      if (length === 126) { length = pending.readUInt16BE(2); at = 4; }
      if (pending.length < at + 4 + length) return;
      const mask = pending.subarray(at, at + 4);
      const payload = Buffer.from(pending.subarray(at + 4, at + 4 + length).map((byte, i) => byte ^ mask[i % 4]));
      const opcode = pending[0] & 15;
      pending = pending.subarray(at + 4 + length);
      if (opcode === 8) return socket.end();
      receive(client, payload.toString());
    }
  });
});
function receive(client, text) {
  if (text === 'ping') return client.send({ type: 'pong' });
  const message = JSON.parse(text);
  if (message.type === 'hello' || message.type === 'whole') return client.send(whole(++client.sequence));
  if (message.type === 'logs_stop') client.logs = undefined;
  if (message.type === 'logs') {
    const fits = matcher(message.filter);
    const from = message.cursor ? Number(message.cursor.split('-')[1]) : undefined;
    const fitting = records.filter((one) => fits(one) && (from === undefined || one.seq > from));
    const logs = from === undefined ? fitting.slice(-(message.last ?? 0)) : fitting;
    client.logs = { id: message.id, fits, at: records.length };
    client.send({ type: 'new_logs', id: message.id, logs, cursor: `${kStore}-${records.length}` });
    if (process.env.GAP) client.send({ type: 'gap', id: message.id, skipped: 1234, after: `${kStore}-100`, before: `${kStore}-1335` });
  }
}
setInterval(() => {
  for (const id of Object.keys(nodes)) {
    nodes[id] = { ...nodes[id], cpu: Math.min(1, Math.max(0, nodes[id].cpu + random() * 0.06 - 0.03)), last_seen: nodes[id].status === 'dead' ? nodes[id].last_seen : rfc(Date.now()) };
  }
  const end = Math.floor(Date.now() / 1000);
  for (const client of clients) {
    if (client.sequence) client.send({ type: 'update', sequence: ++client.sequence, base: client.sequence - 1, data: { metrics: { now: rfc(Date.now()), fleet: fleetEntry(), nodes }, history: { end, fleet: fleetPoint(end) } } });
  }
}, 1000).unref?.();
let owed = 0;
setInterval(() => {
  owed += options.nodes ? options.lines / 20 : 0;
  for (; owed >= 1; --owed) {
    const [level, logger, text] = kMessages[Math.floor(random() ** 1.6 * kMessages.length)];
    addRecord(level, logger, `${text} #${records.length}`, nodeName(Math.floor(random() * options.nodes)));
  }
  for (const client of clients) {
    if (!client.logs || client.logs.at === records.length) continue;
    const logs = records.slice(client.logs.at).filter(client.logs.fits);
    client.logs.at = records.length;
    if (logs.length) client.send({ type: 'new_logs', id: client.logs.id, logs, cursor: logs.at(-1).cursor });
  }
}, 50);
server.listen(options.port, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}/secret/dashboard`));
