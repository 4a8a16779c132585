/** A WebSocket client for minutes, not for hours: it sends what it is told and answers no ping (RFC 6455). */

import { randomBytes } from 'node:crypto';
import { request } from 'node:http';
import type { Socket } from 'node:net';
import { cutFrame } from './frame.ts';

const BINARY = 2;
const CLOSE = 8;

export class WebSocketByHand {
  private waiting: Buffer = Buffer.alloc(0);
  private closed = false;
  private readonly messages: Buffer[] = [];

  private constructor(private readonly socket: Socket, head: Buffer) {
    socket.on('data', (data) => this.take(data));
    socket.on('error', () => socket.destroy());
    this.take(head);
  }

  /** Opens `ws://…` as a page at `origin` would. */
  static async open(url: string, origin: string): Promise<WebSocketByHand> {
    const headers = {
      connection: 'Upgrade', upgrade: 'websocket', origin, 'sec-websocket-version': '13', 'sec-websocket-key': randomBytes(16).toString('base64'),
    };
    return new Promise((resolve, reject) => {
      const asking = request(url.replace(/^ws/, 'http'), { headers });
      asking.on('upgrade', (_, socket: Socket, head) => resolve(new WebSocketByHand(socket, head)));
      asking.on('response', (answer) => reject(new Error(`the upgrade was answered with ${answer.statusCode}`)));
      asking.on('error', reject);
      asking.end();
    });
  }

  send(message: Buffer): void {
    const mask = randomBytes(4);
    const long = 125 < message.length;
    const header = Buffer.alloc(long ? 4 : 2);
    header[0] = 0x80 | BINARY;
    header[1] = 0x80 | (long ? 126 : message.length);
    if (long) header.writeUInt16BE(message.length, 2);
    this.socket.write(Buffer.concat([header, mask, message.map((byte, place) => byte ^ mask[place % 4]!)]));
  }

  /** The oldest message that was not taken yet. */
  next(): Buffer | undefined {
    return this.messages.shift();
  }

  /** The other end said that nothing follows. */
  get isClosed(): boolean {
    return this.closed;
  }

  private take(data: Buffer): void {
    this.waiting = Buffer.concat([this.waiting, data]);
    for (let cut = cutFrame(this.waiting); cut; cut = cutFrame(this.waiting)) {
      const [{ kind, body }, rest] = cut;
      this.waiting = rest;
      if (kind === BINARY) this.messages.push(body);
      if (kind === CLOSE) this.closed = true;
    }
  }
}
