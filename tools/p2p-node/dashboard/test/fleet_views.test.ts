import { describe, expect, it } from 'vitest';
import { lastingText, wellText, withoutWord } from '../src/state/fleet';
import { filterOf, wireFilter } from '../src/state/log_filter';
import type { NodeEntry, ServiceEntry } from '../src/state/protocol';
import { parseRoute } from '../src/state/route';
import { fleetServices, hasState, nodesToAsk, serviceLogs, troublesOf, whereCallsFail } from '../src/state/services';
import { cellAt, edgesOf, gridOf, placeNodes } from '../src/state/topology';

const node = (changes: Partial<NodeEntry> = {}): NodeEntry => ({ role: 'worker', status: 'alive', health: 'ok', ...changes });

describe('services', () => {
  it('are gathered by name, those in trouble first', () => {
    const nodes = new Map<string, NodeEntry>([
      ['a', node({ services: { disk: { state: 'running', version: '1', calls_per_second: 1 } } })],
      ['b', node({ services: { disk: { state: 'degraded', version: '2', restarts: 6, calls_per_second: 0.5 }, app: { state: 'stopped' } } })],
    ]);
    const [app, disk] = fleetServices(['a', 'b'], nodes);
    expect(app).toMatchObject({ name: 'app', worst: 'off', callsPerSecond: undefined });
    expect(disk).toMatchObject({ worst: 'failing', versions: ['1', '2'], restarts: 6, callsPerSecond: 1.5 });
    expect(disk!.places.map((place) => place.node)).toEqual(['b', 'a']);
  });

  it.each([
    [['alive', 'alive', 'dead'], '2 of 3 running, 1 unknown', 'ok', 2],
    [['alive', 'suspected', 'dead'], '1 of 3 running, 2 unknown', 'ok', 1],
    [['alive', 'alive', 'alive'], 'running', 'ok', 3],
    [['dead', 'dead', 'suspected'], 'unknown', 'unknown', undefined],
    [['alive', 'left', 'left'], 'running', 'ok', 1],
  ] as const)('of nodes that are %j are %s: what a dead node said last is no news', (statuses, words, worst, callsPerSecond) => {
    const nodes = new Map(statuses.map((status, i) => [String(i), node({ status, services: { disk: { state: 'running', calls_per_second: 1 } } })]));
    expect(fleetServices(['0', '1', '2'], nodes)[0]).toMatchObject({ words, worst, callsPerSecond });
  });

  it('are counted by the worst of them', () => {
    const nodes = new Map(['running', 'degraded', 'stopped'].map((state, i) => [String(i), node({ services: { disk: { state } } })]));
    expect(fleetServices(['0', '1', '2'], nodes)[0]!.words).toBe('1 of 3 degraded');
    expect(fleetServices(['0', '2'], nodes)[0]!.words).toBe('1 of 2 running');
  });

  it.each([
    [[['running', 'fails'], ['running'], ['running']], 'running', 'warning'],
    [[['running'], ['running', 'fails'], ['running', 'fails']], 'running', 'warning'],
    [[['running', 'fails'], ['running'], ['stopped']], '2 of 3 running', 'warning'],
    [[['running'], ['running', 'fails'], ['starting']], '2 of 3 running, 1 starting', 'warning'],
    [[['running', 'fails'], ['degraded'], ['running']], '1 of 3 degraded', 'failing'],
    [[['running'], ['degraded'], ['failed'], ['degraded']], '2 of 4 degraded, 1 failed', 'failing'],
  ] as const)('of nodes on which it is %j are said to be %s: a method that fails does not end it', (places, words, worst) => {
    const failing = [{ method: 'divide', share: 1 }];
    const nodes = new Map(places.map(([state, fails], i) => [String(i), node({ services: { calc: { state, failing: fails ? failing : undefined } } })]));
    expect(fleetServices([...nodes.keys()], nodes)[0]).toMatchObject({ words, worst });
  });

  it('are found by their state: one that runs is running, also when a method of it fails', () => {
    const found = (service: ServiceEntry, status: NodeEntry['status'] = 'alive') => {
      const [one] = fleetServices(['a'], new Map([['a', node({ status, services: { calc: service } })]]));
      return ['', 'failing', 'warning', 'ok', 'off', 'unknown'].filter((state) => hasState(one!, state));
    };
    expect(found({ state: 'running' })).toEqual(['', 'ok']);
    expect(found({ state: 'running', failing: [{ method: 'divide', share: 1 }] })).toEqual(['', 'warning', 'ok']);
    expect(found({ state: 'starting' })).toEqual(['', 'warning']);
    expect(found({ state: 'running' }, 'dead')).toEqual(['', 'unknown']);
  });

  it('are asked for their methods at few nodes', () => {
    const has = (...names: string[]) => node({ services: Object.fromEntries(names.map((name) => [name, { state: 'running' }])) });
    const nodes = new Map([['a', has('app')], ['b', has('app', 'disk')], ['c', has('disk', 'web')], ['d', node({ status: 'dead', services: { old: { state: 'running' } } })]]);
    expect([...nodesToAsk(fleetServices([...nodes.keys()], nodes))]).toEqual(['a', 'b', 'c']);
    nodes.delete('a');
    expect([...nodesToAsk(fleetServices([...nodes.keys()], nodes))]).toEqual(['b', 'c']);
  });

  it('warn where methods fail, and say which, in the words of the coordinator', () => {
    const failing = [{ method: 'divide', share: 0.5, error: 'invalid_argument: division by zero' }, { method: 'root', share: 1 }];
    const nodes = new Map([['a', node({ services: { calc: { state: 'running', failing } } })]]);
    expect(fleetServices(['a'], nodes)[0]).toMatchObject({
      worst: 'warning',
      words: 'running',
      why: 'a: divide: half of its calls fail, or more; last: invalid_argument: division by zero',
    });
    expect(troublesOf({ state: 'degraded', error: 'exited with status 1', failing })).toEqual([
      'exited with status 1',
      'divide: half of its calls fail, or more; last: invalid_argument: division by zero',
      'root: all of its calls fail',
    ]);
    expect([0.1, 0.25, 0.5, 0.98, 0.99].map((share) => troublesOf({ state: 'running', failing: [{ method: 'm', share }] })[0])).toEqual([
      'm: a tenth of its calls fail, or more',
      'm: a quarter of its calls fail, or more',
      'm: half of its calls fail, or more',
      'm: half of its calls fail, or more',
      'm: all of its calls fail',
    ]);
  });
});

describe('what is said of a node', () => {
  it('counts those that are well', () => {
    const well = (ok: number, failing: number) => wellText({ ok, warning: 0, failing, left: 1 });
    expect([well(1, 2), well(2, 1), well(0, 3), well(0, 1)]).toEqual([
      '1 of 3 nodes is well.', '2 of 3 nodes are well.', '0 of 3 nodes are well.', '0 of 1 node is well.',
    ]);
  });

  it('does not repeat the word beside its name', () => {
    expect(withoutWord('suspected: nothing is heard of it', node({ status: 'suspected' }))).toBe('nothing is heard of it');
    expect(withoutWord('dead: nobody answers', node({ status: 'dead' }))).toBe('nobody answers');
    expect(withoutWord('alive-check: failed', node({ status: 'alive' }))).toBe('alive-check: failed');
    expect(withoutWord('dead: failed', node({ status: 'alive' }))).toBe('dead: failed');
    expect(withoutWord('its certificate was revoked', node({ status: 'dead' }))).toBe('its certificate was revoked');
  });

  it('promises nothing that is over: a program that was to start again has done so', () => {
    const told = (message: string) => lastingText({ logger_name: 'Services', message }, 60);
    expect(told('service a exited with status 1: no; it starts again in 26s, and is degraded')).toBe('Services: service a exited with status 1: no');
    expect(told('it starts')).toBe('Services: it starts');
    expect(told('x'.repeat(99))).toBe(`Services: ${'x'.repeat(60)}`);
  });

  it('leads to the lines of its services, of every level', () => {
    const { tab, params } = parseRoute(serviceLogs('web-1', ['app', 'disk']));
    expect([tab, wireFilter(filterOf(params))]).toEqual(['logs', { nodes: ['web-1'], logger: 'Service.app,Service.disk,Services' }]);
  });
});

describe('why a service fails', () => {
  it('is what the first node says that can be reached', () => {
    const failing = (error: string) => ({ disk: { state: 'degraded', error } });
    const nodes = new Map<string, NodeEntry>([
      ['a', node({ status: 'dead', services: failing('old news') })],
      ['b', node({ services: { disk: { state: 'running' } } })],
      ['c', node({ services: failing('no such device') })],
    ]);
    expect(fleetServices(['a', 'b', 'c'], nodes)[0]!.why).toBe('c: no such device');
    expect(fleetServices(['a', 'b'], nodes)[0]!.why).toBe('');
  });
});

describe('failed calls', () => {
  const failing = node({ services: { math: { state: 'running', failing: [{ method: 'divide', share: 0.5, error: 'zero' }] } } });
  const well = node({ services: { disk: { state: 'running' } } });

  it('lead to the services whose methods fail, which are among those that need attention', () => {
    const nodes = new Map([['a', well], ['b', failing]]);
    const { tab, params } = parseRoute(whereCallsFail(nodes));
    expect(tab).toBe('services');
    const shown = fleetServices(['a', 'b'], nodes).filter((one) => hasState(one, params.state!));
    expect(shown.map((one) => [one.name, one.why])).toEqual([['math', 'b: divide: half of its calls fail, or more; last: zero']]);
  });

  it('of no such service lead to the nodes, those with the most first', () => {
    expect(parseRoute(whereCallsFail(new Map([['a', well]])))).toEqual({ tab: 'nodes', params: { sort: '-errors' } });
  });
});

describe('the picture', () => {
  const nodes = new Map<string, NodeEntry>([
    ['c', node({ role: 'coordinator', linked_to: ['w1'] })],
    ['w1', node({ linked_to: ['c', 'gone'] })],
    ['w2', node({ linked_to: ['c', 'w2'] })],
  ]);

  it('has the coordinator in the middle', () => {
    const spots = placeNodes(['c', 'w1', 'w2'], nodes);
    expect(spots.find((spot) => spot.id === 'c')).toMatchObject({ x: 0.5, y: 0.5 });
    for (const spot of spots) expect(Math.min(spot.x, spot.y, 1 - spot.x, 1 - spot.y)).toBeGreaterThanOrEqual(0);
  });

  it('has each link once, and none to nowhere', () => {
    expect(edgesOf(nodes)).toEqual([{ from: 'c', to: 'w1' }, { from: 'c', to: 'w2' }]);
  });
});

describe('the grid', () => {
  it('has a cell for each node, and finds it again', () => {
    for (const count of [51, 500, 2000]) {
      for (const width of [320, 1200]) {
        const grid = gridOf(count, width);
        expect(grid.columns * grid.cell).toBeLessThanOrEqual(width);
        expect(grid.columns * grid.rows).toBeGreaterThanOrEqual(count);
        const index = count - 1;
        const x = (index % grid.columns) * grid.cell + grid.cell / 2;
        const y = Math.floor(index / grid.columns) * grid.cell + grid.cell / 2;
        expect(cellAt(grid, count, x, y)).toBe(index);
        expect(cellAt(grid, count, x + grid.cell, y)).toBeUndefined();
      }
    }
  });
});
