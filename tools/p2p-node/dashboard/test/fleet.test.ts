import { describe, expect, it } from 'vitest';
import { applyUpdate, countHealth, kEmptyFleet, troubledNodes, type FleetState } from '../src/state/fleet';
import { timesOf } from '../src/state/history';
import type { NodeEntry, Update } from '../src/state/protocol';

const node = (changes: Partial<NodeEntry> = {}): NodeEntry => ({ role: 'worker', status: 'alive', health: 'ok', ...changes });

function whole(sequence: number, nodes: Record<string, NodeEntry>, history?: Update['data']['history']): Update {
  return { type: 'update', sequence, whole: true, data: { metrics: { now: '2027-01-31T12:00:00Z', fleet: { name: 'shop' }, nodes }, history } };
}
function delta(base: number, data: Update['data']): Update {
  return { type: 'update', sequence: base + 1, base, data };
}
function after(...updates: Update[]): FleetState {
  return updates.reduce<FleetState>((state, update) => {
    const next = applyUpdate(state, update);
    if (next === 'gap') throw new Error('gap');
    return next;
  }, kEmptyFleet);
}

describe('the fleet', () => {
  it('begins with a whole update', () => {
    const state = after(whole(7, { 'web-10': node(), 'web-2': node(), coord: node() }));
    expect(state.ids).toEqual(['coord', 'web-2', 'web-10']);
    expect(state.fleet.name).toBe('shop');
    expect(state.now).toBe(Date.UTC(2027, 0, 31, 12));
  });

  it('takes changed nodes, and leaves the others the same objects', () => {
    const before = after(whole(1, { a: node(), b: node() }));
    const next = after(whole(1, { a: node(), b: node() }), delta(1, { metrics: { nodes: { b: node({ cpu: 0.5 }) } } }));
    expect(next.nodes.get('b')!.cpu).toBe(0.5);
    const same = applyUpdate(before, delta(1, { metrics: { nodes: { b: node({ cpu: 0.5 }) } } })) as FleetState;
    expect(same.nodes.get('a')).toBe(before.nodes.get('a'));
    expect(same.ids).toBe(before.ids);
    expect(same.fleet).toBe(before.fleet);
  });

  it('adds and removes nodes', () => {
    const state = after(whole(1, { a: node(), b: node() }), delta(1, { metrics: { removed: ['a'], nodes: { c: node() } } }));
    expect(state.ids).toEqual(['b', 'c']);
  });

  it('says when a delta is missing', () => {
    const state = after(whole(1, { a: node() }));
    expect(applyUpdate(state, delta(2, {}))).toBe('gap');
    expect(applyUpdate(kEmptyFleet, delta(0, {}))).toBe('gap');
  });

  it('forgets by a whole update what it does not have', () => {
    const state = after(whole(1, { a: node(), b: node() }), whole(5, { b: node() }));
    expect(state.ids).toEqual(['b']);
    expect(state.sequence).toBe(5);
  });

  it('counts health, and lists trouble with the worst first', () => {
    const state = after(
      whole(1, { a: node({ health: 'warning' }), b: node({ health: 'failing', status: 'dead' }), c: node(), d: node({ status: 'left', health: 'failing' }) }),
    );
    expect(countHealth(state.nodes)).toEqual({ ok: 1, warning: 1, failing: 1, left: 1 });
    expect(troubledNodes(state).map(([id]) => id)).toEqual(['b', 'a']);
  });
});

describe('its history', () => {
  const begin = whole(1, { a: node() }, { step: 1, end: 100, fleet: { cpu: [1, 2], calls: [5, null] }, nodes: { a: { cpu: [0.1] } } });

  it('appends a point a second', () => {
    const { history } = after(begin, delta(1, { history: { end: 101, fleet: { cpu: 3, calls: 6 } } }));
    expect(history.fleet).toEqual({ cpu: [1, 2, 3], calls: [5, null, 6] });
    expect(history.end).toBe(101);
  });

  it('leaves a hole where points are missing', () => {
    const { history } = after(begin, delta(1, { history: { end: 104, fleet: { cpu: 3, calls: 6 } } }));
    expect(history.fleet.cpu).toEqual([1, 2, null, null, null, 3]);
    expect(timesOf(history.end, history.step, history.fleet.cpu!.length)).toEqual([99, 100, 101, 102, 103, 104]);
  });

  it('keeps all series as long as each other', () => {
    const { history } = after(begin, delta(1, { history: { end: 101, fleet: { cpu: 3, p99: 9 } } }));
    expect(history.fleet).toEqual({ cpu: [1, 2, 3], calls: [5, null, null], p99: [null, null, 9] });
  });

  it('keeps 900 points', () => {
    let state = after(whole(1, {}, { step: 1, end: 0, fleet: { cpu: Array.from({ length: 900 }, (_, i) => i) } }));
    state = applyUpdate(state, delta(1, { history: { end: 1, fleet: { cpu: 900 } } })) as FleetState;
    expect(state.history.fleet.cpu).toHaveLength(900);
    expect(state.history.fleet.cpu![0]).toBe(1);
    expect(state.history.fleet.cpu![899]).toBe(900);
  });

  it('appends to nodes, and forgets those that are gone', () => {
    const next = after(begin, delta(1, { history: { end: 101, nodes: { a: { cpu: 0.2 } } } }));
    expect(next.history.nodes.get('a')).toEqual({ cpu: [0.1, 0.2] });
    const gone = after(begin, delta(1, { metrics: { removed: ['a'] }, history: { end: 101, nodes: {} } }));
    expect(gone.history.nodes.has('a')).toBe(false);
  });

  it('leaves a hole in a node while it is silent', () => {
    const back = after(begin, delta(1, { history: { end: 114, nodes: {} } }), delta(2, { history: { end: 129, nodes: { a: { cpu: 0.2 } } } }));
    expect(back.history.nodes.get('a')).toEqual({ cpu: [0.1, null, 0.2] });
    // Most updates have no points of nodes: those are of 15 seconds.
    expect(after(begin, delta(1, { history: { end: 101, fleet: { cpu: 3 } } })).history.nodes.get('a')).toEqual({ cpu: [0.1] });
  });

  it('goes on when the clock of the coordinator went back', () => {
    const { history } = after(begin, delta(1, { history: { end: 50, fleet: { cpu: 3, calls: 1 } } }));
    expect(history.fleet.cpu).toEqual([1, 2, 3]);
  });
});
