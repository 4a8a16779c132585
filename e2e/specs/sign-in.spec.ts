import { expect, test } from '../fixtures/test.ts';
import { PASSWORD, people } from '../fixtures/server.ts';
import { RoomsPage } from '../pages/rooms.page.ts';
import { SignInPage } from '../pages/sign-in.page.ts';

test.use({ baseURL: async ({ server }, use) => use(server.url) });

test('a technician signs in and sees the rooms', async ({ page }) => {
  const signIn = new SignInPage(page);
  await signIn.open();
  await signIn.signIn(people.technician.email, PASSWORD);
  await new RoomsPage(page).expectShown();
});

test('a wrong password is refused with a sentence that does not say which part was wrong', async ({ page }) => {
  const signIn = new SignInPage(page);
  await signIn.open();
  for (const email of [people.visitor.email, 'nobody@example.com']) {
    await signIn.signIn(email, 'not the password');
    await expect(page.getByRole('alert')).toContainText(/email and password/i);
  }
});

test('a page behind the login asks to sign in and goes on to that page', async ({ page }) => {
  await page.goto('/rooms/room-01');
  await expect(page).toHaveURL(/\/sign-in/);
  await new SignInPage(page).signIn(people.technician.email, PASSWORD);
  await expect(page).toHaveURL(/\/rooms\/room-01/);
});
