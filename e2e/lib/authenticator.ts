/** A device that keeps passkeys, as Chromium plays it: it has checked its person whenever it is asked. */

import type { CDPSession, Page } from '@playwright/test';

export class Authenticator {
  private constructor(
    private readonly session: CDPSession,
    private readonly id: string,
  ) {}

  /** Plugs one into a page. `passkeys` are those of another device, as [`Authenticator.passkeys`] gives them. */
  static async plugIn(page: Page, passkeys: Passkey[] = []): Promise<Authenticator> {
    const session = await page.context().newCDPSession(page);
    await session.send('WebAuthn.enable');
    const { authenticatorId } = await session.send('WebAuthn.addVirtualAuthenticator', {
      options: {
        protocol: 'ctap2',
        transport: 'internal',
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
        automaticPresenceSimulation: true,
      },
    });
    for (const credential of passkeys) await session.send('WebAuthn.addCredential', { authenticatorId, credential });
    return new Authenticator(session, authenticatorId);
  }

  async passkeys(): Promise<Passkey[]> {
    return (await this.session.send('WebAuthn.getCredentials', { authenticatorId: this.id })).credentials;
  }

  /** Whether the next person is recognised by their finger or PIN. */
  async recognises(isUserVerified: boolean): Promise<void> {
    await this.session.send('WebAuthn.setUserVerified', { authenticatorId: this.id, isUserVerified });
  }
}

export type Passkey = {
  credentialId: string;
  isResidentCredential: boolean;
  rpId?: string;
  privateKey: string;
  userHandle?: string;
  signCount: number;
};
