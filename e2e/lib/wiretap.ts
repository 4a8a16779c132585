/**
 * Stands between browser, agents and server, hands everything on, changed only where a test says so, and keeps it. What a browser or agent sends over a
 * WebSocket is masked with keys that travel beside it; it is kept unmasked, as the server sees it.
 */

import { type AddressInfo, type Server, type Socket, connect, createServer } from 'node:net';
import { Transform } from 'node:stream';
import { cutFrame } from './frame.ts';

export class Wiretap {
  private readonly sockets = new Set<Socket>();
  private readonly kept: Buffer[] = [];
  private readonly watches = new Set<{ text: string; look: () => void }>();
  private readonly changes = new Set<{ path: string; change: (answer: Buffer) => void }>();

  private constructor(private readonly listener: Server) {}

  /** Listens on a free port and hands on to `target`. */
  static async start(target: number): Promise<Wiretap> {
    const listener = createServer({ allowHalfOpen: true });
    const tap = new Wiretap(listener);
    listener.on('connection', (client) => tap.join(client, connect({ port: target, host: '127.0.0.1', allowHalfOpen: true })));
    await new Promise<void>((ready) => listener.listen(0, '127.0.0.1', ready));
    return tap;
  }

  get port(): number {
    return (this.listener.address() as AddressInfo).port;
  }

  /** All that passed so far, both ways. */
  bytes(): Buffer {
    return Buffer.concat(this.kept);
  }

  /** During `act`, calls `look` whenever a client has sent `text`, before it is handed on. */
  async watch<T>(text: string, look: () => void, act: () => Promise<T>): Promise<T> {
    const watch = { text, look };
    this.watches.add(watch);
    try {
      return await act();
    } finally {
      this.watches.delete(watch);
    }
  }

  /** During `act`, lets `change` have what the server says on connections whose first request is for `path`. */
  async changing<T>(path: string, change: (answer: Buffer) => void, act: () => Promise<T>): Promise<T> {
    const wanted = { path, change };
    this.changes.add(wanted);
    try {
      return await act();
    } finally {
      this.changes.delete(wanted);
    }
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((closed) => this.listener.close(closed));
  }

  private join(client: Socket, server: Socket): void {
    const unmask = new Unmasking();
    let path: string | undefined;
    client.on('data', (data) => {
      path ??= data.toString('latin1').split(' ')[1];
      const clear = unmask.take(data);
      this.kept.push(clear);
      for (const { text, look } of this.watches) if (clear.includes(text)) look();
    });
    server.on('data', (data) => this.kept.push(data));
    const changing = new Transform({
      transform: (data: Buffer, _encoding, done) => {
        for (const wanted of this.changes) if (wanted.path === path) wanted.change(data);
        done(null, data);
      },
    });
    client.pipe(server);
    server.pipe(changing).pipe(client);
    for (const [from, to] of [[client, server], [server, client]] as const) {
      this.sockets.add(from);
      from.setNoDelay(true);
      from.on('error', () => to.destroy());
      from.on('close', () => this.sockets.delete(from));
    }
  }
}

/** Takes what a client sends: HTTP, and after an upgrade the frames of RFC 6455. */
class Unmasking {
  private waiting: Buffer = Buffer.alloc(0);
  private upgraded = false;

  take(data: Buffer): Buffer {
    this.waiting = Buffer.concat([this.waiting, data]);
    const out: Buffer[] = [];
    if (!this.upgraded) {
      const end = this.waiting.indexOf('\r\n\r\n');
      const head = end === -1 ? '' : this.waiting.subarray(0, end).toString('latin1');
      if (!/^upgrade:\s*websocket/im.test(head)) {
        out.push(this.waiting);
        this.waiting = Buffer.alloc(0);
        return Buffer.concat(out);
      }
      this.upgraded = true;
      out.push(this.waiting.subarray(0, end + 4));
      this.waiting = this.waiting.subarray(end + 4);
    }
    for (let cut = cutFrame(this.waiting); cut; cut = cutFrame(this.waiting)) {
      const [{ body }, rest] = cut;
      this.waiting = rest;
      out.push(body);
    }
    return Buffer.concat(out);
  }
}
