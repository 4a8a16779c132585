/** A certified OpenID provider on this machine. Whoever types a subject and any password is that subject. */

import { once } from 'node:events';
import type { Server } from 'node:http';
import { expect, type Page } from '@playwright/test';
import Provider from 'oidc-provider';

export const CLIENT_ID = 'redring';
export const CLIENT_SECRET = 'a secret that only server and provider know';

/** What the provider says about somebody. */
export interface Person {
  email: string;
  email_verified: boolean;
  name: string;
  groups?: string[];
}

export class IdentityProvider {
  private constructor(
    readonly issuer: string,
    private readonly server: Server,
    /** By subject. */
    readonly people: Map<string, Person>,
  ) {}

  /** At another host name than the portal, so that browsers take the two for different sites. */
  static async start(port: number, portalUrl: string): Promise<IdentityProvider> {
    const issuer = `http://127.0.0.1:${port}`;
    const people = new Map<string, Person>();
    const provider = new Provider(issuer, {
      clients: [
        {
          client_id: CLIENT_ID,
          client_secret: CLIENT_SECRET,
          redirect_uris: [`${portalUrl}/api/v1/oidc/callback`],
          response_types: ['code'],
          grant_types: ['authorization_code'],
        },
      ],
      claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'], groups: ['groups'] },
      cookies: { keys: ['a key of this test run'] },
      findAccount: (_context, id) => ({ accountId: id, claims: () => ({ sub: id, ...people.get(id) }) }),
    });
    const server = await new Promise<Server>((ready) => {
      const listening = provider.listen(port, '127.0.0.1', () => ready(listening));
    });
    return new IdentityProvider(issuer, server, people);
  }

  /** Goes through the provider's own pages. Whoever `agreed` before is not asked again whether the portal may know them. */
  async confirm(page: Page, subject: string, { agreed = false } = {}): Promise<void> {
    await expect(page).toHaveURL(new RegExp(`^${this.issuer}/interaction/`));
    await page.getByPlaceholder('Enter any login').fill(subject);
    await page.getByPlaceholder('and password').fill('anything');
    await page.getByRole('button', { name: 'Sign-in' }).click();
    if (!agreed) await page.getByRole('button', { name: 'Continue' }).click();
  }

  async cancel(page: Page): Promise<void> {
    await page.getByRole('link', { name: 'Cancel' }).click();
  }

  async stop(): Promise<void> {
    this.server.close();
    this.server.closeAllConnections();
    await once(this.server, 'close');
  }
}
