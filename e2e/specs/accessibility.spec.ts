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

    test('the settings of an organisation are accessible', async ({ pageOf }) => {
      const page = await pageOf('director');
      await page.emulateMedia({ colorScheme });
      for (const path of ['/settings', '/settings/remote-access', '/settings/roles', '/settings/roles/new', '/settings/audit-log']) {
        await page.goto(path);
        await expect(page.locator('.skeleton')).toHaveCount(0);
        await expectAccessible(page);
      }
      await page.goto('/settings/remote-access');
      for (const name of ['Enable remote access', 'May decline a session before it starts']) {
        const toggle = page.getByRole('switch', { name });
        if (!(await toggle.isChecked())) await toggle.click();
      }
      await page.getByLabel('Time to decline').fill('x');
      await page.getByRole('button', { name: 'Save' }).click();
      await expectAccessible(page);
    });

    test('a role, its wizard and the lists of its pickers are accessible', async ({ pageOf }) => {
      const page = await pageOf('administrator');
      await page.emulateMedia({ colorScheme });
      await page.goto('/settings/roles');
      await page.getByRole('link', { name: 'Console technicians' }).click();
      await expect(page.getByRole('heading', { name: 'Permissions', level: 2 })).toBeVisible();
      await expectAccessible(page);
      await page.getByRole('link', { name: /^Edit Console/ }).click();
      for (const step of ['Members', 'Scope']) {
        await page.getByRole('button', { name: step, exact: true }).click();
        const picker = page.getByRole('combobox');
        await picker.press('ArrowDown');
        await expect(page.getByRole('option').first()).toBeVisible();
        await expectAccessible(page);
        await picker.press('Escape');
      }
      await page.getByRole('button', { name: 'Next' }).click();
      await expectAccessible(page);
      await page.getByRole('button', { name: 'Finish' }).click();
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
