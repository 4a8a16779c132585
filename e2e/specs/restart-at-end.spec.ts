import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from '@playwright/test';
import { expect, test } from '../fixtures/test.ts';
import { PASSWORD, people } from '../fixtures/server.ts';
import { chromium as launch } from '../lib/places.ts';
import { until } from '../lib/program.ts';
import { RoomPage } from '../pages/room.page.ts';
import { RoomsPage } from '../pages/rooms.page.ts';
import { SignInPage } from '../pages/sign-in.page.ts';

/** A restart command that leaves a line for every time it ran. */
function counter(folder: string) {
  const file = join(folder, 'restarts');
  return {
    command: ['sh', '-c', `echo restarted >> '${file}'`],
    count: () => (existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n').length : 0),
  };
}

test('the device restarts once when the session ends, and the next session is on again', async ({ startX11Console, startSession, server, room, folder }) => {
  const restarts = counter(folder);
  await startX11Console({ restartCommand: restarts.command });
  const session = await startSession('technician');
  await expect(session.restartAtEnd).toBeChecked();
  await session.end();
  await session.expectEnded();
  await expect.poll(restarts.count).toBe(1);
  await until('the end in the audit log', () => (server.auditOf(room, 'session.end').length ? true : undefined));

  const next = await startSession('technician');
  await expect(next.restartAtEnd).toBeChecked();
  await next.restartAtEnd.click();
  await expect(next.restartAtEnd).not.toBeChecked();
  await next.end();
  await next.expectEnded();
  const ends = await until('the second end', () => {
    const ends = server.auditOf(room, 'session.end');
    return ends.length === 2 ? ends : undefined;
  });
  expect(ends.map((end) => end.restarts)).toEqual([true, false]);
  expect(restarts.count()).toBe(1);

  const last = await startSession('technician');
  await expect(last.restartAtEnd, 'the choice lasts for one session').toBeChecked();
});

test('the device restarts once when the browser is killed', async ({ startX11Console, server, room, folder }) => {
  const restarts = counter(folder);
  await startX11Console({ restartCommand: restarts.command });
  const browser = await chromium.launchServer(launch);
  const window = await chromium.connect(browser.wsEndpoint());
  const page = await window.newPage({ baseURL: server.url, viewport: { width: 1200, height: 900 } });
  const signIn = new SignInPage(page);
  await signIn.open();
  await signIn.signIn(people.technician.email, PASSWORD);
  await new RoomsPage(page).expectShown();
  const roomPage = new RoomPage(page, room);
  await roomPage.openRemoteAccess();
  await roomPage.startSession();
  await browser.kill();
  const [end] = await until('the end in the audit log', () => {
    const ends = server.auditOf(room, 'session.end');
    return ends.length ? ends : undefined;
  }, 30_000);
  expect(end!.end_reason).toBe('viewer_lost');
  await expect.poll(restarts.count).toBe(1);
  expect(server.auditOf(room, 'session.end')).toHaveLength(1);
});

test('a killed agent reports the end when it comes back, and restarts the device exactly once', async ({
  startX11Console, startSession, server, room, folder,
}) => {
  const restarts = counter(folder);
  const { agent } = await startX11Console({ restartCommand: restarts.command });
  const comeBack = async () => {
    const n = server.auditOf(room, 'console.connected').length;
    await agent.kill();
    agent.start();
    await until('the console to be back', () => (n < server.auditOf(room, 'console.connected').length ? true : undefined));
  };
  const session = await startSession('technician');
  await comeBack();
  await expect.poll(() => server.auditOf(room, 'session.end').map((end) => [end.end_reason, end.restarts])).toEqual([['agent_crash', true]]);
  await session.expectEnded();
  await expect.poll(restarts.count).toBe(1);

  await comeBack();
  // What is due is done before a session begins.
  const next = await startSession('technician');
  await next.restartAtEnd.click();
  await expect(next.restartAtEnd).not.toBeChecked();
  expect(restarts.count()).toBe(1);
});
