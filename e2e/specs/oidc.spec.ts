/** Signing in with an identity provider, by its own pages. */

import { join } from 'node:path';
import { expect, test as base, type BrowserContext, type Page } from '@playwright/test';
import { expectAccessible } from '../fixtures/accessibility.ts';
import { freePort, PASSWORD, people, RedringServer } from '../fixtures/server.ts';
import { CLIENT_ID, CLIENT_SECRET, IdentityProvider } from '../lib/identity-provider.ts';
import { RoomsPage } from '../pages/rooms.page.ts';
import { SignInPage } from '../pages/sign-in.page.ts';

let server: RedringServer;
let provider: IdentityProvider;

const test = base.extend<object, { site: string }>({
  // A server of its own, with the provider in its configuration.
  site: [
    async ({}, use, worker) => {
      server = await RedringServer.start(join(worker.project.outputDir, `oidc-${worker.workerIndex}`), {
        wiretap: false,
        configure: async (url) => {
          provider = await IdentityProvider.start(await freePort(), url);
          const settings = { id: 'contoso-id', tenant: 'contoso', name: 'Contoso ID', issuer: provider.issuer, client_id: CLIENT_ID, client_secret: CLIENT_SECRET };
          return `[[oidc]]\n${Object.entries(settings).map(([key, value]) => `${key} = ${JSON.stringify(value)}`).join('\n')}\n`;
        },
      });
      for (const [subject, { email, name }] of Object.entries(people)) provider.people.set(subject, { email, name, email_verified: true });
      await use(server.url);
      await server.stop();
      await provider.stop();
    },
    { scope: 'worker' },
  ],
  baseURL: async ({ site }, use) => use(site),
});

const link = (page: Page) => page.getByRole('link', { name: 'Sign in with Contoso ID' });

async function signIn(page: Page, subject: string): Promise<void> {
  await new SignInPage(page).open();
  await link(page).click();
  await provider.confirm(page, subject);
}

async function loginCookie(context: BrowserContext): Promise<string | undefined> {
  return (await context.cookies(server.url)).find(({ name }) => name === 'sid')?.value;
}

async function me(page: Page): Promise<{ user: { id: string; email: string } }> {
  return (await page.request.get('/api/v1/me')).json();
}

/** How the server answers somebody with this login cookie alone. */
async function statusWith(cookie: string): Promise<number> {
  return (await fetch(`${server.url}/api/v1/me`, { headers: { cookie: `sid=${cookie}`, connection: 'close' } })).status;
}

test('a visitor signs in by the pages of the provider and comes back to the page that was wanted', async ({ page, context }) => {
  await page.goto('/rooms/room-01');
  await expect(link(page)).toBeVisible();
  await expectAccessible(page);
  await link(page).click();
  await provider.confirm(page, 'visitor');
  await expect(page).toHaveURL(`${server.url}/rooms/room-01`);
  await expect(page.getByRole('heading', { name: 'Room 01', level: 1 })).toBeVisible();
  await expect(page.getByRole('button', { name: people.visitor.name })).toBeVisible();
  const cookies = await context.cookies(server.url);
  expect(cookies.find(({ name }) => name === 'sid')).toMatchObject({ httpOnly: true, sameSite: 'Strict', path: '/', expires: -1 });
  expect(cookies.map(({ name }) => name).sort(), 'nothing is left of the way').toEqual(['device', 'sid']);
  const login = server.audit().findLast(({ event }) => event === 'login.succeeded');
  expect(login).toMatchObject({ provider: 'contoso-id', actor: { name: people.visitor.name } });
});

test('the same subject reaches the same account whatever its address is by then', async ({ browser }) => {
  const ids = [];
  for (const email of [people.watcher.email, people.administrator.email, 'new@example.com']) {
    provider.people.set('watcher', { email, name: 'Somebody Else', email_verified: true });
    const context = await browser.newContext();
    const page = await context.newPage();
    await signIn(page, 'watcher');
    await new RoomsPage(page).expectShown();
    const { user } = await me(page);
    expect(user.email).toBe(people.watcher.email);
    ids.push(user.id);
    await context.close();
  }
  expect(new Set(ids).size).toBe(1);
});

test('whoever has no passkey confirms at the provider, in a tab of its own', async ({ page, context }) => {
  await signIn(page, 'technician');
  await new RoomsPage(page).expectShown();
  await page.goto('/settings');
  await page.getByRole('button', { name: 'Add a passkey' }).click();
  await page.getByLabel('Name').fill('Work laptop');
  await page.keyboard.press('Enter');
  const question = page.getByRole('dialog', { name: 'Confirm that it is you' });
  const again = question.getByRole('link', { name: 'Sign in again with Contoso ID' });
  await expectAccessible(page);
  const [tab] = await Promise.all([context.waitForEvent('page'), again.click()]);
  // The provider remembers the person, and asks all the same.
  await provider.confirm(tab, 'technician', { agreed: true });
  await expect(tab).toHaveURL(`${server.url}/settings`);
  await tab.close();
  await page.bringToFront();
  await expect(question).toBeHidden();
  await expect(page.getByLabel('Name')).toHaveValue('Work laptop');
  const ways = await (await page.request.get('/api/v1/me/confirmation')).json();
  expect(ways).toMatchObject({ confirmed: true, passkey: false });
});

test('a login that was there before is replaced and dead', async ({ page, context }) => {
  const chosen = 'A'.repeat(43);
  await context.addCookies([{ name: 'sid', value: chosen, url: server.url }]);
  await signIn(page, 'technician');
  await new RoomsPage(page).expectShown();
  const first = await loginCookie(context);
  expect(first).not.toBe(chosen);
  expect(await statusWith(chosen)).toBe(401);
  expect(await statusWith(first!)).toBe(200);
  await page.goto('/api/v1/oidc/contoso-id/start');
  await new RoomsPage(page).expectShown();
  const second = await loginCookie(context);
  expect(second).not.toBe(first);
  expect(await statusWith(first!)).toBe(401);
  expect(await statusWith(second!)).toBe(200);
});

test('the back button shows no rooms after signing out', async ({ page, context }) => {
  await signIn(page, 'technician');
  await new RoomsPage(page).expectShown();
  await page.goto('/rooms/room-01');
  await expect(page.getByRole('heading', { name: 'Room 01', level: 1 })).toBeVisible();
  await page.getByRole('button', { name: people.technician.name }).click();
  const cookie = await loginCookie(context);
  await page.getByRole('button', { name: 'Sign out' }).click();
  await expect(page).toHaveURL(/\/sign-in/);
  expect(await statusWith(cookie!)).toBe(401);
  // Back to the list of rooms, and to the way from the provider before it.
  await page.goBack();
  await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible();
  await expect(page.getByText('Room 01')).toHaveCount(0);
  await page.goBack();
  await expect(page.getByText('Room 01')).toHaveCount(0);
  await page.goto('/rooms');
  await expect(page).toHaveURL(/\/sign-in/);
  expect(await loginCookie(context)).toBeUndefined();
});

test('signing out everywhere ends the logins of every browser', async ({ page, context, browser }) => {
  await signIn(page, 'technician');
  await new RoomsPage(page).expectShown();
  const elsewhere = await browser.newContext();
  const other = await elsewhere.newPage();
  await signIn(other, 'technician');
  await new RoomsPage(other).expectShown();
  const cookies = [await loginCookie(context), await loginCookie(elsewhere)];
  const answer = await page.request.delete('/api/v1/me/logins', { headers: { 'x-redring-request': '1', origin: server.url } });
  expect(answer.status()).toBe(204);
  for (const cookie of cookies) expect(await statusWith(cookie!)).toBe(401);
  await expect(other).toHaveURL(/\/sign-in/);
  await elsewhere.close();
});

test('who has no account, or one that is not theirs yet, is told what to do and keeps the password form', async ({ page }) => {
  provider.people.set('stranger', { email: 'stranger@example.com', name: 'Sam Stranger', email_verified: true });
  provider.people.set('pretender', { email: people.administrator.email, name: 'Eve', email_verified: false });
  for (const subject of ['stranger', 'pretender']) {
    await page.context().clearCookies();
    await signIn(page, subject);
    await expect(page).toHaveURL(/\/sign-in\?problem=no_account/);
    await expect(page.getByRole('alert')).toContainText('Ask an administrator');
  }
  await expectAccessible(page);
  await new SignInPage(page).signIn(people.technician.email, PASSWORD);
  await new RoomsPage(page).expectShown();
});

test('somebody who changes their mind comes back by keyboard alone', async ({ page }) => {
  await new SignInPage(page).open();
  await expect(page.getByLabel('Email')).toBeFocused();
  await expect(link(page)).toBeVisible();
  for (let presses = 0; presses < 8 && !(await link(page).evaluate((element) => element === document.activeElement)); presses += 1) {
    await page.keyboard.press('Tab');
  }
  await page.keyboard.press('Enter');
  await provider.cancel(page);
  await expect(page).toHaveURL(/\/sign-in\?problem=cancelled/);
  await expect(page.getByRole('alert')).toContainText('broken off');
});

test('an answer that this browser did not ask for signs nobody in', async ({ page, browser }) => {
  await new SignInPage(page).open();
  await page.route('**/api/v1/oidc/callback**', (route) => route.abort());
  const callback = page.waitForRequest(/\/api\/v1\/oidc\/callback/);
  await link(page).click();
  await provider.confirm(page, 'technician').catch(() => undefined);
  const context = await browser.newContext();
  const victim = await context.newPage();
  await victim.goto((await callback).url());
  await expect(victim).toHaveURL(/\/sign-in\?problem=expired/);
  await expect(victim.getByRole('alert')).toBeVisible();
  expect(await loginCookie(context)).toBeUndefined();
  await context.close();
});
