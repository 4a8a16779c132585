import { expect, test } from '../fixtures/test.ts';
import { namesIn } from '../lib/ring.ts';

test('four words stand in the session view and in the ring, and others for every connection', async ({ startX11Console, startSession, page }) => {
  const { console } = await startX11Console();
  const seen: string[] = [];
  for (let n = 0; n < 2; n += 1) {
    const session = await startSession('watcher');
    await session.page.getByRole('button', { name: /connection$/ }).click();
    const panel = session.page.getByRole('dialog', { name: 'Connection statistics' });
    const [, code] = /^Code: ([a-z]+ [a-z]+ [a-z]+ [a-z]+)$/m.exec(await panel.innerText()) ?? [];
    expect(code).toBeDefined();
    const words = code!.split(' ');
    await expect.poll(() => namesIn(console.picture(), words, page)).toEqual(words);
    seen.push(code!);
    await session.page.keyboard.press('Escape');
    await session.end();
    await session.expectEnded();
  }
  expect(seen[0]).not.toBe(seen[1]);
});
