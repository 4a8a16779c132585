import type { Page } from '@playwright/test';
import { PASSWORD } from '../fixtures/server.ts';
import { expect, test } from '../fixtures/test.ts';
import { RoomsPage } from '../pages/rooms.page.ts';
import { SignInPage } from '../pages/sign-in.page.ts';

const NEW_PASSWORD = 'orchid tunnel eleven kites';

async function expectSignedOut(page: Page): Promise<void> {
  await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible();
}

test('a changed password signs out every other browser, and only the new one works', async ({ newPerson, browser, server }) => {
  const person = await newPerson('Paula Password');
  const { page } = person;
  await page.goto('/settings');
  const other = await (await browser.newContext({ baseURL: server.url })).newPage();
  const signIn = new SignInPage(other);
  await signIn.open();
  await signIn.signIn(person.email, PASSWORD);
  await new RoomsPage(other).expectShown();

  const change = async (present: string) => {
    await page.getByLabel('Present password').fill(present);
    await page.getByLabel('New password').fill(NEW_PASSWORD);
    await page.getByRole('button', { name: 'Change password' }).click();
  };
  await change('not my password at all');
  await expect(page.getByText('This is not your present password.', { exact: false })).toBeVisible();
  await expect(page.getByLabel('New password')).toHaveValue(NEW_PASSWORD);
  await change(PASSWORD);
  await expect(page.getByText('Your password is changed.')).toBeVisible();
  await expect(page.getByLabel('Present password')).toHaveValue('');

  await expectSignedOut(other);
  await signIn.signIn(person.email, PASSWORD);
  await expect(other.getByRole('alert')).toContainText(/email and password/i);
  await signIn.signIn(person.email, NEW_PASSWORD);
  await new RoomsPage(other).expectShown();

  await test.step('sign out everywhere', async () => {
    await page.getByRole('button', { name: 'Sign out everywhere' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Sign out everywhere' }).click();
    await expectSignedOut(page);
    await expect(page.getByText('You are signed out everywhere.')).toBeVisible();
    await expectSignedOut(other);
  });
  await other.context().close();
});

test('a weak password is not sent', async ({ newPerson }) => {
  const { page } = await newPerson('Wanda Weak');
  await page.goto('/settings');
  await page.getByLabel('Present password').fill(PASSWORD);
  await page.getByLabel('New password').fill('aaaaaaaaaaaaaaaa');
  await page.getByRole('button', { name: 'Change password' }).click();
  await expect(page.getByRole('alert')).toContainText('Easy to guess');
  await expect(page.getByLabel('New password')).toBeFocused();
});
