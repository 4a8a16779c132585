import { expectAccessible } from '../fixtures/accessibility.ts';
import { expect, test } from '../fixtures/test.ts';
import { RoomPage } from '../pages/room.page.ts';

/** Changes of the console reach the page by its next look, which comes every 10 seconds. */
const NEXT_LOOK = { timeout: 20_000 };

test("the room's page says how its devices are, and follows them", async ({ startAgent, startSession, pageOf, room }) => {
  test.setTimeout(90_000);
  const agent = await startAgent();
  const page = await pageOf('watcher');
  await new RoomPage(page, room).open();
  const panel = page.getByRole('region', { name: 'Signals' });
  const signal = (name: string) => panel.getByRole('listitem').filter({ has: page.getByText(name, { exact: true }) });
  await expect(signal('Camera')).toContainText('OK');
  await expect(signal('Camera')).toContainText('Wide-angle camera');
  await expect(signal('Room app')).toContainText('Running');
  await expect(signal('System user')).toContainText('Signed in');
  expect(agent.status('system user')).toBe('room');
  await expectAccessible(page);

  const session = await startSession('technician');
  await session.touch(1600, 550);
  await session.touch(200, 594);
  await session.touch(1754, 258);
  await expect(signal('Camera')).toContainText('Missing', NEXT_LOOK);
  await expect(signal('Microphone')).toContainText('OK');

  await session.end();
  await agent.stop();
  await expect(panel).toContainText('The console is not connected; this is what it said last');
  await expect(signal('Camera')).toContainText('Missing');
});

test('what an X11 console cannot tell is unknown, and a command tells it', async ({ startX11Console, pageOf, room }) => {
  const command = ['sh', '-c', 'echo "<b>Table</b>"; exit 2'];
  await startX11Console({ signals: `commands = { microphone = ${JSON.stringify(command)} }\nuser_command = ["echo", "kiosk"]` });
  const page = await pageOf('watcher');
  await new RoomPage(page, room).open();
  const panel = page.getByRole('region', { name: 'Signals' });
  const signal = (name: string) => panel.getByRole('listitem').filter({ has: page.getByText(name, { exact: true }) });
  await expect(signal('Room app')).toContainText('Unknown');
  await expect(signal('Room app')).toContainText('app_process');
  await expect(signal('Microphone')).toContainText('Failing');
  await expect(signal('Microphone')).toContainText('<b>Table</b>');
  await expect(signal('Front-of-room display')).toContainText('OK');
  await expect(signal('System user')).toContainText('kiosk');
});

test('a switched user is announced at End with sign out and restart, which restart at end does not stop', async ({
  startAgent, startSession, server, room,
}) => {
  test.setTimeout(90_000);
  const agent = await startAgent();
  const session = await startSession('technician');
  await session.restartAtEnd.click();
  await expect(session.restartAtEnd).not.toBeChecked();
  await session.touch(1730, 82);
  await session.touch(960, 526);
  await session.page.keyboard.type('ada');
  await session.page.keyboard.press('Tab');
  await session.page.keyboard.type('secret');
  await session.page.keyboard.press('Enter');
  await expect.poll(() => server.auditOf(room, 'session.user_switched').map((event) => event.system_user), NEXT_LOOK).toEqual(['ada']);

  await session.button('End session').click();
  const dialog = session.page.getByRole('dialog', { name: 'End this session?' });
  await expect(dialog).toContainText('ada is signed in on the console, and was not when the session began.');
  await expect(dialog).toContainText('Restart at end is off');
  await expect(dialog.getByRole('button', { name: 'Stay connected' })).toBeFocused();
  await expectAccessible(session.page);
  await dialog.getByRole('button', { name: 'Sign out and restart' }).click();
  await session.expectEnded();
  await expect.poll(() => server.auditOf(room, 'session.end').map((end) => [end.end_reason, end.restarts])).toEqual([['ended_by_viewer', true]]);
  expect(server.auditOf(room, 'session.sign_out_requested')).toHaveLength(1);
  await expect.poll(() => agent.status('system user'), NEXT_LOOK).toBe('room');

  await session.button('Close').click();
  const next = await startSession('technician');
  await next.button('End session').click();
  const again = next.page.getByRole('dialog', { name: 'End this session?' });
  await expect(again).toContainText('The device restarts');
  await expect(again.getByRole('button', { name: 'Sign out and restart' })).toHaveCount(0);
});
