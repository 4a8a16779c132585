import { expect, test } from '../fixtures/test.ts';
import type { Page } from '@playwright/test';
import type { RedringServer, Room } from '../fixtures/server.ts';
import { until } from '../lib/program.ts';
import { RoomPage } from '../pages/room.page.ts';

/** A well-formed viewer's key; nobody has its secret, and no session comes so far that it matters. */
const VIEWER_KEY = Buffer.alloc(32, 9).toString('base64url');

/** Asks for a session as the portal does, whether the portal would offer it or not. */
async function ask(page: Page, server: RedringServer, room: Room) {
  const answer = await page.request.post(`/api/v1/rooms/${room.id}/sessions`, {
    data: { viewer_key: VIEWER_KEY },
    headers: { 'x-redring-request': '1', origin: server.url },
  });
  return { status: answer.status(), problem: await answer.json() };
}

async function expectRefused(page: Page, server: RedringServer, room: Room, code: string): Promise<void> {
  const { status, problem } = await ask(page, server, room);
  expect(problem).toMatchObject({ status: 409, code: 'refused', refusal: code });
  expect(status).toBe(409);
  expect(problem.detail, 'a sentence that somebody can act on').toMatch(/^[A-Z].{20,}\.$/);
  expect(server.auditOf(room, 'session.refused').map((event) => event.code)).toContain(code);
  expect(server.auditOf(room, 'session.start')).toEqual([]);
}

test('not enabled: no session starts in a tenant that has not opted in', async ({ server, pageOf, startAgent }) => {
  const room = server.takeRoom('northwind');
  await startAgent({}, room);
  const page = await pageOf('outsider');
  await expectRefused(page, server, room, 'not_enabled');
  const roomPage = new RoomPage(page, room);
  await roomPage.openRemoteAccess();
  await expect(page.getByText('Remote access is switched off for your organisation').first()).toBeVisible();
  await expect(roomPage.startButton).toBeDisabled();
});

for (const person of ['visitor', 'administrator'] as const) {
  test(`no permission: a ${person} without a role for it starts no session`, async ({ server, pageOf, startAgent, room }) => {
    await startAgent();
    await expectRefused(await pageOf(person), server, room, 'no_permission');
  });
}

test('not monitored: no session starts while the console is away', async ({ server, pageOf, startAgent, room }) => {
  const agent = await startAgent();
  await agent.stop();
  await until('the console to be gone', () => (server.auditOf(room, 'console.disconnected').length ? true : undefined));
  const page = await pageOf('technician');
  await expectRefused(page, server, room, 'not_monitored');
  const roomPage = new RoomPage(page, room);
  await roomPage.openRemoteAccess();
  await expect(page.getByText('The console is not connected').first()).toBeVisible();
});

test('unsupported console: no session starts in a room without a console', async ({ server, pageOf, room }) => {
  await expectRefused(await pageOf('technician'), server, room, 'unsupported_console');
});

test('in call: no session starts while the room is in a call', async ({ server, pageOf, startX11Console, room }) => {
  await startX11Console({ callStateCommand: ['true'] });
  const page = await pageOf('technician');
  await expectRefused(page, server, room, 'in_call');
  const roomPage = new RoomPage(page, room);
  await roomPage.openRemoteAccess();
  await expect(page.getByText('The room is in a call').first()).toBeVisible();
});

test("the console's own ceiling holds whatever the role says: the session is one of View", async ({ startX11Console, recordEvents, startSession }) => {
  const { console } = await startX11Console({ highestAccess: 'view' });
  const events = await recordEvents(console);
  const session = await startSession('technician');
  await expect(session.access).toHaveText('View');
  const middle = await session.place(console.size, 512, 384);
  await session.page.mouse.click(middle.x, middle.y);
  await session.page.keyboard.press('KeyA');
  await session.useShortcut('Enter');
  await expect.poll(() => events.keys()).toEqual(['Return']);
  expect(events.pointer()).toEqual([]);
});
