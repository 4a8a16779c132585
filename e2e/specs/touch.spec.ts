import type { CDPSession } from '@playwright/test';
import type { EventRecorder } from '../fixtures/event-recorder.ts';
import { expect, test } from '../fixtures/test.ts';

interface Point {
  x: number;
  y: number;
}

/** Fingers on the screen, as the browser's debugger moves them. */
class Fingers {
  constructor(private readonly devtools: CDPSession) {}

  async down(...points: Point[]): Promise<void> {
    await this.dispatch('touchStart', points);
  }

  async move(...points: Point[]): Promise<void> {
    await this.dispatch('touchMove', points);
  }

  async up(): Promise<void> {
    await this.dispatch('touchEnd', []);
  }

  private async dispatch(type: 'touchStart' | 'touchMove' | 'touchEnd', points: Point[]): Promise<void> {
    await this.devtools.send('Input.dispatchTouchEvent', { type, touchPoints: points.map((point, id) => ({ ...point, id })) });
  }
}

const buttons = (events: EventRecorder) =>
  events.pointer().flatMap(({ kind, button }) => (kind === 'MotionNotify' ? [] : [`${kind} ${button}`]));

test('fingers on the picture click, right-click, drag and scroll', async ({ startX11Console, recordEvents, startSession }) => {
  const { console } = await startX11Console();
  const events = await recordEvents(console);
  const session = await startSession('technician');
  const fingers = new Fingers(await session.page.context().newCDPSession(session.page));
  const at = (x: number, y: number) => session.place(console.size, x, y);
  const lately = async (act: () => Promise<void>, expected: string[]) => {
    const before = buttons(events).length;
    await act();
    await expect.poll(() => buttons(events).slice(before)).toEqual(expected);
  };

  await test.step('a tap clicks where it was aimed', async () => {
    await lately(async () => {
      await fingers.down(await at(300, 200));
      await fingers.up();
    }, ['ButtonPress 1', 'ButtonRelease 1']);
    const press = events.pointer().findLast((record) => record.kind === 'ButtonPress')!;
    expect(Math.hypot(press.x - 300, press.y - 200)).toBeLessThanOrEqual(2);
  });

  await test.step('a finger that stays is a right click, before it goes', async () => {
    await lately(async () => fingers.down(await at(500, 300)), ['ButtonPress 3', 'ButtonRelease 3']);
    await lately(async () => fingers.up(), []);
  });

  await test.step('one finger drags with the left button held', async () => {
    await lately(async () => {
      await fingers.down(await at(200, 150));
      for (const x of [260, 400, 550, 700]) await fingers.move(await at(x, 600));
      await fingers.up();
    }, ['ButtonPress 1', 'ButtonRelease 1']);
    const path = events.pointer();
    const [press, release] = [path.findLast((record) => record.kind === 'ButtonPress')!, path.findLast((record) => record.kind === 'ButtonRelease')!];
    expect(Math.hypot(press.x - 200, press.y - 150)).toBeLessThanOrEqual(2);
    expect(Math.hypot(release.x - 700, release.y - 600)).toBeLessThanOrEqual(2);
    expect(path.some((record) => record.kind === 'MotionNotify' && record.dragging)).toBe(true);
  });

  await test.step('two fingers scroll, and press nothing', async () => {
    const before = buttons(events).length;
    const pair = async (y: number) => [await at(400, y), await at(500, y)] as const;
    await fingers.down(...(await pair(600)));
    for (const y of [560, 480, 400, 300]) await fingers.move(...(await pair(y)));
    await fingers.up();
    await expect.poll(() => buttons(events).slice(before)).toContain('ButtonPress 5');
    expect(new Set(buttons(events).slice(before))).toEqual(new Set(['ButtonPress 5', 'ButtonRelease 5']));
  });
});
