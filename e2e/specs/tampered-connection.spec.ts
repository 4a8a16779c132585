/** Somebody in between: what the console or the viewer cannot believe ends the session, and everybody is told why. */

import type { Page } from '@playwright/test';
import type { RedringServer, Room } from '../fixtures/server.ts';
import { expect, test } from '../fixtures/test.ts';
import { RoomPage } from '../pages/room.page.ts';
import { SessionView } from '../pages/session.page.ts';

const WHY = 'The other end could not prove who it is, or something on the way changed what was sent.';

async function expectMistrust(page: Page, room: Room, server: RedringServer): Promise<void> {
  const session = new SessionView(page, room);
  await expect(page.getByRole('heading', { name: 'The connection could not be trusted' })).toBeVisible();
  await expect(session.overlay).toContainText(WHY);
  await expect(session.status).toContainText(`Ended: ${WHY}`);
  await expect.poll(() => server.auditOf(room, 'session.end').map((event) => event.end_reason)).toEqual(['key_mismatch']);
  expect(server.auditOf(room, 'session.viewer_connected'), 'nobody was connected').toEqual([]);
}

/** Base64 for URLs with another byte in it. */
function changed(text: string): string {
  const bytes = Buffer.from(text, 'base64url');
  bytes[5]! ^= 1;
  return bytes.toString('base64url');
}

for (const field of ['agent_key', 'grant'] as const) {
  test(`an answer with another ${field === 'grant' ? 'grant' : 'key of the console'} opens no session, and the page says why`, async ({
    startAgent, pageOf, server, room,
  }) => {
    await startAgent();
    const page = await pageOf('technician');
    // The browser has not reached this console before: it has no key to compare with.
    await page.route(`**/api/v1/rooms/${room.id}/sessions`, async (route) => {
      const response = await route.fetch();
      const answer = (await response.json()) as Record<string, string>;
      await route.fulfill({ response, json: { ...answer, [field]: changed(answer[field]!) } });
    });
    const roomPage = new RoomPage(page, room);
    await roomPage.openRemoteAccess();
    await roomPage.startButton.click();
    await expectMistrust(page, room, server);
  });
}

test("a relay that changes the console's half of the handshake opens no session, and the page says why", async ({
  startAgent, pageOf, server, room,
}) => {
  await startAgent();
  const page = await pageOf('technician');
  const roomPage = new RoomPage(page, room);
  await roomPage.openRemoteAccess();
  let n_changed = 0;
  // A binary message of 48 bytes from the server: a public key and a tag.
  const spoil = (data: Buffer) => {
    const at = data.indexOf(Buffer.from([0x82, 48]));
    if (n_changed === 0 && at !== -1 && at + 50 <= data.length) {
      data[at + 10]! ^= 1;
      n_changed += 1;
    }
  };
  await server.wiretap.changing('/ws/viewer', spoil, async () => {
    await roomPage.startButton.click();
    await expectMistrust(page, room, server);
  });
  expect(n_changed).toBe(1);
});
