/** The parts of `oidc-provider` that the tests use: it comes without types. */

declare module 'oidc-provider' {
  import type { Server } from 'node:http';

  interface Account {
    accountId: string;
    claims(): Record<string, unknown>;
  }

  export default class Provider {
    constructor(issuer: string, configuration: Record<string, unknown> & { findAccount(context: unknown, id: string): Account });
    listen(port: number, host: string, ready: () => void): Server;
  }
}
