import type { Page } from '@playwright/test';
import { people } from '../fixtures/server.ts';
import { expect, test } from '../fixtures/test.ts';
import { Api } from '../lib/api.ts';
import { tabTo } from '../lib/focus.ts';
import { pick } from '../lib/picker.ts';

interface Role {
  id: string;
  name: string;
  built_in: boolean;
  permissions: string[];
}

interface RoleDetail {
  role: Role;
  assignments: { name: string; members: { users: { email: string }[] }; scope: { everywhere: boolean; rooms: { name: string }[] } }[];
}

const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true });

/** A name that no other test has. */
const fresh = (name: string) => `${name} ${Date.now()}`;

async function roleNamed(api: Api, name: string): Promise<RoleDetail> {
  const { roles } = await api.get<{ roles: Role[] }>('/roles');
  const role = roles.find((role) => role.name === name);
  if (!role) throw new Error(`there is no role ${name}`);
  return api.get<RoleDetail>(`/roles/${role.id}`);
}

test('a role is created by the wizard with the keyboard alone', async ({ pageOf, server }) => {
  const page = await pageOf('director');
  const api = new Api(page, server.url);
  const name = fresh('Console technicians');
  const keys = page.keyboard;
  const expectStep = async (step: string) => {
    await expect(page.getByRole('heading', { name: step, level: 2 })).toBeFocused();
    await expect(page.getByRole('navigation', { name: 'Steps' }).locator('[aria-current=step]')).toContainText(step);
  };
  await page.goto('/settings/roles');
  await tabTo(page.getByRole('link', { name: 'Create role' }).first());
  await keys.press('Enter');
  await expect(page.getByRole('heading', { name: 'Create role', level: 1 })).toBeFocused();

  await test.step('General is not left without a name, nor with one that is taken', async () => {
    await tabTo(button(page, 'Next'));
    await keys.press('Enter');
    await expect(page.getByLabel('Name')).toBeFocused();
    await expect(page.getByText('Enter a name.')).toBeVisible();
    await keys.type('site lead');
    await keys.press('Enter');
    await expect(page.getByText('There is a role with this name already.')).toBeVisible();
    await page.getByLabel('Name').selectText();
    await keys.type(name);
    await keys.press('Enter');
  });

  await test.step('Permissions: Modify includes View', async () => {
    await expectStep('Permissions');
    const remoteAccess = page.getByRole('group', { name: 'Remote access' });
    await tabTo(remoteAccess.getByRole('checkbox', { name: 'Modify' }));
    await keys.press('Space');
    await expect(remoteAccess.getByRole('checkbox', { name: 'View' })).toBeChecked();
    await expect(remoteAccess.getByRole('checkbox', { name: 'View' })).toBeDisabled();
    await tabTo(button(page, 'Next'));
    await keys.press('Enter');
  });

  await test.step('Assignment, Members and Scope', async () => {
    await expectStep('Assignment');
    await tabTo(page.getByLabel('Name of the assignment'));
    await keys.type('Night shift');
    await keys.press('Enter');
    await expectStep('Members');
    await tabTo(button(page, 'Next'));
    await keys.press('Enter');
    await expect(page.getByText('Add at least one person or group.')).toBeVisible();
    await expect(page.getByRole('combobox', { name: 'Search people and groups' })).toBeFocused();
    await pick(page, 'Search people and groups', 'nils', /Nils Newcomer/);
    await tabTo(button(page, 'Next'));
    await keys.press('Enter');
    await expectStep('Scope');
    await pick(page, 'Search rooms, room groups and places', 'room 801', /Room 801/);
    await tabTo(button(page, 'Next'));
    await keys.press('Enter');
  });

  await test.step('Review leads back, and loses nothing', async () => {
    await expectStep('Review');
    await expect(page.getByText('Nils Newcomer')).toBeVisible();
    await tabTo(button(page, 'Edit General'));
    await keys.press('Enter');
    await expectStep('General');
    await expect(page.getByLabel('Name')).toHaveValue(name);
    await tabTo(page.getByRole('navigation', { name: 'Steps' }).getByRole('button', { name: 'Review' }));
    await keys.press('Enter');
    await expectStep('Review');
  });

  await test.step('Finish and Save', async () => {
    await tabTo(button(page, 'Finish'));
    await keys.press('Enter');
    await expect(page.getByText('Nils Newcomer will be able to see the displays, type and click in Room 801.')).toBeVisible();
    await tabTo(button(page, 'Save'));
    await keys.press('Enter');
    await expect(page.getByRole('heading', { name, level: 1 })).toBeFocused();
  });

  await page.goto('/settings/roles');
  await expect(page.getByRole('listitem').filter({ hasText: name })).toContainText('Remote access: Modify');
  const { role, assignments } = await roleNamed(api, name);
  expect(role.permissions).toEqual(['remote_access.modify']);
  expect(assignments).toHaveLength(1);
  expect(assignments[0]?.members.users.map(({ email }) => email)).toEqual([people.newcomer.email]);
  expect(assignments[0]?.scope.rooms.map(({ name }) => name)).toEqual(['Room 801']);
});

test('a role without an assignment gets one, which is changed and removed', async ({ pageOf, server }) => {
  const page = await pageOf('director');
  const api = new Api(page, server.url);
  const name = fresh('Viewers');
  await page.goto('/settings/roles/new');
  await page.getByLabel('Name').fill(name);
  await button(page, 'Next').click();
  await page.getByRole('group', { name: 'Reports' }).getByRole('checkbox', { name: 'View' }).check();
  await button(page, 'Next').click();
  await page.getByRole('radio', { name: 'Add members and rooms later' }).check();
  await button(page, 'Next').click();
  await button(page, 'Finish').click();
  await button(page, 'Save').click();
  await expect(page.getByRole('heading', { name, level: 1 })).toBeVisible();
  expect((await roleNamed(api, name)).assignments).toEqual([]);

  await page.getByRole('link', { name: 'Add assignment' }).click();
  await page.getByLabel('Name of the assignment').fill('Everywhere');
  await button(page, 'Next').click();
  await pick(page, 'Search people and groups', 'newcomer@', /Nils Newcomer/);
  await button(page, 'Next').click();
  await page.getByRole('radio', { name: 'The whole organisation' }).check();
  await button(page, 'Next').click();
  await button(page, 'Finish').click();
  await button(page, 'Save').click();
  await expect(page.getByRole('heading', { name: 'Everywhere', level: 3 })).toBeVisible();
  expect((await roleNamed(api, name)).assignments[0]?.scope.everywhere).toBe(true);

  await page.getByRole('link', { name: 'Edit Everywhere' }).click();
  await page.getByLabel('Name of the assignment').fill('Only two rooms');
  await page.getByRole('navigation', { name: 'Steps' }).getByRole('button', { name: 'Scope' }).click();
  await page.getByRole('radio', { name: 'Chosen rooms, room groups and places' }).check();
  await button(page, 'Next').click();
  await expect(page.getByText('Add at least one room, room group or place')).toBeVisible();
  await pick(page, 'Search rooms, room groups and places', 'room 802', /Room 802/);
  await pick(page, 'Search rooms, room groups and places', 'room 803', /Room 803/);
  await button(page, 'Remove room Room 802').click();
  await button(page, 'Next').click();
  await button(page, 'Finish').click();
  await button(page, 'Save').click();
  await expect(page.getByRole('heading', { name: 'Only two rooms', level: 3 })).toBeVisible();
  expect((await roleNamed(api, name)).assignments[0]?.scope.rooms.map(({ name }) => name)).toEqual(['Room 803']);

  await button(page, 'Remove Only two rooms').click();
  const dialog = page.getByRole('dialog', { name: 'Remove Only two rooms?' });
  await expect(dialog).toContainText('Live sessions that depend on it end at once.');
  await dialog.getByRole('button', { name: 'Remove assignment' }).click();
  await expect(page.getByText('Nobody has this role yet.')).toBeVisible();
  await expect(page.getByRole('heading', { name, level: 1 })).toBeFocused();
  expect((await roleNamed(api, name)).assignments).toEqual([]);

  await button(page, 'Delete').click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete role' }).click();
  await expect(page.getByRole('heading', { name: 'Roles', level: 1 })).toBeVisible();
  await expect(page.getByRole('link', { name })).toHaveCount(0);
});

test('a custom role is edited, and the list says what it allows now', async ({ pageOf, server }) => {
  const page = await pageOf('director');
  const name = fresh('Auditors');
  await new Api(page, server.url).post('/roles', { name, permissions: ['report.view'] });
  await page.goto('/settings/roles');
  await page.getByRole('link', { name }).click();
  await page.getByRole('link', { name: 'Edit', exact: true }).click();
  await page.getByRole('group', { name: 'Audit log' }).getByRole('checkbox', { name: 'Export' }).check();
  await button(page, 'Save').click();
  await expect(page.getByRole('heading', { name, level: 1 })).toBeVisible();
  await expect(page.getByText('Take the audit log out as a file.')).toBeVisible();
  await page.getByRole('link', { name: 'All roles' }).click();
  await expect(page.getByRole('main').getByRole('listitem').filter({ hasText: name })).toContainText('Reports (view), Audit log (view, export)');
});

test('built-in roles cannot be edited or deleted', async ({ pageOf, server }) => {
  const page = await pageOf('director');
  const { role } = await roleNamed(new Api(page, server.url), 'Site Lead');
  await page.goto(`/settings/roles/${role.id}`);
  await expect(page.getByRole('heading', { name: 'Site Lead', level: 1 })).toBeVisible();
  await expect(page.getByRole('link', { name: 'Add assignment' })).toBeVisible();
  await expect(page.getByRole('link', { name: 'Edit', exact: true })).toHaveCount(0);
  await expect(button(page, 'Delete')).toHaveCount(0);
  await page.goto(`/settings/roles/${role.id}/edit`);
  await expect(page.getByRole('heading', { name: 'Built-in roles cannot be edited' })).toBeVisible();
  await expect(button(page, 'Save')).toHaveCount(0);
});

test('the settings of the organisation are absent for people without the permission', async ({ pageOf }) => {
  const page = await pageOf('technician');
  await page.goto('/settings');
  await expect(page.getByRole('heading', { name: 'Account', level: 1 })).toBeVisible();
  await expect(page.getByRole('navigation', { name: 'Settings' })).toHaveCount(0);
  for (const path of ['/settings/roles', '/settings/roles/new', '/settings/people']) {
    await page.goto(path);
    await expect(page.getByRole('heading', { name: 'This page is not open to you' })).toBeVisible();
  }
});
