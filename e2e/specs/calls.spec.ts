import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { expect, test } from '../fixtures/test.ts';
import { Keyboard } from '../lib/keyboard.ts';

const GREEN = [0x20, 0x80, 0x30] as const;
const VIOLET = [0x60, 0x20, 0x90] as const;
const hex = (colour: readonly number[]) => `#${colour.map((value) => value.toString(16).padStart(2, '0')).join('')}`;

/** A call that starts and ends when a test says so. */
function call(folder: string) {
  const file = join(folder, 'call');
  return {
    command: ['sh', '-c', `test -e '${file}'`],
    start: () => writeFileSync(file, ''),
    end: () => rmSync(file),
  };
}

/** What the browser does when another tab comes to the front, and this one again. */
const setHidden = (page: Page, hidden: boolean) =>
  page.evaluate((hidden) => {
    Object.defineProperty(document, 'hidden', { value: hidden, configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));
  }, hidden);

test('a call pauses the session: nothing is seen or typed until it ends, and then it goes on by itself', async ({
  startX11Console, recordEvents, startSession, folder,
}) => {
  const room = call(folder);
  const { console, front } = await startX11Console({ callStateCommand: room.command });
  const events = await recordEvents(console);
  const session = await startSession('technician');
  await session.selectDisplay('Front of room 1');
  await session.focusPicture();
  const keyboard = await Keyboard.of(session.page);
  await keyboard.type('a');
  await expect.poll(() => events.keys()).toEqual(['a']);

  room.start();
  await expect(session.overlay).toContainText('Paused during a call');
  await expect(session.status).toHaveText('Connected, paused during a call');
  await expect(session.page.getByText('A call started in the room. The session is paused until the call has ended.')).toBeVisible();
  front.paint(hex(GREEN));
  await session.page.keyboard.type('b');
  await session.useShortcut('Enter');
  await expect(session.page.getByText('must wait: the room is in a call')).toBeVisible();
  // Commands and input go the same way in order: what was typed would have been there before the refusal.
  expect(events.keys()).toEqual(['a']);
  expect((await session.picture()).share(GREEN)).toBeLessThan(0.01);

  room.end();
  await session.expectConnected();
  await expect(session.status).toHaveText('Connected');
  await expect.poll(async () => (await session.picture()).share(GREEN)).toBeGreaterThan(0.5);
  await session.focusPicture();
  await keyboard.type('c');
  await expect.poll(() => events.keys()).toContain('c');
  expect(events.keys()).not.toContain('b');
});

test('where that is the policy a call ends the session, and the room tells when it is free', async ({
  startX11Console, startSession, setPolicies, server, room: place, folder,
}) => {
  await setPolicies({ when_call_starts: 'end' });
  const room = call(folder);
  await startX11Console({ callStateCommand: room.command });
  const session = await startSession('technician');
  room.start();
  await expect(session.status).toHaveText('Ended: A call started in the room.');
  await expect.poll(() => server.auditOf(place, 'session.end').map((event) => event.end_reason)).toEqual(['call_started']);

  await session.button('Close').click();
  await expect(session.page.getByText(/^In a call since \d\d:\d\d \(/)).toBeVisible();
  await expect(session.button('Start session')).toHaveAttribute('aria-disabled', 'true');
  await session.button('Tell me when it is free').click();
  await expect(session.button('You will be told')).toHaveAttribute('aria-pressed', 'true');
  const title = await session.page.title();
  await setHidden(session.page, true);
  room.end();
  await expect(session.page.getByText(`The call in ${place.name} has ended.`)).toBeVisible();
  await expect(session.page).toHaveTitle(`Free: ${place.name}`);
  await setHidden(session.page, false);
  await expect(session.page).toHaveTitle(title);
  await expect(session.button('Start session')).not.toHaveAttribute('aria-disabled', 'true');
});

test('where that is the policy the session goes on during a call, and says so', async ({
  startX11Console, recordEvents, startSession, setPolicies, folder,
}) => {
  await setPolicies({ when_call_starts: 'continue' });
  const room = call(folder);
  const { console, front } = await startX11Console({ callStateCommand: room.command });
  const events = await recordEvents(console);
  const session = await startSession('technician');
  await session.selectDisplay('Front of room 1');
  room.start();
  await expect(session.page.getByText('Room in a call', { exact: true })).toBeVisible();
  await expect(session.page.getByText('The session goes on, and people in the call may be seen.')).toBeVisible();
  front.paint(hex(VIOLET));
  await expect.poll(async () => (await session.picture()).share(VIOLET)).toBeGreaterThan(0.5);
  await session.focusPicture();
  await (await Keyboard.of(session.page)).type('d');
  await expect.poll(() => events.keys()).toEqual(['d']);
  room.end();
  await expect(session.page.getByText('Room in a call', { exact: true })).toHaveCount(0);
});
