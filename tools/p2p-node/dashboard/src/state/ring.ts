// A bounded queue of rows with numbers that do not change: row n keeps its number while others come and go at both ends. What is
// over the limit leaves at the other end.

export class Ring<Row> {
  private slots: (Row | undefined)[];
  private first = 0;
  private count = 0;

  /** `capacity` is the greatest number of rows; the memory grows with what is there. */
  constructor(
    readonly capacity: number,
    initial = 1024,
  ) {
    this.slots = new Array(Math.min(initial, capacity));
  }

  get length(): number {
    return this.count;
  }
  /** The number of the first row, and the one after the last. */
  get begin(): number {
    return this.first;
  }
  get end(): number {
    return this.first + this.count;
  }

  at(number: number): Row | undefined {
    return number < this.first || number >= this.end ? undefined : this.slots[this.slot(number)];
  }

  set(number: number, row: Row): void {
    if (number >= this.first && number < this.end) this.slots[this.slot(number)] = row;
  }

  /** Returns how many rows left at the front for it. */
  push(rows: readonly Row[]): number {
    const kept = rows.length > this.capacity ? rows.slice(rows.length - this.capacity) : rows;
    const dropped = Math.max(0, this.count + rows.length - this.capacity);
    const old = Math.min(dropped, this.count);
    this.dropFirst(old);
    if (this.count === 0) this.first += dropped - old;
    this.reserve(this.count + kept.length);
    for (const row of kept) this.slots[this.slot(this.first + this.count++)] = row;
    return dropped;
  }

  /** Puts rows before the first one; returns how many left at the back for it. */
  unshift(rows: readonly Row[]): number {
    const kept = rows.length > this.capacity ? rows.slice(rows.length - this.capacity) : rows;
    const dropped = Math.max(0, this.count + kept.length - this.capacity);
    for (let i = 0; i < dropped; ++i) this.slots[this.slot(this.first + --this.count)] = undefined;
    this.reserve(this.count + kept.length);
    for (let i = kept.length - 1; i >= 0; --i) {
      --this.first;
      ++this.count;
      this.slots[this.slot(this.first)] = kept[i];
    }
    return dropped;
  }

  /** Puts `rows` in place of row `number`; rows before it get smaller numbers. Returns how many left at the front for it. */
  replace(number: number, rows: readonly Row[]): number {
    const before = this.slice(this.first, number);
    const after = this.slice(number + 1, this.end);
    const end = this.end;
    const all = [...before, ...rows, ...after];
    this.clear();
    const dropped = Math.max(0, all.length - this.capacity);
    this.first = end - all.length + dropped;
    this.push(all.slice(dropped));
    return dropped;
  }

  slice(from: number, to: number): Row[] {
    const out: Row[] = [];
    for (let i = Math.max(from, this.first); i < Math.min(to, this.end); ++i) out.push(this.slots[this.slot(i)]!);
    return out;
  }

  clear(): void {
    this.slots = new Array(Math.min(1024, this.capacity));
    this.count = 0;
    this.first = 0;
  }

  private slot(number: number): number {
    const size = this.slots.length;
    return ((number % size) + size) % size;
  }

  private dropFirst(count: number): void {
    for (let i = 0; i < count; ++i) {
      this.slots[this.slot(this.first)] = undefined;
      ++this.first;
      --this.count;
    }
  }

  private reserve(count: number): void {
    if (count <= this.slots.length) return;
    const rows = this.slice(this.first, this.end);
    this.slots = new Array(Math.min(this.capacity, Math.max(count, this.slots.length * 2)));
    rows.forEach((row, i) => (this.slots[this.slot(this.first + i)] = row));
  }
}
