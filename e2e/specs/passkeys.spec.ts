/** Passkeys, with the authenticator that Chromium plays; and what an organisation wants confirmed. */

import type { Page } from '@playwright/test';
import { expectAccessible } from '../fixtures/accessibility.ts';
import { PASSWORD, people } from '../fixtures/server.ts';
import { expect, test } from '../fixtures/test.ts';
import { Authenticator } from '../lib/authenticator.ts';
import { RoomsPage } from '../pages/rooms.page.ts';
import { SignInPage } from '../pages/sign-in.page.ts';

const panel = (page: Page) => page.getByRole('region', { name: 'Passkeys' });
const question = (page: Page) => page.getByRole('dialog', { name: 'Confirm that it is you' });

/** Adds a passkey on the account page, by keyboard. */
async function addPasskey(page: Page, name: string): Promise<void> {
  await page.goto('/settings');
  await panel(page).getByRole('button', { name: 'Add a passkey' }).focus();
  await page.keyboard.press('Enter');
  await expect(page.getByLabel('Name')).toBeFocused();
  await page.keyboard.type(name);
  await page.keyboard.press('Enter');
}

async function confirmWithPassword(page: Page, password = PASSWORD): Promise<void> {
  await expect(question(page).getByLabel('Password', { exact: true })).toBeFocused();
  await page.keyboard.type(password);
  await page.keyboard.press('Enter');
}

async function forgetConfirmation(page: Page): Promise<void> {
  await page.context().clearCookies({ name: 'confirmation' });
}

test('a passkey is added, signs in without a password, and is removed', async ({ newPerson, server, browser }) => {
  const person = await newPerson('Pia Passkey');
  const { page } = person;
  const device = await Authenticator.plugIn(page);
  await forgetConfirmation(page);

  await test.step('it is added after the password', async () => {
    await addPasskey(page, 'Work laptop');
    await confirmWithPassword(page, 'not my password');
    await expect(question(page)).toContainText('This is not your password.');
    await expectAccessible(page);
    await confirmWithPassword(page);
    await expect(page.getByText('The passkey is added.', { exact: false })).toBeVisible();
    await expect(panel(page)).toContainText('Work laptop');
    await expect(panel(page)).toContainText('never used');
    await expectAccessible(page);
  });

  await test.step('the device has it already', async () => {
    await forgetConfirmation(page);
    await addPasskey(page, 'Again');
    await question(page).getByRole('button', { name: 'Confirm with your passkey' }).press('Enter');
    await expect(page.getByRole('dialog').getByRole('alert')).toContainText('has a passkey for your account already');
    await expect(page.getByLabel('Name')).toHaveValue('Again');
    await page.keyboard.press('Escape');
  });

  const other = await browser.newContext({ baseURL: server.url });
  const signInPage = await other.newPage();
  const copy = await Authenticator.plugIn(signInPage, await device.passkeys());
  const withPasskey = signInPage.getByRole('button', { name: 'Use a passkey' });

  await test.step('nobody whom the device does not recognise signs in', async () => {
    await new SignInPage(signInPage).open();
    await copy.recognises(false);
    await withPasskey.click();
    await expect(signInPage.getByRole('alert')).toContainText('No passkey was used');
    await copy.recognises(true);
  });

  await test.step('its person does', async () => {
    await withPasskey.press('Enter');
    await new RoomsPage(signInPage).expectShown();
    await expect(signInPage.getByRole('button', { name: person.name })).toBeVisible();
    const login = server.audit().findLast(({ event }) => event === 'login.succeeded');
    expect(login).toMatchObject({ actor: { name: person.name }, passkey: expect.stringMatching(/^[0-9a-f]{32}$/) });
  });

  await test.step('once it is removed it is of no use', async () => {
    await signInPage.goto('/settings');
    await panel(signInPage).getByRole('button', { name: 'Remove Work laptop' }).click();
    await signInPage.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
    await expect(signInPage.getByText('The passkey is removed.')).toBeVisible();
    await expect(panel(signInPage)).toContainText('You have no passkey yet.');
    await expect(panel(signInPage).getByRole('button', { name: 'Add a passkey' })).toBeFocused();
    await signInPage.getByRole('button', { name: 'Sign out', exact: true }).click();
    await withPasskey.click();
    await expect(signInPage.getByRole('alert')).toContainText('could not be used here');
  });
  await other.close();
});

test('an administrator removes the passkeys of somebody who lost theirs', async ({ newPerson, pageOf, server }) => {
  const person = await newPerson('Lou Lost');
  await Authenticator.plugIn(person.page);
  await addPasskey(person.page, 'Lost phone');
  await expect(panel(person.page)).toContainText('Lost phone');
  const page = await pageOf('administrator');
  await page.goto(`/settings/people/users/${person.id}`);
  await page.getByRole('button', { name: 'Remove passkeys' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Remove passkeys' }).click();
  await expect(page.getByText('The passkeys are removed.')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Remove passkeys' })).toBeHidden();
  const removed = server.audit().findLast(({ event }) => event === 'user.passkey_removed');
  expect(removed).toMatchObject({ user: person.id, name: 'Lost phone', actor: { name: people.administrator.name } });
});

test('an organisation that wants it has what matters confirmed, and nothing that was typed is lost', async ({ pageOf, server }) => {
  const page = await pageOf('director');
  const stepUp = page.getByRole('switch', { name: 'Ask people to confirm that it is they' });
  await page.goto('/settings/remote-access');
  await stepUp.click();
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(page.getByText('The settings are saved.')).toBeVisible();

  await forgetConfirmation(page);
  await page.goto('/settings/people/groups');
  await page.getByRole('button', { name: 'Add group' }).click();
  await page.getByLabel('Name', { exact: true }).fill('Night shift');
  await page.getByRole('dialog').getByRole('button', { name: 'Add group' }).click();

  await test.step('breaking it off keeps what was typed', async () => {
    await expect(question(page)).toBeVisible();
    await expectAccessible(page);
    await page.keyboard.press('Escape');
    await expect(question(page)).toBeHidden();
    await expect(page.getByRole('dialog')).toContainText('Confirm first that it is you.');
    await expect(page.getByLabel('Name', { exact: true })).toHaveValue('Night shift');
    await page.getByRole('dialog').getByRole('button', { name: 'Add group' }).click();
  });
  await confirmWithPassword(page);
  await expect(page.getByRole('heading', { name: 'Night shift' })).toBeVisible();
  expect(server.audit('fabrikam').findLast(({ event }) => event === 'login.confirmed')).toMatchObject({ actor: { name: people.director.name } });

  await test.step('within five minutes nobody is asked again', async () => {
    await page.goto('/settings/remote-access');
    await stepUp.click();
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await expect(page.getByText('The settings are saved.')).toBeVisible();
    await expect(stepUp).toHaveAttribute('aria-checked', 'false');
  });
});
