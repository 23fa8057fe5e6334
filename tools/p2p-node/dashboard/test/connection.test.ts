import { describe, expect, it } from 'vitest';
import { reconnectDelayMs } from '../src/state/backoff';
import { advance, newConnection, type Action, type Connection, type Event } from '../src/state/connection';

class Play {
  state: Connection = newConnection();
  now = 0;
  do(event: Event, at = this.now): Action[] {
    this.now = at;
    const [state, actions] = advance(this.state, event, at);
    this.state = state;
    return actions;
  }
  live(): this {
    this.do({ type: 'start' });
    this.do({ type: 'opened' });
    this.do({ type: 'message' });
    return this;
  }
}
const closed = (code: number, random = 0): Event => ({ type: 'closed', code, random });

describe('the connection', () => {
  it('says hello first, and is live with the first message', () => {
    const play = new Play();
    expect(play.do({ type: 'start' })).toEqual(['connect']);
    expect(play.state.phase).toBe('connecting');
    expect(play.do({ type: 'opened' })).toEqual(['hello']);
    play.do({ type: 'message' });
    expect(play.state.phase).toBe('live');
  });

  it('pings every four seconds', () => {
    const play = new Play().live();
    const pings: number[] = [];
    for (let at = 0; at <= 20_000; at += 250) {
      play.do({ type: 'message' }, at);
      if (play.do({ type: 'tick' }, at).includes('ping')) pings.push(at);
    }
    expect(pings).toEqual([4000, 8000, 12_000, 16_000, 20_000]);
  });

  it('is stale after ten silent seconds, and gives up after twenty', () => {
    const play = new Play().live();
    play.do({ type: 'tick' }, 9_900);
    expect(play.state.phase).toBe('live');
    play.do({ type: 'tick' }, 10_000);
    expect(play.state.phase).toBe('stale');
    expect(play.do({ type: 'tick' }, 20_000)).toEqual(['close']);
    play.do({ type: 'message' }, 20_001);
    expect(play.state.phase).toBe('live');
  });

  it('tries again at 0.5, 1, 2, 4, 8, 15, 15 seconds, and begins anew once it was live', () => {
    const play = new Play().live();
    const waits: number[] = [];
    play.do(closed(1001));
    for (let i = 0; i < 7; ++i) {
      waits.push(play.state.retryAt - play.now);
      expect(play.do({ type: 'tick' }, play.state.retryAt - 1)).toEqual([]);
      expect(play.do({ type: 'tick' }, play.state.retryAt)).toEqual(['connect']);
      play.do(closed(1006));
    }
    expect(waits).toEqual([500, 1000, 2000, 4000, 8000, 15_000, 15_000]);
    play.do({ type: 'tick' }, play.state.retryAt);
    play.do({ type: 'opened' });
    play.do({ type: 'message' });
    play.do(closed(1001));
    expect(play.state.retryAt - play.now).toBe(500);
  });

  it('asks whether anybody is signed in when it opened and nothing came, as through a proxy', () => {
    const play = new Play();
    play.do({ type: 'start' });
    play.do({ type: 'opened' });
    play.do({ type: 'message' });
    expect(play.do(closed(1001))).toEqual([]);
    play.do({ type: 'tick' }, play.state.retryAt);
    play.do({ type: 'opened' });
    expect(play.do(closed(1001))).toEqual(['check_session']);
  });

  it('asks whether anybody is signed in when it was refused before it opened', () => {
    const play = new Play();
    play.do({ type: 'start' });
    expect(play.do(closed(1006))).toEqual(['check_session']);
    const open = new Play().live();
    expect(open.do(closed(1006))).toEqual([]);
  });

  it.each([4401, 4403])('does not try again after close code %i, but asks why', (code) => {
    const play = new Play().live();
    expect(play.do(closed(code))).toEqual(['check_session']);
    expect(play.state.phase).toBe('signed_out');
    expect(play.do({ type: 'tick' }, 100_000)).toEqual([]);
    expect(play.do({ type: 'start' })).toEqual(['connect']);
  });

  it('tries at once when somebody asks for it, but not twice', () => {
    const play = new Play().live();
    play.do(closed(1006));
    expect(play.do({ type: 'retry' })).toEqual(['connect']);
    expect(play.do({ type: 'retry' })).toEqual([]);
  });
});

describe('the delay', () => {
  it('is up to a half earlier by chance', () => {
    expect(reconnectDelayMs(0, 0)).toBe(500);
    expect(reconnectDelayMs(0, 0.999)).toBeGreaterThanOrEqual(250);
    expect(reconnectDelayMs(1000, 0)).toBe(15_000);
  });
});
