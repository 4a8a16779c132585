import { expect, test } from '../fixtures/test.ts';

const CONSOLE = [0xa0, 0x30, 0x20] as const;
const FRONT = [0x20, 0x60, 0xc0] as const;

test('choosing another display changes the picture, for this viewer alone', async ({ startX11Console, startSession }) => {
  const { console, front } = await startX11Console();
  console.paint('#a03020');
  front.paint('#2060c0');
  const session = await startSession('technician');
  const other = await startSession('watcher');
  await expect.poll(async () => (await session.picture()).share(CONSOLE)).toBeGreaterThan(0.7);
  await session.selectDisplay('Front of room 1');
  await expect.poll(async () => (await session.picture()).share(FRONT)).toBeGreaterThan(0.7);
  await expect.poll(async () => (await other.picture()).share(CONSOLE)).toBeGreaterThan(0.7);
  await session.selectDisplay('Console');
  await expect.poll(async () => (await session.picture()).share(CONSOLE)).toBeGreaterThan(0.7);
});

test('the picture follows what happens on the display', async ({ startX11Console, startSession }) => {
  const { console } = await startX11Console();
  const session = await startSession('watcher');
  for (const [colour, seen] of [['#108040', [0x10, 0x80, 0x40]], ['#c0c020', [0xc0, 0xc0, 0x20]]] as const) {
    console.paint(colour);
    await expect.poll(async () => (await session.picture()).share(seen)).toBeGreaterThan(0.7);
  }
});
