import { expect, test } from '../fixtures/test.ts';
import { Keyboard } from '../lib/keyboard.ts';

test('a simulated console shows what is typed', async ({ startAgent, startSession }) => {
  await startAgent();
  const session = await startSession('technician');
  const before = await session.picture();
  await session.clickNotes();
  const keyboard = await Keyboard.of(session.page);
  await keyboard.type('hello');
  await expect.poll(async () => (await session.picture()).difference(before)).toBeGreaterThan(0.0005);
});

test('the displays of a simulated console show different pictures', async ({ startAgent, startSession }) => {
  await startAgent();
  const session = await startSession('watcher');
  const console = await session.picture();
  await session.selectDisplay('Front of room 1');
  await expect.poll(async () => (await session.picture()).difference(console)).toBeGreaterThan(0.2);
  const front = await session.picture();
  await session.selectDisplay('Front of room 2');
  await expect.poll(async () => (await session.picture()).difference(front)).toBeGreaterThan(0.05);
});

test('a session survives a restart of the device in the same record', async ({ startAgent, startSession, server, room }) => {
  test.setTimeout(90_000);
  await startAgent();
  const session = await startSession('technician');
  await session.selectDisplay('Front of room 1');
  await session.restartDevice();
  await expect.poll(() => server.auditOf(room, 'session.restarted').length, { timeout: 60_000 }).toBe(1);
  await session.expectConnected();
  await expect(session.canvasOf('Front of room 1')).toBeVisible();
  expect(server.auditOf(room, 'session.start')).toHaveLength(1);
  expect(server.auditOf(room, 'session.end')).toHaveLength(0);
});
