import type { Page } from '@playwright/test';
import { people } from '../fixtures/server.ts';
import { expect, test } from '../fixtures/test.ts';
import { Api } from '../lib/api.ts';
import { tabTo } from '../lib/focus.ts';

interface Settings {
  enabled: boolean;
  acknowledged_by: string | null;
  idle_limit_s: number;
  [field: string]: unknown;
}

const PATH = '/settings/remote-access';

async function change(api: Api, changes: Partial<Settings>): Promise<void> {
  await api.put(PATH, { ...(await api.get<Settings>(PATH)), ...changes });
}

/** The page of somebody who may opt in, while remote access is off. */
async function openOff(page: Page, url: string): Promise<Api> {
  const api = new Api(page, url);
  await change(api, { enabled: false, acknowledged_by: null, idle_limit_s: 900 });
  await page.goto('/settings/remote-access');
  await expect(toggle(page)).not.toBeChecked();
  return api;
}

const toggle = (page: Page) => page.getByRole('switch', { name: 'Enable remote access' });
const address = (page: Page) => page.getByLabel('E-mail address of the person who acknowledges');
const save = (page: Page) => page.getByRole('button', { name: 'Save' });

test('enabling needs the address of somebody who acknowledges it, and is recorded with the words', async ({ pageOf, server }) => {
  const page = await pageOf('director');
  const api = await openOff(page, server.url);
  const enabledBefore = server.audit('fabrikam').filter(({ event }) => event === 'remote_access.enabled').length;
  await expect(page.getByText('People in the room see it')).toBeVisible();
  await toggle(page).click();
  await expect(page.getByText('I answer for this decision.')).toBeVisible();
  await save(page).click();
  await expect(page.getByText('Enter the e-mail address of the person who answers for this')).toBeVisible();
  await expect(address(page)).toBeFocused();
  expect((await api.get<Settings>(PATH)).enabled).toBe(false);

  await address(page).fill('security@fabrikam.example');
  await save(page).click();
  await expect(page.getByText('Remote access is enabled for your organisation.')).toBeVisible();
  await expect(page.getByText('Not saved yet')).toHaveCount(0);
  const enabled = server.audit('fabrikam').filter(({ event }) => event === 'remote_access.enabled');
  expect(enabled).toHaveLength(enabledBefore + 1);
  expect(JSON.stringify(enabled.at(-1))).toContain('security@fabrikam.example');
  expect(JSON.stringify(enabled.at(-1))).toContain('I answer for this decision.');

  await page.reload();
  await expect(toggle(page)).toBeChecked();
  await toggle(page).click();
  await expect(page.getByText('every live session of your organisation ends at once')).toBeVisible();
  await save(page).click();
  await expect(page.getByText('Remote access is off.')).toBeVisible();
  expect((await api.get<Settings>(PATH)).enabled).toBe(false);
});

test('numbers out of their range are said at their field and lose nothing', async ({ pageOf, server }) => {
  const page = await pageOf('director');
  const api = await openOff(page, server.url);
  const idle = page.getByLabel('End a session without input after');
  await idle.fill('481');
  await page.getByRole('radio', { name: 'End the session' }).check();
  await save(page).click();
  await expect(page.getByText('Enter a number from 1 to 480 (8 hours).')).toBeVisible();
  await expect(idle).toBeFocused();
  await idle.fill('7.5');
  await save(page).click();
  await expect(page.getByText('The settings are saved.')).toBeVisible();
  const saved = await api.get<Settings>(PATH);
  expect([saved.idle_limit_s, saved.when_call_starts]).toEqual([450, 'end']);
});

test('leaving with unsaved changes asks first', async ({ pageOf, server }) => {
  const page = await pageOf('director');
  await openOff(page, server.url);
  await toggle(page).click();
  await address(page).fill('somebody@fabrikam.example');
  await page.getByRole('link', { name: 'Rooms', exact: true }).click();
  const dialog = page.getByRole('dialog', { name: 'Leave without saving?' });
  await expect(dialog.getByRole('button', { name: 'Stay' })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(dialog).toHaveCount(0);
  await expect(address(page)).toHaveValue('somebody@fabrikam.example');
  await page.getByRole('link', { name: 'Rooms', exact: true }).click();
  await dialog.getByRole('button', { name: 'Leave without saving' }).click();
  await expect(page).toHaveURL(/\/rooms$/);
  await expect(page.getByRole('heading', { name: 'Rooms', level: 1 })).toBeVisible();
});

test('what somebody else saves meanwhile is shown beside what was typed', async ({ pageOf, server }) => {
  const page = await pageOf('director');
  const api = await openOff(page, server.url);
  const maximum = page.getByLabel('End every session after');
  await maximum.fill('60');
  await change(api, { idle_limit_s: 600 });
  await expect(page.getByText('Somebody else changed these settings meanwhile.')).toBeVisible();
  await expect(page.getByText('Idle limit: 10 minutes')).toBeVisible();
  await expect(maximum).toHaveValue('60');
  await page.getByRole('button', { name: 'Load theirs' }).click();
  await expect(page.getByLabel('End a session without input after')).toHaveValue('10');
  await expect(maximum).toHaveValue('240');
});

test('who may only look sees no switch and no button', async ({ pageOf, server }) => {
  const director = new Api(await pageOf('director'), server.url);
  const newcomer = await pageOf('newcomer');
  const { user } = await new Api(newcomer, server.url).get<{ user: { id: string } }>('/me');
  await newcomer.goto('/settings/remote-access');
  await expect(newcomer.getByRole('heading', { name: 'This page is not open to you' })).toBeVisible();
  await director.post('/roles', {
    name: `Settings readers ${Date.now()}`,
    permissions: ['service_settings.view'],
    assignment: { name: 'Readers', users: [user.id], everywhere: true },
  });
  await change(director, { idle_limit_s: 900 });
  await newcomer.reload();
  await expect(newcomer.getByText('You may look at these settings.')).toBeVisible();
  await expect(newcomer.getByText('15 minutes')).toBeVisible();
  await expect(newcomer.getByRole('main').getByRole('switch')).toHaveCount(0);
  await expect(newcomer.getByRole('main').getByRole('button')).toHaveCount(0);
  await expect(newcomer.getByRole('main').getByRole('textbox')).toHaveCount(0);
});

test('remote access is enabled with the keyboard alone', async ({ pageOf, server }) => {
  const page = await pageOf('director');
  const api = await openOff(page, server.url);
  await tabTo(toggle(page));
  await page.keyboard.press('Space');
  await tabTo(address(page));
  await page.keyboard.type(people.director.email);
  await tabTo(page.getByRole('radio', { checked: true }).first());
  await tabTo(save(page));
  await page.keyboard.press('Enter');
  await expect(page.getByText('Remote access is enabled for your organisation.')).toBeVisible();
  await expect(save(page)).toBeFocused();
  const saved = await api.get<Settings>(PATH);
  expect([saved.enabled, saved.acknowledged_by]).toEqual([true, people.director.email]);
});
