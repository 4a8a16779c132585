import type { Page } from '@playwright/test';
import { expect, test } from '../fixtures/test.ts';
import type { Room } from '../fixtures/server.ts';

const NARROW = { width: 320, height: 640 };

async function expectOneHeading(page: Page): Promise<void> {
  await expect(page.getByRole('heading', { level: 1 })).toHaveCount(1);
}

const pagesOf = (room: Room) => ['/sign-in', '/setup', '/help/session', '/rooms', `/rooms/${room.id}`, `/rooms/${room.id}/remote-access`, '/settings', '/no/such/page', '/rooms/no-such-room'];

test('no page scrolls sideways at 320 px, and each has exactly one main heading', async ({ pageOf, browser, server, startAgent, room }) => {
  await startAgent();
  const signedIn = await pageOf('technician');
  const stranger = await (await browser.newContext({ baseURL: server.url })).newPage();
  for (const page of [signedIn, stranger]) {
    await page.setViewportSize(NARROW);
    for (const path of pagesOf(room)) {
      await page.goto(path);
      await expect(page.locator('.skeleton')).toHaveCount(0);
      await expectOneHeading(page);
      expect(await page.evaluate(() => document.documentElement.scrollWidth), `the width of ${path}`).toBeLessThanOrEqual(NARROW.width);
    }
  }
  await stranger.context().close();
});

test('the settings of an organisation fit at 320 px and at 200 % zoom', async ({ pageOf }) => {
  const page = await pageOf('administrator');
  await page.goto('/settings/roles');
  const role = await page.getByRole('link', { name: 'Console technicians' }).getAttribute('href');
  const paths = ['/settings', '/settings/remote-access', '/settings/audit-log', '/settings/roles', '/settings/roles/new', `${role}`, `${role}/edit`, `${role}/assignments/new`];
  // 1280 px at 200 % are 640 px.
  for (const width of [NARROW.width, 640]) {
    await page.setViewportSize({ width, height: 640 });
    for (const path of paths) {
      await page.goto(path);
      await expect(page.locator('.skeleton')).toHaveCount(0);
      await expectOneHeading(page);
      expect(await page.evaluate(() => document.documentElement.scrollWidth), `the width of ${path}`).toBeLessThanOrEqual(width);
    }
  }
});

test('a page that cannot be loaded has a main heading as well', async ({ pageOf, room }) => {
  const page = await pageOf('technician');
  for (const [request, path, heading] of [
    ['**/api/v1/me', '/rooms', 'The server does not answer'],
    [`**/api/v1/rooms/${room.id}`, `/rooms/${room.id}`, 'The room could not be loaded'],
  ] as const) {
    await page.route(request, (route) => route.abort());
    await page.goto(path);
    await expect(page.getByRole('heading', { name: heading, level: 1 })).toBeVisible();
    await expectOneHeading(page);
    await page.unroute(request);
    await page.getByRole('button', { name: 'Try again' }).click();
    await expect(page.getByRole('heading', { name: heading })).toHaveCount(0);
    await expectOneHeading(page);
  }
});

test('every control of a session can be reached at 320 px', async ({ startAgent, startSession }) => {
  await startAgent();
  const { page } = await startSession('technician');
  await page.setViewportSize(NARROW);
  for (const control of await page.getByRole('toolbar').locator('> button, > a').all()) {
    await expect(control).toBeInViewport({ ratio: 1 });
  }
  await page.getByRole('button', { name: 'Displays' }).click();
  for (const display of await page.getByRole('radio').all()) await expect(display).toBeInViewport({ ratio: 1 });
});
