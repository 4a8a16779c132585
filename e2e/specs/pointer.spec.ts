import { expect, test } from '../fixtures/test.ts';
import type { PointerRecord } from '../fixtures/event-recorder.ts';

const within = (record: PointerRecord | undefined, x: number, y: number) => {
  expect(record, 'an event').toBeDefined();
  expect(Math.abs(record!.x - x), `${record!.x} is beside ${x}`).toBeLessThanOrEqual(1);
  expect(Math.abs(record!.y - y), `${record!.y} is beside ${y}`).toBeLessThanOrEqual(1);
};

test('a click lands within one pixel of where it was aimed, also in the corners', async ({ startX11Console, recordEvents, startSession }) => {
  const { console } = await startX11Console();
  const events = await recordEvents(console);
  const session = await startSession('technician');
  const { width, height } = console.size;
  for (const [x, y] of [[512, 384], [1, 1], [width - 2, 1], [1, height - 2], [width - 2, height - 2], [333, 77]] as const) {
    const before = events.pointer().length;
    const place = await session.place(console.size, x, y);
    await session.page.mouse.click(place.x, place.y);
    const clicks = () => events.pointer().slice(before).filter((record) => record.kind !== 'MotionNotify');
    await expect.poll(() => clicks().map((record) => `${record.kind} ${record.button}`)).toEqual(['ButtonPress 1', 'ButtonRelease 1']);
    for (const record of clicks()) within(record, x, y);
  }
});

test('a drag starts, moves and ends within one pixel, with the button held all the way', async ({ startX11Console, recordEvents, startSession }) => {
  const { console } = await startX11Console();
  const events = await recordEvents(console);
  const session = await startSession('technician');
  const [from, to] = [await session.place(console.size, 200, 150), await session.place(console.size, 700, 600)];
  await session.page.mouse.move(from.x, from.y);
  await session.page.mouse.down();
  await session.page.mouse.move(to.x, to.y, { steps: 10 });
  await session.page.mouse.up();
  await expect.poll(() => events.pointer().some((record) => record.kind === 'ButtonRelease')).toBe(true);
  const path = events.pointer();
  within(path.find((record) => record.kind === 'ButtonPress'), 200, 150);
  within(path.find((record) => record.kind === 'ButtonRelease'), 700, 600);
  const held = path.filter((record) => record.kind === 'MotionNotify' && record.dragging);
  expect(held.length).toBeGreaterThan(0);
  within(held.at(-1), 700, 600);
});

test('a drag that leaves the picture gets its release', async ({ startX11Console, recordEvents, startSession }) => {
  const { console } = await startX11Console();
  const events = await recordEvents(console);
  const session = await startSession('technician');
  const from = await session.place(console.size, 500, 300);
  await session.page.mouse.move(from.x, from.y);
  await session.page.mouse.down();
  await session.page.mouse.move(from.x, 2, { steps: 5 });
  await session.page.mouse.up();
  await expect.poll(() => events.pointer().filter((record) => record.kind !== 'MotionNotify').map((record) => record.kind)).toEqual(['ButtonPress', 'ButtonRelease']);
});

test('the wheel scrolls in the direction it is turned', async ({ startX11Console, recordEvents, startSession }) => {
  const { console } = await startX11Console();
  const events = await recordEvents(console);
  const session = await startSession('technician');
  const place = await session.place(console.size, 500, 300);
  await session.page.mouse.move(place.x, place.y);
  await session.page.mouse.wheel(0, 120);
  await expect.poll(() => events.pointer().some((record) => record.kind === 'ButtonPress' && record.button === 5)).toBe(true);
  await session.page.mouse.wheel(0, -120);
  await expect.poll(() => events.pointer().some((record) => record.kind === 'ButtonPress' && record.button === 4)).toBe(true);
});
