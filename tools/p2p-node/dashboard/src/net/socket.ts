// The WebSocket of the page, run by the machine of state/connection.ts.
import { advance, newConnection, type Action, type Connection, type Event } from '../state/connection';
import type { ServerMessage } from '../state/protocol';
import { socketAddress } from './addresses';

export interface SocketEvents {
  /** The first message of a connection. */
  hello: () => string;
  opened: () => void;
  message: (message: ServerMessage) => void;
  changed: (connection: Connection) => void;
  /** A connection ended before its first message: is anybody signed in? */
  checkSession: () => void;
}

export class DashboardSocket {
  private state = newConnection();
  private socket: WebSocket | undefined;
  private timer: ReturnType<typeof setInterval> | undefined;

  constructor(private readonly events: SocketEvents) {}

  start(): void {
    this.timer ??= setInterval(() => this.handle({ type: 'tick' }), 250);
    this.handle({ type: 'start' });
  }

  retryNow(): void {
    this.handle({ type: 'retry' });
  }

  signedOut(): void {
    this.handle({ type: 'signed_out' });
  }

  /** Not sent while there is no connection; the next one begins with all that is wanted. */
  send(message: object): void {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
  }

  get isOpen(): boolean {
    return this.socket?.readyState === WebSocket.OPEN;
  }

  private handle(event: Event): void {
    const before = this.state;
    const [state, actions] = advance(before, event, performance.now());
    this.state = state;
    for (const action of actions) this.perform(action);
    if (state.phase !== before.phase || state.retryAt !== before.retryAt) this.events.changed(this.state);
  }

  private perform(action: Action): void {
    switch (action) {
      case 'connect':
        return this.connect();
      case 'hello':
        this.socket?.send(this.events.hello());
        return this.events.opened();
      case 'ping':
        return this.socket?.send('ping');
      case 'close':
        return this.abandon();
      case 'check_session':
        return this.events.checkSession();
    }
  }

  private connect(): void {
    const socket = new WebSocket(socketAddress());
    this.socket?.close(); // of the session before
    this.socket = socket;
    const isCurrent = () => this.socket === socket;
    socket.onopen = () => isCurrent() && this.handle({ type: 'opened' });
    socket.onclose = (event) => {
      if (!isCurrent()) return;
      this.socket = undefined;
      this.handle({ type: 'closed', code: event.code, random: Math.random() });
    };
    socket.onmessage = (event: MessageEvent<string>) => {
      if (!isCurrent()) return;
      this.handle({ type: 'message' });
      this.events.message(JSON.parse(event.data) as ServerMessage);
    };
  }

  /** A socket that answers nothing may take minutes to close; the page does not wait for it. */
  private abandon(): void {
    const socket = this.socket;
    this.socket = undefined;
    socket?.close();
    if (this.state.phase !== 'signed_out') this.handle({ type: 'closed', code: 1006, random: Math.random() });
  }
}
