import type { Page } from '@playwright/test';
import { people } from '../fixtures/server.ts';
import { expect, test, type X11Console } from '../fixtures/test.ts';
import type { XServer } from '../fixtures/x11.ts';
import { lineOf, namesIn, ringOn } from '../lib/ring.ts';

type Displays = Pick<X11Console, 'console' | 'front'>;

const ringsOn = ({ console, front }: Displays) => [console, front].map((display) => ringOn(display.picture()));
const namesOn = (display: XServer, page: Page) =>
  namesIn(display.picture(), [people.technician.name, people.watcher.name, people.visitor.name], page);

const NONE = ['none', 'none'];
const WHOLE = ['whole', 'whole'];

test('a red ring with the name of everybody who is connected is around every display, until the last of them has ended', async ({
  startX11Console, startSession, page,
}) => {
  const displays: Displays = await startX11Console();
  const expectNamed = async (names: string[]) => {
    await expect.poll(() => namesOn(displays.console, page)).toEqual(names);
    expect(ringsOn(displays)).toEqual(WHOLE);
    expect(lineOf(displays.front.picture()), 'the displays are of one size and have one line').toEqual(lineOf(displays.console.picture()));
  };
  expect(ringsOn(displays)).toEqual(NONE);
  const session = await startSession('technician');
  await expectNamed([people.technician.name]);
  const other = await startSession('watcher');
  await expectNamed([people.technician.name, people.watcher.name]);
  await session.end();
  await session.expectEnded();
  await expectNamed([people.watcher.name]);
  await other.end();
  await other.expectEnded();
  await expect.poll(() => ringsOn(displays)).toEqual(NONE);
});

test('the ring is on every display before the agent opens the way that pictures take', async ({ startX11Console, startSession, server }) => {
  const displays: Displays = await startX11Console();
  expect(ringsOn(displays)).toEqual(NONE);
  const seen: string[][] = [];
  // Pictures leave the console by this socket alone, and the server has not seen its first byte yet.
  await server.wiretap.watch('GET /ws/agent', () => seen.push(ringsOn(displays)), () => startSession('watcher'));
  expect(seen).toEqual([WHOLE]);
  expect(ringsOn(displays)).toEqual(WHOLE);
});

test('the ring is gone when the agent is killed', async ({ startX11Console, startSession }) => {
  const { agent, ...displays } = await startX11Console();
  await startSession('technician');
  expect(ringsOn(displays)).toEqual(WHOLE);
  await agent.kill();
  await expect.poll(() => ringsOn(displays)).toEqual(NONE);
});

test('clicks on the ring reach what lies below it, and leave it as it is', async ({ startX11Console, recordEvents, startSession }) => {
  const { console } = await startX11Console();
  const events = await recordEvents(console);
  const session = await startSession('technician');
  const { width, height } = console.size;
  const [third, middle] = [Math.floor(width / 3), width / 2];
  for (const [x, y] of [[middle, 10], [third, 0], [third, height - 1], [0, height / 2], [width - 1, height / 2]] as const) {
    const before = events.pointer().length;
    const place = await session.place(console.size, x, y);
    await session.page.mouse.click(place.x, place.y);
    const presses = () => events.pointer().slice(before).filter((record) => record.kind === 'ButtonPress');
    await expect.poll(() => presses().length, `a click at ${x}, ${y}`).toBe(1);
    expect(Math.abs(presses()[0]!.x - x)).toBeLessThanOrEqual(1);
    expect(Math.abs(presses()[0]!.y - y)).toBeLessThanOrEqual(1);
  }
  // Out of the way: the server draws the pointer over everything.
  const away = await session.place(console.size, middle, height / 2);
  await session.page.mouse.move(away.x, away.y);
  await expect.poll(() => ringOn(console.picture())).toBe('whole');
});
