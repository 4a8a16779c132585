import { readFileSync } from 'node:fs';
import type { Page } from '@playwright/test';
import { people } from '../fixtures/server.ts';
import { expect, test } from '../fixtures/test.ts';
import { SignInPage } from '../pages/sign-in.page.ts';
import { expectAccessible } from '../fixtures/accessibility.ts';

const entries = (page: Page) => page.getByRole('list', { name: 'Audit log' }).getByRole('listitem').filter({ has: page.locator('summary') });
const entry = (page: Page, title: string) =>
  entries(page).filter({ has: page.locator('.event-title', { hasText: new RegExp(`^${title}$`) }) });

test('an administrator reads who was connected, and follows a session through the log', async ({ pageOf, startAgent, startSession, room }) => {
  await startAgent();
  const session = await startSession('technician');
  await session.end();

  const page = await pageOf('administrator');
  await page.goto('/settings');
  await page.getByRole('link', { name: 'Audit log' }).click();
  await expect(page.getByRole('heading', { name: 'Audit log', level: 1 })).toBeVisible();
  const search = page.getByRole('searchbox', { name: 'Search the audit log' });
  await search.fill(room.id);
  await expect(entry(page, 'Session started')).toHaveCount(1);
  await expect(entry(page, 'Session started')).toContainText(people.technician.name);
  await expect(entry(page, 'Session started')).toContainText(room.name);

  // Newest first, and an entry opens to everything that is on record.
  const end = entry(page, 'Session ended');
  await expect(end).toHaveCount(1);
  await expect(end.getByText('ended_by_viewer')).toBeHidden();
  await end.locator('summary').focus();
  await page.keyboard.press('Enter');
  await expect(end.getByText('ended_by_viewer')).toBeVisible();
  await end.getByRole('link', { name: 'Everything of this session' }).click();
  await expect(page.getByText('One session only')).toBeVisible();
  await expect(entry(page, 'Red ring shown')).toHaveCount(1);
  await expect(entry(page, 'Signed in')).toHaveCount(0);
  const titles = await page.locator('.event-title').allTextContents();
  expect(titles.at(-1)).toBe('Session started');
  await expectAccessible(page);

  await page.getByRole('button', { name: 'Show the whole log' }).click();
  await expect(page.getByText('One session only')).toHaveCount(0);
  await page.getByLabel('Kind').selectOption('Sign-ins');
  await expect(entry(page, 'Session started')).toHaveCount(0);
  await expect(entry(page, 'Signed in').first()).toBeVisible();
  await page.reload();
  await expect(page.getByLabel('Kind')).toHaveValue('sign_ins');
  await expect(entry(page, 'Session started')).toHaveCount(0);

  const downloading = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Download as a table' }).click();
  const download = await downloading;
  expect(download.suggestedFilename()).toBe('audit-log.csv');
  expect(readFileSync(await download.path(), 'utf8')).toContain(`RemoteAccessSession,${room.id},Create,Successful`);

  // A day on which nothing happened.
  await page.getByLabel('To').fill('2001-01-01');
  await expect(page.getByRole('heading', { name: 'Nothing matches' })).toBeVisible();
  await page.getByRole('button', { name: 'Show all' }).click();
  await expect(entries(page).first()).toBeVisible();
});

test('what was not done is found, and who may not read the log has no way to it', async ({ pageOf, server, browser }) => {
  const stranger = await browser.newPage({ baseURL: server.url });
  const signIn = new SignInPage(stranger);
  await signIn.open();
  await signIn.signIn(people.watcher.email, 'not the password');
  await expect(stranger.getByRole('alert')).toBeVisible();
  await stranger.context().close();

  const page = await pageOf('administrator');
  await page.goto('/settings/audit-log?failed=true');
  await expect(page.getByLabel('Only what was not done')).toBeChecked();
  await expect(entry(page, 'Sign-in failed').first()).toContainText('Not done');
  await expect(entry(page, 'Signed in')).toHaveCount(0);

  const technician = await pageOf('technician');
  await technician.goto('/settings');
  await expect(technician.getByRole('link', { name: 'Audit log' })).toHaveCount(0);
  await technician.goto('/settings/audit-log');
  await expect(technician.getByRole('heading', { name: 'This page is not open to you' })).toBeVisible();
});
