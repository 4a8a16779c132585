import type { Page } from '@playwright/test';
import { expect, test } from '../fixtures/test.ts';
import { RoomPage } from '../pages/room.page.ts';

/** What the browser remembers of the room's console: its enrolment and its key. */
const remembered = (page: Page, name: string) => page.evaluate((name) => localStorage.getItem(name)?.split(' ') ?? [], name);
const remember = (page: Page, name: string, parts: string[]) =>
  page.evaluate(({ name, text }) => localStorage.setItem(name, text), { name, text: parts.join(' ') });

test("a console's key that has changed without a new enrolment stops the session before anything is sent", async ({
  startAgent, startSession, server, room,
}) => {
  await startAgent();
  const session = await startSession('technician');
  const { page } = session;
  await session.end();
  await session.button('Close').click();
  const name = `redring.console/${room.tenant}/${room.id}`;
  const [console, key] = await remembered(page, name);
  expect(console).toMatch(/^[0-9a-f]{32}$/);

  const other = Buffer.alloc(32, 9).toString('base64url');
  await remember(page, name, [console!, other]);
  const sockets: string[] = [];
  page.on('websocket', (socket) => sockets.push(socket.url()));
  await new RoomPage(page, room).startButton.click();
  await expect(page.getByRole('heading', { name: "The console's key has changed" })).toBeVisible();
  await expect(session.overlay).toContainText('nothing was sent to it');
  await expect(session.overlay.getByRole('button')).toHaveText(['Close']);
  await expect.poll(() => server.auditOf(room, 'session.end').map((event) => event.end_reason)).toEqual(['ended_by_viewer', 'key_mismatch']);
  expect(server.auditOf(room, 'session.viewer_connected')).toHaveLength(1);
  expect(sockets).toEqual([]);
  expect(await remembered(page, name), 'it is not forgotten').toEqual([console, other]);

  // A console that was enrolled anew may have another key, and people are told.
  await session.button('Close').click();
  await remember(page, name, ['0'.repeat(32), other]);
  await new RoomPage(page, room).startSession();
  await expect(page.getByText("This room's console was enrolled anew since this browser last reached it.")).toBeVisible();
  expect(await remembered(page, name)).toEqual([console, key]);
});
