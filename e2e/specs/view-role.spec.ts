import { expect, test } from '../fixtures/test.ts';
import { Keyboard } from '../lib/keyboard.ts';

test('a View user sees the picture and uses the commands, and no key or click reaches the console', async ({
  startX11Console, recordEvents, startSession,
}) => {
  const { console } = await startX11Console();
  const events = await recordEvents(console);
  const session = await startSession('watcher');

  const keyboard = await Keyboard.of(session.page);
  const middle = await session.place(console.size, 512, 384);
  await session.page.mouse.click(middle.x, middle.y);
  await keyboard.type('nothing of this');
  await session.page.mouse.wheel(0, 240);
  await session.page.mouse.click(middle.x + 20, middle.y, { button: 'right' });

  // Commands and input go the same way in order: when this one is there, all that was before it would be, too.
  await session.useShortcut('Enter');
  await expect.poll(() => events.keys()).toContain('Return');
  expect(events.keys()).toEqual(['Return']);
  expect(events.pointer()).toEqual([]);

  await session.selectDisplay('Front of room 1');
  await expect.poll(async () => (await session.picture()).share([0x20, 0x60, 0xc0])).toBeGreaterThan(0.7);
});

test('what a View user cannot do, a Modify user can: the recorder works', async ({ startX11Console, recordEvents, startSession }) => {
  const { console } = await startX11Console();
  const events = await recordEvents(console);
  const session = await startSession('technician');
  const middle = await session.place(console.size, 512, 384);
  await session.page.mouse.click(middle.x, middle.y);
  await (await Keyboard.of(session.page)).type('yes');
  await expect.poll(() => events.keys()).toEqual(['y', 'e', 's']);
  expect(events.pointer().some((record) => record.kind === 'ButtonPress')).toBe(true);
});

test('the page of a View user listens to no key and no pointer on the picture', async ({ startAgent, startSession }) => {
  await startAgent();
  const session = await startSession('watcher');
  const devtools = await session.page.context().newCDPSession(session.page);
  const { result } = await devtools.send('Runtime.evaluate', { expression: "document.querySelector('canvas[aria-label^=\"Picture of\"]')" });
  const { listeners } = await devtools.send('DOMDebugger.getEventListeners', { objectId: result.objectId! });
  expect(listeners.map((listener) => listener.type).filter((type) => /^(key|pointer|mouse|touch|wheel|click|input|paste)/.test(type))).toEqual([]);
});
