import { expectAccessible } from '../fixtures/accessibility.ts';
import { expect, test } from '../fixtures/test.ts';
import { RoomPage } from '../pages/room.page.ts';
import { RoomsPage } from '../pages/rooms.page.ts';
import { SignInPage } from '../pages/sign-in.page.ts';

for (const colorScheme of ['light', 'dark'] as const) {
  test.describe(`in ${colorScheme} colours`, () => {
    test.use({ colorScheme, baseURL: async ({ server }, use) => use(server.url) });

    test('the pages without a login are accessible', async ({ page }) => {
      await new SignInPage(page).open();
      await expectAccessible(page);
      await page.goto('/help/session');
      await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
      await expectAccessible(page);
    });

    test('the pages behind the login are accessible', async ({ pageOf, startAgent, room }) => {
      await startAgent();
      const page = await pageOf('technician');
      await page.emulateMedia({ colorScheme });
      await new RoomsPage(page).open();
      await expectAccessible(page);
      const roomPage = new RoomPage(page, room);
      await roomPage.open();
      await expectAccessible(page);
      await roomPage.openRemoteAccess();
      await expect(roomPage.startButton).toBeEnabled();
      await expectAccessible(page);
      await page.goto('/no/such/page');
      await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
      await expectAccessible(page);
    });

    test('the session view is accessible, also with its lists open', async ({ startAgent, startSession }) => {
      await startAgent();
      const session = await startSession('technician');
      await session.page.emulateMedia({ colorScheme });
      await expectAccessible(session.page);
      for (const list of ['Displays', 'Shortcut commands']) {
        await session.button(list).click();
        await expectAccessible(session.page);
        await session.page.keyboard.press('Escape');
      }
    });
  });
}
