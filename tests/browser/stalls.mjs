// How late this machine wakes a process that only wants to wake: what it adds, by itself, to all that takes time on it.

const kTickMs = 5;

/** Asks to be woken every few milliseconds from now on. */
export function watchStalls() {
  let late = [];
  let due = performance.now() + kTickMs;
  let timer;
  const tick = () => {
    const now = performance.now();
    // Of a long stall, each wake that fell into it: as many, and as late, as whatever else was to happen then.
    for (; due <= now; due += kTickMs) late.push(now - due);
    timer = setTimeout(tick, due - now);
  };
  tick();
  return {
    /** How late they were since this was last asked, in milliseconds, the worst last. */
    take() {
      const taken = late.sort((a, b) => a - b);
      late = [];
      return taken;
    },
    end: () => clearTimeout(timer),
  };
}
