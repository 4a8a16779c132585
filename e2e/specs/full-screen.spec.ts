import { expect, test } from '../fixtures/test.ts';

const isFullScreen = () => document.fullscreenElement !== null;

test('the session goes full screen and comes back, and the button says which', async ({ startAgent, startSession }) => {
  await startAgent();
  const session = await startSession('technician');
  await session.button('Enter full screen').click();
  await expect(session.button('Exit full screen')).toBeVisible();
  expect(await session.page.evaluate(isFullScreen)).toBe(true);
  await session.button('Exit full screen').click();
  await expect(session.button('Enter full screen')).toBeVisible();
  expect(await session.page.evaluate(isFullScreen)).toBe(false);
});

test('the button follows when the browser leaves full screen by itself', async ({ startAgent, startSession }) => {
  await startAgent();
  const session = await startSession('technician');
  await session.button('Enter full screen').click();
  await expect(session.button('Exit full screen')).toBeVisible();
  await session.page.evaluate(() => document.exitFullscreen());
  await expect(session.button('Enter full screen')).toBeVisible();
});
